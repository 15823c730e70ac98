package localstore

import (
	"context"
	"database/sql"
	"time"
)

const rowColumns = "m.id, m.generation, ifnull(m.uid, 0), m.base, m.local, m.body IS NOT NULL, m.size, m.date, m.zone"

// rowScan holds what a Row is scanned into.
type rowScan struct {
	row  Row
	size sql.NullInt64
	date sql.NullInt64
	zone int
}

func (r *rowScan) dest() []any {
	return []any{&r.row.ID, &r.row.Generation, &r.row.UID, &r.row.Base, &r.row.Local, &r.row.HasBody, &r.size, &r.date, &r.zone}
}

func (r *rowScan) done() Row {
	r.row.Size = -1
	if r.size.Valid {
		r.row.Size = r.size.Int64
	}
	r.row.Date = dateOf(r.date, r.zone)
	return r.row
}

// dateOf is an internal date in the zone the server gave it.
func dateOf(date sql.NullInt64, zone int) time.Time {
	t := fromUnix(date)
	if date.Valid && zone != 0 {
		t = t.In(time.FixedZone("", zone*60))
	}
	return t
}

// What was sent need not be what a server makes of it: size and date are unknown
// until a listing has the message.
const rowsQuery = `SELECT m.id, m.generation, m.uid, m.base, m.local, m.body IS NOT NULL,
	CASE m.unlisted WHEN 0 THEN m.size END, CASE m.unlisted WHEN 0 THEN m.date END, m.zone FROM message m
	WHERE m.generation = ? AND m.uid >= ? AND m.vanished_run IS NULL ORDER BY m.uid`

// Rows calls fn for every message present in a generation, by UID: as the server
// has them, those too that wait to leave it.
func (s *Store) Rows(ctx context.Context, gen GenerationID, fn func(Row) error) error {
	return s.RowsFrom(ctx, gen, 1, fn)
}

// RowsFrom is Rows from a UID on.
func (s *Store) RowsFrom(ctx context.Context, gen GenerationID, from uint32, fn func(Row) error) error {
	return s.eachRow(ctx, rowsQuery, []any{gen, from}, fn)
}

const unlistedQuery = "SELECT " + rowColumns + ` FROM message m
	WHERE m.generation = ? AND m.uid >= ? AND m.vanished_run IS NULL AND m.unlisted = 1 ORDER BY m.uid`

// Unlisted calls fn for the messages from a UID on that the server said that it put
// there, and that no listing has shown yet.
func (s *Store) Unlisted(ctx context.Context, gen GenerationID, from uint32, fn func(Row) error) error {
	return s.eachRow(ctx, unlistedQuery, []any{gen, from}, fn)
}

const staleQuery = "SELECT " + rowColumns + ` FROM generation g CROSS JOIN message m
	ON m.generation = g.id AND m.vanished_run IS NULL
	WHERE g.mailbox = ? AND g.retired_run IS NOT NULL AND m.uid IS NOT NULL ORDER BY g.id, m.uid`

// Stale calls fn for every message present that still sits in a retired
// generation of a mailbox: not matched yet, its deletion held back.
func (s *Store) Stale(ctx context.Context, mailbox MailboxID, fn func(Row) error) error {
	return s.eachRow(ctx, staleQuery, []any{mailbox}, fn)
}

func (s *Store) eachRow(ctx context.Context, q string, args []any, fn func(Row) error) error {
	var scan rowScan
	dest := scan.dest()
	return s.eachPrepared(ctx, q, args, func(r *sql.Rows) error {
		if err := r.Scan(dest...); err != nil {
			return err
		}
		return fn(scan.done())
	})
}

const missingSelect = `SELECT m.id, m.uid, ifnull(m.size, -1), m.date, m.identity,
	EXISTS (SELECT 1 FROM staging WHERE message = m.id), coalesce(` + sameBody + ", " + foundByUID + "), " + alikeBody + " OR " + foundAlike + `
	FROM %s m.generation = ? AND m.uid > ? AND m.body IS NULL AND m.vanished_run IS NULL
	AND NOT EXISTS (SELECT 1 FROM problem p WHERE p.message = m.id AND ? BETWEEN p.last AND p.retry_at - 1)
	ORDER BY m.uid LIMIT ?`

// Missing gives up to limit messages present in gen above UID after whose bodies
// are not held and not set aside by a problem until later than now; a problem
// from the future comes from a clock that has been set back, and holds nothing up.
// By UID; the last UID of one page is the next one's after.
func (s *Store) Missing(ctx context.Context, gen GenerationID, after uint32, now time.Time, limit int) ([]MissingRow, error) {
	var page []MissingRow
	believed, err := s.believed(ctx, gen)
	if err != nil {
		return nil, err
	}
	err = s.eachPrepared(ctx, s.ofMissing(missingSelect), []any{believed, gen, after, now.Unix(), limit}, func(r *sql.Rows) error {
		m, err := scanMissing(r)
		page = append(page, m)
		return err
	})
	return page, err
}

const fingerprintQuery = "SELECT " + rowColumns + `, ifnull(b.size, -1), b.header_sha256, b.sha256
	FROM message m LEFT JOIN body b ON b.id = m.body
	WHERE m.generation = ? AND m.vanished_run IS NULL AND m.uid IS NOT NULL ORDER BY m.uid`

// Fingerprints calls fn for every message present in the generations, by
// generation and UID, with what identifies it apart from its UID.
func (s *Store) Fingerprints(ctx context.Context, gens []GenerationID, fn func(Fingerprint) error) error {
	for _, gen := range gens {
		err := s.eachPrepared(ctx, fingerprintQuery, []any{gen}, func(r *sql.Rows) error {
			var scan rowScan
			var f Fingerprint
			var header, sum []byte
			if err := r.Scan(append(scan.dest(), &f.BodySize, &header, &sum)...); err != nil {
				return err
			}
			f.Row = scan.done()
			copy(f.HeaderSHA256[:], header)
			copy(f.SHA256[:], sum)
			return fn(f)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

const missingTotal = `SELECT count(*), CAST(total(m.size) AS INTEGER) FROM %s m.generation = ? AND m.uid > 0 AND m.body IS NULL
	AND m.vanished_run IS NULL AND NOT EXISTS (SELECT 1 FROM problem p WHERE p.message = m.id AND ? BETWEEN p.last AND p.retry_at - 1)`

// MissingTotal gives how many messages Missing would page through, and the sum
// of their announced sizes, which may be absurd: sum() would fail on them, total()
// does not.
func (s *Store) MissingTotal(ctx context.Context, gen GenerationID, now time.Time) (messages, bytes int64, err error) {
	err = s.askPrepared(ctx, s.ofMissing(missingTotal), []any{gen, now.Unix()}, &messages, &bytes)
	return messages, bytes, err
}
