package localstore

import (
	"context"
	"database/sql"
)

// Difference is a message that is not what it was: the newest event about it, and
// what it was before.
type Difference struct {
	Event
	Was      bool   // it was on the server before
	WasFlags string // with these flags
	Is       bool   // it is there afterwards, with the flags New
}

// A message counts where the newest event about it stands, so that each is met once.
const diffQuery = eventColumns + ", ifnull(b.kind IN ('arrived', 'flags', 'rebound') AND b.uid IS NOT NULL, 0), ifnull(b.new, '')" + `
	FROM event e` + eventJoins + `LEFT JOIN event b ON b.id = (SELECT max(id) FROM event WHERE message = e.message AND id <= ?1)
	WHERE e.id > ?1 AND e.id <= ?2 AND e.message IS NOT NULL AND x.account = ?3
	AND NOT EXISTS (SELECT 1 FROM event n WHERE n.message = e.message AND n.id > e.id AND n.id <= ?2) ORDER BY e.id`

// Diff calls fn for every message of an account that was changed between two cuts
// and was on the server at one of them. Flat in memory.
func (s *Store) Diff(ctx context.Context, acct AccountID, from, to Cut, fn func(Difference) error) error {
	return s.each(ctx, diffQuery, []any{from, to.end(), acct}, func(r *sql.Rows) error {
		var d Difference
		var err error
		if d.Event, err = scanEvent(r, &d.Was, &d.WasFlags); err != nil {
			return err
		}
		gone := d.Kind == EventVanished || d.Kind == EventMoved
		d.Is = !gone && d.UID != 0
		if !d.Was && !d.Is || d.Was && d.Is && d.WasFlags == d.New {
			return nil
		}
		return fn(d)
	})
}
