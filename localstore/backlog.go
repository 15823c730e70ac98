package localstore

import (
	"cmp"
	"context"
	"database/sql"
)

// Backlog counts the intents of an account that concern the same mailboxes.
type Backlog struct {
	Mailbox MailboxID // where their messages are; of mailboxes themselves; 0: none
	Target  MailboxID // where they go; 0: nowhere
	Intents int
	Parked  int // of them
}

const backlogQuery = `SELECT coalesce(i.mailbox, g.mailbox, 0), ifnull(i.target, 0), count(*), sum(i.state = 'parked')
	FROM intent i LEFT JOIN message m ON m.id = i.message LEFT JOIN generation g ON g.id = m.generation
	WHERE i.account = ? GROUP BY 1, 2`

// Backlog gives what Intents would, counted.
func (s *Store) Backlog(ctx context.Context, acct AccountID) ([]Backlog, error) {
	var all []Backlog
	err := s.eachPrepared(ctx, backlogQuery, []any{acct}, func(r *sql.Rows) error {
		var b Backlog
		err := r.Scan(&b.Mailbox, &b.Target, &b.Intents, &b.Parked)
		all = append(all, b)
		return err
	})
	return all, err
}

const leavingQuery = "SELECT i.kind, i.id, ifnull(i.result, 0) FROM message m JOIN intent i ON i.id = m.leaving WHERE m.id = ?"

// Meant gives the id under which people see a message now: another one when it was
// moved, here or by somebody else, as often as that was. One that waits to be
// deleted has none, and by is the intent that deletes it.
func (s *Store) Meant(ctx context.Context, id MessageID) (now MessageID, by IntentID, err error) {
	row, _, err := s.MovedTo(ctx, id)
	if err != nil {
		return 0, 0, err
	}
	now = cmp.Or(row.ID, id)
	err = s.eachPrepared(ctx, leavingQuery, []any{now}, func(r *sql.Rows) error {
		var kind IntentKind
		if err := r.Scan(&kind, &by, &now); err != nil {
			return err
		}
		if kind == IntentMove {
			by = 0
		}
		return nil
	})
	return now, by, err
}
