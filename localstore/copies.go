package localstore

import (
	"context"
	"database/sql"
)

// Lost is what tells whether a message must be put back, and can be.
type Lost struct {
	Held   bool // its body is here and not damaged
	Moved  bool // it went to another place, and is there
	Since  int64
	Copies []Copy
}

// Copy is a message of the account on the server, or on its way there, that is
// another one's again, or may be: it has the same bytes, or was made to put it back.
type Copy struct {
	Message MessageID
	Mailbox MailboxID
	Since   int64 // the event with which it came; Lost.Since: that from which on it may be the lost one. 0: it is
}

const lostRowQuery = `SELECT b.damaged IS 0, m.vanished_run IS NOT NULL,
	ifnull((SELECT min(id) FROM event WHERE run = m.vanished_run), 0)
	FROM message m LEFT JOIN body b ON b.id = m.body WHERE m.id = ?`

const cameWith = "ifnull((SELECT e.id FROM event e WHERE e.message = h.id AND e.kind = 'arrived' ORDER BY e.id DESC LIMIT 1), 0)"

// Of what came to its mailbox and is not downloaded yet, size and date tell.
const copiesQuery = "SELECT h.id, x.id, " + cameWith + ` FROM message m
	CROSS JOIN generation mg ON mg.id = m.generation CROSS JOIN mailbox mx ON mx.id = mg.mailbox
	CROSS JOIN message h ON h.body = m.body CROSS JOIN generation g ON g.id = h.generation CROSS JOIN mailbox x ON x.id = g.mailbox
	WHERE m.id = ?1 AND h.vanished_run IS NULL AND h.leaving IS NULL AND x.account = mx.account AND ` + there + `
	UNION ALL SELECT h.id, x.id, ` + cameWith + ` FROM message m
	CROSS JOIN generation mg ON mg.id = m.generation CROSS JOIN mailbox x ON x.id = mg.mailbox CROSS JOIN generation g ON g.mailbox = x.id
	CROSS JOIN message h ON h.generation = g.id AND h.body IS NULL AND h.vanished_run IS NULL AND h.uid > 0
	WHERE m.id = ?1 AND m.body IS NOT NULL AND h.size = m.size AND h.date = m.date AND h.leaving IS NULL AND ` + there

const there = "x.leaving IS NULL AND (x.detached_run IS NULL OR x.unborn = 1)"

// Lost looks for a message, vanished or not, in its account.
func (s *Store) Lost(ctx context.Context, id MessageID) (l Lost, err error) {
	var vanished bool
	if err := s.ask(ctx, lostRowQuery, []any{id}, &l.Held, &vanished, &l.Since); err != nil {
		return l, err
	}
	if l.Copies, err = s.copies(ctx, id); err != nil || !vanished {
		return l, err
	}
	moved, box, err := s.MovedTo(ctx, id)
	if err != nil {
		return l, err
	}
	if l.Moved = moved.ID != 0; l.Moved {
		l.Copies = append([]Copy{{moved.ID, box, 0}}, l.Copies...)
	}
	again, err := s.again(ctx, id)
	l.Copies = append(again, l.Copies...)
	return l, err
}

func (s *Store) copies(ctx context.Context, id MessageID) (all []Copy, err error) {
	err = s.each(ctx, copiesQuery, []any{id}, func(r *sql.Rows) error {
		var c Copy
		err := r.Scan(&c.Message, &c.Mailbox, &c.Since)
		all = append(all, c)
		return err
	})
	return all, err
}

// again is what was made to put a message back, where it is now. A server may have
// made other bytes of it (I20).
func (s *Store) again(ctx context.Context, id MessageID) (all []Copy, err error) {
	made, err := s.Restored(ctx, id)
	if err != nil || made == 0 {
		return nil, err
	}
	err = s.each(ctx, presentQuery, []any{made}, func(r *sql.Rows) error {
		c := Copy{Message: made}
		err := r.Scan(&c.Mailbox)
		all = append(all, c)
		return err
	})
	if err != nil || len(all) > 0 {
		return all, err
	}
	row, box, err := s.MovedTo(ctx, made)
	if row.ID != 0 {
		all = append(all, Copy{row.ID, box, 0})
	}
	return all, err
}

const presentQuery = `SELECT x.id FROM message m JOIN generation g ON g.id = m.generation JOIN mailbox x ON x.id = g.mailbox
	WHERE m.id = ? AND m.vanished_run IS NULL AND m.leaving IS NULL AND ` + there

const vanishedQuery = `SELECT e.message FROM event e CROSS JOIN message m ON m.id = e.message CROSS JOIN generation g ON g.id = m.generation
	CROSS JOIN mailbox x ON x.id = g.mailbox
	WHERE e.id > ?1 AND e.id <= ?2 AND e.kind = 'vanished' AND e.uid > 0 AND m.vanished_run IS NOT NULL AND x.account = ?3
	AND NOT EXISTS (SELECT 1 FROM event n WHERE n.message = e.message AND n.id > e.id) ORDER BY e.id`

// Vanished gives the messages of an account that left the server between two cuts for
// nowhere, and have not come back.
func (s *Store) Vanished(ctx context.Context, acct AccountID, from, to Cut) (ids []MessageID, err error) {
	err = s.each(ctx, vanishedQuery, []any{from, to.end(), acct}, func(r *sql.Rows) error {
		var id MessageID
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

const boxesAtQuery = `SELECT x.id FROM mailbox x WHERE x.account = ?1 AND
	(SELECT e.kind FROM event e WHERE e.mailbox = x.id AND e.id <= ?2 AND e.kind IN ('created', 'detached', 'back') ORDER BY e.id DESC LIMIT 1)
	IN ('created', 'back')`

// MailboxesAt tells which mailboxes of an account were on the server at a cut.
func (s *Store) MailboxesAt(ctx context.Context, acct AccountID, at Cut) (map[MailboxID]bool, error) {
	there := map[MailboxID]bool{}
	err := s.each(ctx, boxesAtQuery, []any{acct, at.end()}, func(r *sql.Rows) error {
		var id MailboxID
		err := r.Scan(&id)
		there[id] = true
		return err
	})
	return there, err
}
