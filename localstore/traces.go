package localstore

import (
	"context"
	"database/sql"
)

// Trace is a message that came or went in a run, with what it is recognised by.
type Trace struct {
	Fingerprint
	Mailbox  MailboxID
	Identity string
}

// The events of a run lie close to the end; those before it are not looked at.
const tracesQuery = "SELECT e.kind = 'arrived', g.mailbox, m.identity, " + rowColumns + `, ifnull(b.size, -1), b.header_sha256, b.sha256
	FROM event e JOIN message m ON m.id = e.message JOIN generation g ON g.id = m.generation LEFT JOIN body b ON b.id = m.body
	WHERE e.id > (SELECT ifnull(max(id), 0) FROM event WHERE run < ?1) AND e.run = ?1 AND e.kind IN ('arrived', 'vanished')
	AND (m.vanished_run IS NULL) = (e.kind = 'arrived') ORDER BY e.id`

// Traces gives the messages that a run saw vanish, and those that arrived in it.
func (s *Store) Traces(ctx context.Context, run RunID) (gone, come []Trace, err error) {
	err = s.each(ctx, tracesQuery, []any{run}, func(r *sql.Rows) error {
		var t Trace
		var arrived bool
		var scan rowScan
		var header, sum []byte
		dest := append([]any{&arrived, &t.Mailbox, &t.Identity}, scan.dest()...)
		if err := r.Scan(append(dest, &t.BodySize, &header, &sum)...); err != nil {
			return err
		}
		t.Row = scan.done()
		copy(t.HeaderSHA256[:], header)
		copy(t.SHA256[:], sum)
		if arrived {
			come = append(come, t)
		} else {
			gone = append(gone, t)
		}
		return nil
	})
	return gone, come, err
}
