package localstore

import (
	"context"
	"database/sql"
)

const lostQuery = `SELECT m.id FROM mailbox x JOIN generation g ON g.mailbox = x.id JOIN message m ON m.generation = g.id
	WHERE x.id = ? AND m.vanished_run = x.detached_run AND m.body IS NOT NULL
	AND NOT EXISTS (SELECT 1 FROM event e WHERE e.message = m.id AND e.kind = 'moved') ORDER BY m.id`

// LostWith gives the messages that left the server together with their mailbox, as
// far as their bodies are held.
func (s *Store) LostWith(ctx context.Context, mailbox MailboxID) (ids []MessageID, err error) {
	err = s.eachPrepared(ctx, lostQuery, []any{mailbox}, func(r *sql.Rows) error {
		var id MessageID
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}
