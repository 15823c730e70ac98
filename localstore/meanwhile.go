package localstore

import (
	"context"
	"database/sql"
)

// Meanwhile is what runs saw on the server after an intent had been made, and its
// owner cannot have known.
type Meanwhile struct {
	Renamed bool // the mailbox that it is about, by somebody else
	Arrived int  // messages in that mailbox
	Flags   bool // flags of its message changed
}

const meanwhileQuery = `SELECT
	EXISTS (SELECT 1 FROM event e WHERE e.mailbox = i.mailbox AND e.kind = 'renamed' AND e.run > i.since),
	(SELECT count(*) FROM generation g JOIN message m ON m.generation = g.id
		WHERE g.mailbox = i.mailbox AND g.retired_run IS NULL AND m.uid > 0 AND m.vanished_run IS NULL
		AND EXISTS (SELECT 1 FROM event e WHERE e.message = m.id AND e.kind = 'arrived' AND e.uid > 0 AND e.run > i.since)),
	EXISTS (SELECT 1 FROM event e WHERE e.message = i.message AND e.kind = 'flags' AND e.run > i.since)
	FROM intent i WHERE i.id = ?`

// Meanwhile tells what happened to what an intent is about.
func (s *Store) Meanwhile(ctx context.Context, id IntentID) (m Meanwhile, err error) {
	err = s.eachPrepared(ctx, meanwhileQuery, []any{id}, func(r *sql.Rows) error {
		return r.Scan(&m.Renamed, &m.Arrived, &m.Flags)
	})
	return m, err
}

// maxMoves bounds how far a message is followed.
const maxMoves = 32

const movedQuery = `WITH RECURSIVE trail(id, n) AS (SELECT ?1, 0 UNION ALL
	SELECT CAST((SELECT e.new FROM event e WHERE e.message = trail.id AND e.kind = 'moved' ORDER BY e.id DESC LIMIT 1) AS INTEGER), n + 1
	FROM trail LEFT JOIN message m ON m.id = trail.id
	WHERE trail.id > 0 AND (m.id IS NULL OR m.vanished_run IS NOT NULL) AND n < ?2)
	SELECT g.mailbox, ` + rowColumns + ` FROM trail JOIN message m ON m.id = trail.id JOIN generation g ON g.id = m.generation
	WHERE m.id <> ?1 AND m.vanished_run IS NULL`

// MovedTo follows a message that vanished to where it was moved to, by whomever; and
// one whose row became part of the one that the server had made of it.
// The ID is 0 where nobody knows, or the message is nowhere any more.
func (s *Store) MovedTo(ctx context.Context, id MessageID) (row Row, box MailboxID, err error) {
	err = s.eachPrepared(ctx, movedQuery, []any{id, maxMoves}, func(r *sql.Rows) error {
		var scan rowScan
		if err := r.Scan(append([]any{&box}, scan.dest()...)...); err != nil {
			return err
		}
		row = scan.done()
		return nil
	})
	return row, box, err
}
