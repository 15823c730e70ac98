package localstore

import (
	"context"
	"database/sql"
	"strings"
	"sync"
)

// prepared is a query of the readers that is asked so often that to read its text
// each time would take longer than to answer it.
func (s *Store) prepared(ctx context.Context, q string) (*sql.Stmt, error) {
	s.queries.mu.Lock()
	defer s.queries.mu.Unlock()
	if st := s.queries.ready[q]; st != nil {
		return st, nil
	}
	st, err := s.reader.PrepareContext(ctx, planned(q))
	if err != nil {
		return nil, s.wrap(canceled(ctx, err))
	}
	if s.queries.ready == nil {
		s.queries.ready = map[string]*sql.Stmt{}
	}
	s.queries.ready[q] = st
	return st, nil
}

// planned is a query whose plan does not depend on what its parameters are set to. SQLite
// compiles others again each time (sqlite.org/c3ref/prepare.html): those with "LIMIT ?",
// and those with "x = ?" for a 0 or 1, such as the id of the only account. It looks at
// bare parameters alone; +? is the same value.
func planned(q string) string { return strings.ReplaceAll(q, "?", "+?") }

// queries are those of the readers that stay prepared.
type queries struct {
	mu    sync.Mutex
	ready map[string]*sql.Stmt
}

// eachPrepared is each with a query that stays prepared, for one that is asked often
// and begins to answer at once: it is given up between rows alone when ctx ends, since
// a query that can be at any time has two goroutines to see to it.
func (s *Store) eachPrepared(ctx context.Context, q string, args []any, scan func(*sql.Rows) error) error {
	st, err := s.prepared(ctx, q)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return s.wrap(canceled(ctx, err))
	}
	rows, err := st.Query(args...)
	if err != nil {
		return s.wrap(err)
	}
	return s.scanAll(ctx, rows, scan)
}

// askPrepared is ask with such a query.
func (s *Store) askPrepared(ctx context.Context, q string, args []any, dest ...any) error {
	st, err := s.prepared(ctx, q)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = st.QueryRow(args...).Scan(dest...)
	}
	return s.wrap(canceled(ctx, err))
}

// scanAll calls scan for every row, until ctx ends.
func (s *Store) scanAll(ctx context.Context, rows *sql.Rows, scan func(*sql.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := ctx.Err(); err != nil {
			return s.wrap(canceled(ctx, err))
		}
		if err := scan(rows); err != nil {
			return s.wrap(err)
		}
	}
	return s.wrap(canceled(ctx, rows.Err()))
}
