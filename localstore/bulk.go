package localstore

import (
	"context"
	"fmt"
	"strings"

	lib "modernc.org/sqlite/lib"
)

// Bulk runs fn with the store set up for a large pull: with a rollback journal
// instead of the WAL, which writes everything twice. Pages added at the end of
// the file need no journal at all, so a pull of new mail is written once, about
// three times as fast. Every commit is synced to the disk.
//
// Readers wait while a batch is being committed, and SQLite can change over only
// while nobody else has the store open: when somebody has, fn runs with the WAL
// all the same. What is stored is equally safe either way. Only one Bulk at a
// time; Update is used within it as always.
func (s *Store) Bulk(ctx context.Context, fn func() error) error {
	if s.writer == nil {
		return &Error{Kind: ErrReadOnly, Path: s.path}
	}
	if err := s.journal(ctx, "TRUNCATE", "FULL"); err != nil {
		return s.wrap(canceled(ctx, err))
	}
	err := fn()
	// Not ctx: the everyday mode comes back also after an interrupt.
	if back := s.journal(context.WithoutCancel(ctx), "WAL", "NORMAL"); err == nil {
		err = s.wrap(back)
	}
	return err
}

// journal changes the journal mode if nobody else has the store open, and in any
// case sets how commits are synced for the mode that is in force.
func (s *Store) journal(ctx context.Context, mode, synchronous string) error {
	s.reader.SetMaxIdleConns(0) // closes the idle ones: they too have it open
	defer s.reader.SetMaxIdleConns(idleConns)
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var got string
	err = conn.QueryRowContext(ctx, "PRAGMA busy_timeout = 100").Scan(new(int))
	if err == nil {
		err = ignoreBusy(conn.QueryRowContext(ctx, "PRAGMA journal_mode = "+mode).Scan(&got))
	}
	if err == nil && strings.EqualFold(got, mode) {
		_, err = conn.ExecContext(ctx, "PRAGMA synchronous = "+synchronous)
	}
	if err == nil {
		err = conn.QueryRowContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", s.busy.Milliseconds())).Scan(new(int))
	}
	return err
}

// ignoreBusy takes a change of the journal that others prevent for no change.
func ignoreBusy(err error) error {
	if sqliteCode(err) == lib.SQLITE_BUSY || sqliteCode(err) == lib.SQLITE_LOCKED {
		return nil
	}
	return err
}
