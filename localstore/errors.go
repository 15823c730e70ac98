package localstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// What can be wrong with a store; errors.Is tells which. Errors about the file
// are *Error and have a hint.
var (
	ErrInUse       = errors.New("store is in use by another process")
	ErrNoStore     = errors.New("no store here")
	ErrNewer       = errors.New("store was written by a newer mailstow")
	ErrOlder       = errors.New("store is of an older mailstow and must be upgraded first")
	ErrForeign     = errors.New("SQLite file does not belong to mailstow")
	ErrCorrupt     = errors.New("store is damaged or not a database")
	ErrReadOnlyDir = errors.New("store cannot be opened in a read-only directory")
	ErrReadOnly    = errors.New("store was opened for reading only")
	ErrPermission  = errors.New("store is not accessible")
	ErrFull        = errors.New("disk full, nothing of this batch was kept")
	ErrIO          = errors.New("disk error, nothing of this batch was kept")
	ErrBusy        = errors.New("store is locked by another program")
	ErrPassing     = errors.New("this is the state of a migration without a store: it keeps no mail")
	ErrKeeping     = errors.New("this is a store that keeps mail, not the state of a migration")

	// About single messages and mailboxes.
	ErrNotFound = errors.New("not in the store")
	ErrNotHeld  = errors.New("body is not held yet")
	ErrDamaged  = errors.New("body is damaged")
	ErrDropped  = errors.New("body was not kept: it only passed through")

	// Why an edit is refused.
	ErrVanished      = errors.New("no longer there")
	ErrNotSelectable = errors.New("mailbox cannot hold mail")
	ErrExists        = errors.New("name is taken")
	ErrNotEmpty      = errors.New("mailbox holds mail that is not on the server yet")
	ErrImpossible    = errors.New("not possible with this mailbox")
	ErrUnsettled     = errors.New("sent to the server, outcome not known yet")
	ErrOtherAccount  = errors.New("mailbox of another account")
	ErrNotSynced     = errors.New("account was never synced")
)

// Error is what went wrong with a store file and what to do next.
type Error struct {
	Kind error // one of the Err values
	Path string
	PID  int    // ErrInUse: the holder, 0 unknown
	Hint string // what to do next, one line; may be empty
	Err  error  // the cause; may be nil
}

// Error says what and where; the hint is the caller's to show.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %v", e.Path, e.Kind)
	if e.PID != 0 {
		s += fmt.Sprintf(" (pid %d)", e.PID)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives both the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// sqliteKinds names the failures of SQLite that a caller can act on, by primary
// result code.
var sqliteKinds = map[int]struct {
	kind error
	hint string
}{
	lib.SQLITE_FULL:     {ErrFull, "free some space and run the command again: it goes on where it stopped"},
	lib.SQLITE_IOERR:    {ErrIO, "check the disk (space, quota, ulimit -f, cables, kernel log) and run the command again"},
	lib.SQLITE_BUSY:     {ErrBusy, "close whatever else writes to this file, such as a sqlite3 shell, and try again"},
	lib.SQLITE_PROTOCOL: {ErrBusy, "another program has held this file for a long time: close it and try again"},
	lib.SQLITE_CORRUPT:  {ErrCorrupt, "run mailstow verify; if it cannot read the file, move it away and sync again"},
	lib.SQLITE_NOTADB:   {ErrCorrupt, "name another file with --store, or move this one away"},
	lib.SQLITE_READONLY: {ErrPermission, "make the file and its directory writable for you"},
	lib.SQLITE_CANTOPEN: {ErrPermission, "check the permissions of the file and its directory"},
	lib.SQLITE_PERM:     {ErrPermission, "check the permissions of the file and its directory"},
}

// sqliteCode is the primary result code, 0 when err is not SQLite's.
func sqliteCode(err error) int {
	var se *sqlite.Error
	if errors.As(err, &se) {
		return se.Code() & 0xff
	}
	return 0
}

// wrap makes SQLite's errors ours. Others pass as they are.
func (s *Store) wrap(err error) error {
	var own *Error
	if err == nil || errors.As(err, &own) {
		return err
	}
	code := sqliteCode(err)
	if code == 0 && strings.HasPrefix(err.Error(), "sql: Scan error") { // a value of a type that its column cannot have
		code = lib.SQLITE_CORRUPT
	}
	return s.failed(code, err)
}

// failed is an error with the meaning of a primary result code.
func (s *Store) failed(code int, err error) error {
	if k, ok := sqliteKinds[code]; ok {
		return &Error{Kind: k.kind, Path: s.path, Hint: k.hint, Err: err}
	}
	return err
}

// canceled prefers the reason why a transaction ended to the fact that it did.
func canceled(ctx context.Context, err error) error {
	if ctx.Err() != nil && (errors.Is(err, sql.ErrTxDone) || errors.Is(err, context.Canceled) ||
		sqliteCode(err) == lib.SQLITE_INTERRUPT) {
		return ctx.Err()
	}
	return err
}
