package localstore

import (
	"context"
	"database/sql"
)

// Heading is what people tell a message by; empty without body.
type Heading struct{ MessageID, Subject, Sender string }

// Newcomer is a message that a run brought from the server.
type Newcomer struct {
	Fingerprint
	Heading
	Run RunID
}

const newcomersQuery = "SELECT " + rowColumns + `, ifnull(b.size, -1), b.header_sha256, b.sha256, max(e.run),
	ifnull(v.message_id, ''), ifnull(v.subject, ''), ifnull(v.sender, '')
	FROM message m JOIN event e ON e.message = m.id AND e.kind = 'arrived' AND e.uid > 0
	LEFT JOIN body b ON b.id = m.body LEFT JOIN envelope v ON v.body = m.body
	WHERE m.generation = ?1 AND m.uid >= ?2 AND m.id > ?3 AND m.vanished_run IS NULL AND m.unlisted = 0
	AND NOT EXISTS (SELECT 1 FROM event o WHERE o.message = m.id AND o.kind = 'arrived' AND o.uid IS NULL)
	AND NOT EXISTS (SELECT 1 FROM event o WHERE o.kind = 'moved' AND o.new = CAST(m.id AS TEXT) AND o.uid IS NULL)
	GROUP BY m.id ORDER BY m.uid`

// Newcomers calls fn for the messages present in a generation from a UID on that are
// newer here than another message, that nobody made here, and of which none was found
// to be what was made here: one message is the outcome of one intent.
func (s *Store) Newcomers(ctx context.Context, gen GenerationID, from uint32, after MessageID, fn func(Newcomer) error) error {
	return s.eachPrepared(ctx, newcomersQuery, []any{gen, from, after}, func(r *sql.Rows) error {
		var n Newcomer
		var scan rowScan
		var header, sum []byte
		dest := append(scan.dest(), &n.BodySize, &header, &sum, &n.Run, &n.MessageID, &n.Subject, &n.Sender)
		if err := r.Scan(dest...); err != nil {
			return err
		}
		n.Row = scan.done()
		copy(n.HeaderSHA256[:], header)
		copy(n.SHA256[:], sum)
		return fn(n)
	})
}
