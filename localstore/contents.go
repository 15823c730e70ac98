package localstore

import (
	"context"
	"database/sql"
)

// Content is a message of an account on the server, or on its way there, by what makes
// it equal to others.
type Content struct {
	Message MessageID
	Mailbox MailboxID
	UID     uint32 // 0: not on the server yet
	Body    int64  // equal where the bytes are; 0: not known, or damaged
	Dropped bool   // its bytes were let go
	Size    int64  // -1 unknown
	Date    int64  // unix seconds; 0 unknown
	Flags   string
	Changed bool // a run found other flags on the server than before
}

const contentsQuery = `SELECT m.id, x.id, ifnull(m.uid, 0), CASE b.damaged WHEN b.dropped THEN b.id ELSE 0 END, ifnull(b.dropped, 0), coalesce(b.size, m.size, -1), ifnull(m.date, 0), m.local,
	EXISTS (SELECT 1 FROM event f WHERE f.message = m.id AND f.kind = 'flags' AND f.run IS NOT NULL)
	FROM mailbox x CROSS JOIN generation g ON g.mailbox = x.id
	CROSS JOIN message m ON m.generation = g.id AND m.vanished_run IS NULL LEFT JOIN body b ON b.id = m.body
	WHERE +x.account = ? AND m.leaving IS NULL AND ` + there

// Contents calls fn for every message of an account, in no order. Flat in memory.
func (s *Store) Contents(ctx context.Context, acct AccountID, fn func(Content) error) error {
	return s.each(ctx, contentsQuery, []any{acct}, func(r *sql.Rows) error {
		var c Content
		if err := r.Scan(&c.Message, &c.Mailbox, &c.UID, &c.Body, &c.Dropped, &c.Size, &c.Date, &c.Flags, &c.Changed); err != nil {
			return err
		}
		return fn(c)
	})
}

// Made is a message that RestoreMessage made of one of another account.
type Made struct {
	Message MessageID // where it is now
	Of      MessageID
	Gone    bool // what it was made of has vanished
}

const madeQuery = `SELECT e.message, o.id, o.vanished_run IS NOT NULL, m.id IS NOT NULL AND m.vanished_run IS NULL
	FROM event e INDEXED BY event_restored CROSS JOIN message o ON o.id = CAST(e.old AS INTEGER) CROSS JOIN generation g ON g.id = o.generation
	CROSS JOIN mailbox x ON x.id = g.mailbox LEFT JOIN message m ON m.id = e.message
	WHERE e.kind = 'arrived' AND e.old IS NOT NULL AND x.account = ?1 AND e.generation NOT IN
	(SELECT g2.id FROM generation g2 JOIN mailbox x2 ON x2.id = g2.mailbox WHERE x2.account = ?1)`

// Made gives the messages of other accounts that were made of one's, wherever they
// have gone since.
func (s *Store) Made(ctx context.Context, acct AccountID) (all []Made, err error) {
	var moved []int
	err = s.each(ctx, madeQuery, []any{acct}, func(r *sql.Rows) error {
		var m Made
		var present bool
		err := r.Scan(&m.Message, &m.Of, &m.Gone, &present)
		if !present {
			moved = append(moved, len(all))
		}
		all = append(all, m)
		return err
	})
	for _, i := range moved {
		if err != nil {
			return all, err
		}
		var row Row
		row, _, err = s.MovedTo(ctx, all[i].Message)
		all[i].Message = row.ID // 0: nowhere any more
	}
	return all, err
}
