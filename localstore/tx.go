package localstore

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Tx is a write transaction. Its methods may be called only inside the Update
// that gave it, from one goroutine. After one of them failed the transaction
// can no longer be committed, whatever is done with the error.
type Tx struct {
	s       *Store
	ctx     context.Context
	tx      *sql.Tx
	stmts   map[string]*sql.Stmt
	at      time.Time
	durable bool               // inside Edit
	renamed map[AccountID]bool // see namesChanged
	broken  error
}

// Update runs fn in one transaction: all of it is kept, or nothing when fn
// returns an error or panics, ctx ends, or the disk fails. Only one Update runs
// at a time, others wait; inside fn neither Update nor Stage may be called.
// ErrFull, ErrIO, ErrBusy and ErrCorrupt tell what SQLite could not do.
// A power cut may undo the last ones, as a whole: what they brought can be had
// from the server again.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) error {
	return s.update(ctx, false, fn)
}

// Edit is Update for what only this store knows: when it returns nil, not even a
// power cut undoes it.
func (s *Store) Edit(ctx context.Context, fn func(*Tx) error) error {
	return s.update(ctx, true, fn)
}

func (s *Store) update(ctx context.Context, durable bool, fn func(*Tx) error) error {
	if s.writer == nil {
		return &Error{Kind: ErrReadOnly, Path: s.path}
	}
	if err := s.kept.prepare(ctx, s.writer); err != nil {
		return s.wrap(canceled(ctx, err))
	}
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return s.wrap(canceled(ctx, err))
	}
	defer conn.Close()
	if err := errors.Join(s.settleIfDue(conn, durable), s.setDurable(ctx, conn, durable)); err != nil {
		return s.wrap(canceled(ctx, err))
	}
	// BEGIN IMMEDIATE: a transaction that reads first and then writes would get
	// SQLITE_BUSY_SNAPSHOT, which no timeout waits for.
	raw, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return s.wrap(canceled(ctx, err))
	}
	defer raw.Rollback() // does nothing after Commit
	tx := &Tx{s: s, ctx: ctx, tx: raw, stmts: map[string]*sql.Stmt{}, at: s.now(), durable: durable}
	err = fn(tx)
	if err == nil && tx.broken == nil {
		err = tx.settleNames()
	}
	if tx.broken != nil {
		err = tx.broken
	}
	if err == nil {
		err = raw.Commit()
	}
	if err == nil {
		s.checkpoint()
	}
	return s.wrap(canceled(ctx, err))
}

// setDurable says whether a commit waits for the disk. SQLite changes that between
// transactions only. A connection may be a new one, which does not wait: so
// waiting is asked for every time.
func (s *Store) setDurable(ctx context.Context, conn *sql.Conn, durable bool) error {
	level := "NORMAL"
	if durable && !s.lazy {
		level = "FULL"
	} else if !s.durable {
		return nil
	}
	_, err := conn.ExecContext(ctx, "PRAGMA synchronous="+level)
	if err == nil {
		s.durable = durable
	}
	return err
}

// stmt prepares q once per transaction at most; see kept. Statements run without a context:
// they are short, and the driver starts a goroutine for each that has one. The
// transaction itself ends with its context.
func (tx *Tx) stmt(q string) (*sql.Stmt, error) {
	if tx.broken != nil {
		return nil, tx.broken
	}
	if st := tx.stmts[q]; st != nil {
		return st, nil
	}
	st, err := tx.s.kept.in(tx.tx, q)
	if err != nil {
		return nil, tx.fail(err)
	}
	tx.stmts[q] = st
	return st, nil
}

// fail notes that the transaction must not be committed.
func (tx *Tx) fail(err error) error {
	if err != nil && tx.broken == nil {
		tx.broken = tx.s.wrap(canceled(tx.ctx, err))
		return tx.broken
	}
	return err
}

// exec runs a statement and gives the number of rows it changed.
func (tx *Tx) exec(q string, args ...any) (int64, error) {
	st, err := tx.stmt(q)
	if err != nil {
		return 0, err
	}
	res, err := st.Exec(args...)
	if err != nil {
		return 0, tx.fail(err)
	}
	return res.RowsAffected()
}

// insert runs an INSERT and gives the new id.
func (tx *Tx) insert(q string, args ...any) (int64, error) {
	st, err := tx.stmt(q)
	if err != nil {
		return 0, err
	}
	res, err := st.Exec(args...)
	if err != nil {
		return 0, tx.fail(err)
	}
	return res.LastInsertId()
}

// get reads one row into dest and tells whether there was one.
func (tx *Tx) get(q string, args []any, dest ...any) (bool, error) {
	st, err := tx.stmt(q)
	if err != nil {
		return false, err
	}
	err = st.QueryRow(args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, tx.fail(err)
}

// each runs a query in the transaction and calls scan for every row, which must
// not use the transaction itself.
func (tx *Tx) each(q string, args []any, scan func(*sql.Rows) error) error {
	st, err := tx.stmt(q)
	if err != nil {
		return err
	}
	rows, err := st.Query(args...)
	if err != nil {
		return tx.fail(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return tx.fail(err)
		}
	}
	return tx.fail(rows.Err())
}

// each runs a query on a reader and calls scan for every row; flat in memory.
func (s *Store) each(ctx context.Context, q string, args []any, scan func(*sql.Rows) error) error {
	rows, err := s.reader.QueryContext(ctx, q, args...)
	if err != nil {
		return s.wrap(canceled(ctx, err))
	}
	return s.scanAll(ctx, rows, scan)
}

// unix is t for a column, NULL when zero.
func unix(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Unix()
}

// fromUnix is the reverse, in UTC.
func fromUnix(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return time.Unix(n.Int64, 0).UTC()
}
