package localstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Snapshot writes a copy of the store to a file, as it is at one moment, also while
// another process writes. The copy gets its name only when it is complete, checked
// and on the disk; what Check found in it goes to report, and a copy that SQLite
// cannot read is not kept. replace: an older snapshot may be there.
func (s *Store) Snapshot(ctx context.Context, path string, replace bool, opt CheckOptions, report func(Finding)) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if err := s.snapshotPlace(path, replace); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return &Error{Kind: ErrPermission, Path: path, Err: err, Hint: "name another file"}
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := s.copyInto(ctx, f.Name()); err != nil {
		return s.wrap(canceled(ctx, err))
	}
	if err := checkSnapshot(ctx, f.Name(), opt, report); err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// copyInto fills an empty file. SQLite takes VACUUM INTO for writing, which readers of
// the pool are kept from: the connection that does it is not used again.
func (s *Store) copyInto(ctx context.Context, name string) error {
	conn, err := s.reader.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer conn.Raw(func(any) error { return driver.ErrBadConn })
	if _, err := conn.ExecContext(ctx, "PRAGMA query_only = 0"); err != nil {
		return err
	}
	if _, err = conn.ExecContext(ctx, "VACUUM INTO ?", name); err != nil {
		return err
	}
	return markSettled(name)
}

// snapshotPlace refuses to write over anything but an older snapshot.
func (s *Store) snapshotPlace(path string, replace bool) error {
	there, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &Error{Kind: ErrPermission, Path: path, Err: err}
	}
	if own, err := os.Stat(s.path); err == nil && os.SameFile(there, own) {
		return &Error{Kind: ErrExists, Path: path, Err: errors.New("it is the store itself"), Hint: "name another file"}
	}
	if !replace {
		return &Error{Kind: ErrExists, Path: path, Err: fs.ErrExist, Hint: "name another file, or use --replace where an older snapshot may go"}
	}
	if _, err := checkHeader(path); err != nil && !errors.Is(err, ErrNewer) {
		return err
	}
	for _, suffix := range []string{"-wal", "-journal"} {
		if log, err := os.Stat(path + suffix); err == nil && log.Size() > 0 {
			return &Error{Kind: ErrInUse, Path: path, Err: fmt.Errorf("there is a %s beside it", suffix), Hint: "that file is no snapshot but a store in use: name another one"}
		}
	}
	return nil
}

// checkSnapshot reads all of a copy.
func checkSnapshot(ctx context.Context, path string, opt CheckOptions, report func(Finding)) error {
	c, err := Open(ctx, path, Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer c.Close()
	var broken error
	err = c.Check(ctx, opt, func(f Finding) {
		if f.Kind == FoundFile && broken == nil {
			broken = &Error{Kind: ErrCorrupt, Path: path, Err: errors.New(f.What), Hint: "run mailstow verify on the store"}
		}
		report(f)
	})
	return errors.Join(err, broken)
}
