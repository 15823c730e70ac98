package localstore

import (
	"database/sql"
	"fmt"
)

// chunkSums is what the chunks of one body come to.
type chunkSums struct {
	body      int64
	known     bool // there is a row for it
	want      int64
	wantSize  int64
	next      int64 // number of the chunk that must come
	size      int64
	misplaced bool
}

// noChunks finds the bodies that have not one chunk left.
func (c *checker) noChunks() error {
	return c.s.each(c.ctx, `SELECT id FROM body b WHERE b.chunks > 0 AND b.damaged = 0
		AND NOT EXISTS (SELECT 1 FROM chunk WHERE chunk.id >= b.id << 20 AND chunk.id < (b.id + 1) << 20)`, nil,
		func(r *sql.Rows) error {
			var id int64
			if err := r.Scan(&id); err != nil {
				return err
			}
			c.bad[id] = true
			return c.foundBody(FoundBody, id, fmt.Sprintf("body %d has no chunks", id))
		})
}

// chunks compares the chunks there are with the bodies there are, without
// unpacking any.
func (c *checker) chunks() error {
	var sums chunkSums
	err := c.s.each(c.ctx, `SELECT c.id >> 20, c.id & 1048575, c.size, b.id IS NOT NULL, ifnull(b.chunks, 0), ifnull(b.size, 0)
		FROM chunk c LEFT JOIN body b ON b.id = c.id >> 20 WHERE c.id >> 20 NOT IN (SELECT body FROM staging) ORDER BY c.id`, nil,
		func(r *sql.Rows) error {
			var s chunkSums
			var number, size int64
			if err := r.Scan(&s.body, &number, &size, &s.known, &s.want, &s.wantSize); err != nil {
				return err
			}
			if s.body != sums.body {
				if err := c.chunkFinding(sums); err != nil {
					return err
				}
				sums = s
			}
			sums.misplaced = sums.misplaced || number != sums.next
			sums.next++
			sums.size += size
			return nil
		})
	if err == nil {
		err = c.chunkFinding(sums)
	}
	return err
}

func (c *checker) chunkFinding(s chunkSums) error {
	switch {
	case s.body == 0:
		return nil
	case !s.known:
		return c.found(FoundWaste, 0, fmt.Sprintf("%d chunks of %d bytes belong to no body", s.next, s.size))
	case s.misplaced || s.next != s.want || s.size != s.wantSize:
		c.bad[s.body] = true
		return c.foundBody(FoundBody, s.body, fmt.Sprintf("body %d has %d chunks of %d bytes instead of %d of %d", s.body, s.next, s.size, s.want, s.wantSize))
	}
	return nil
}
