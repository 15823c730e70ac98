package localstore

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// SQLite's file header, by offset (sqlite.org/fileformat2.html section 1.3).
const (
	headerLength        = 100
	headerMagic         = "SQLite format 3\x00"
	headerVersion       = 60
	headerApplicationID = 68
)

// checkHeader tells without SQLite, which might write, whether path is a store
// for this program. Stores get their name only when complete, so the header of
// ours always has the application id. An empty file is no store yet.
func checkHeader(path string) (settled bool, err error) {
	// A device or a pipe would be read, waited for, or replaced.
	switch fi, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return false, &Error{Kind: ErrNoStore, Path: path, Hint: "run mailstow sync first, or name the store with --store"}
	case err == nil && !fi.Mode().IsRegular() && !fi.IsDir(): // reading says what a directory is
		return false, &Error{Kind: ErrCorrupt, Path: path, Err: errors.New("not a file but a " + what(fi.Mode())),
			Hint: "name another file with --store"}
	}
	head, err := readHeader(path)
	if err != nil {
		return false, err
	}
	id := binary.BigEndian.Uint32(head[headerApplicationID:])
	if id != applicationID && id != unsettledID {
		return false, &Error{Kind: ErrForeign, Path: path, Err: fmt.Errorf("application id %#x", id),
			Hint: "name another file with --store"}
	}
	return id == applicationID, versionError(path, int(int32(binary.BigEndian.Uint32(head[headerVersion:]))), false)
}

// readHeader reads the header of a database.
func readHeader(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{Kind: ErrPermission, Path: path, Err: err}
	}
	defer f.Close()
	head := make([]byte, headerLength)
	n, err := io.ReadFull(f, head)
	switch {
	case n == 0 && err == io.EOF:
		return nil, &Error{Kind: ErrNoStore, Path: path, Err: errors.New("the file is empty"),
			Hint: "if it was a store, put a copy of it back; mailstow sync makes a new one"}
	case err != nil && err != io.ErrUnexpectedEOF:
		return nil, &Error{Kind: ErrCorrupt, Path: path, Err: err}
	case n < headerLength || string(head[:len(headerMagic)]) != headerMagic:
		return nil, &Error{Kind: ErrCorrupt, Path: path, Err: errors.New("not an SQLite database"),
			Hint: "name another file with --store, or move this one away"}
	}
	return head, nil
}

// what names a kind of file for people.
func what(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return "pipe"
	case mode&fs.ModeSocket != 0:
		return "socket"
	}
	return "device"
}

// versionError refuses newer schemas, and where exact older ones.
func versionError(path string, version int, exact bool) error {
	switch {
	case version < 0:
		return &Error{Kind: ErrCorrupt, Path: path, Err: fmt.Errorf("schema %d", version),
			Hint: "move it away, and put a copy of it back or sync again"}
	case version > schemaVersion:
		return &Error{Kind: ErrNewer, Path: path, Err: fmt.Errorf("schema %d, known up to %d", version, schemaVersion),
			Hint: "install the newer mailstow again"}
	case version < schemaVersion && exact:
		return &Error{Kind: ErrOlder, Path: path, Err: fmt.Errorf("schema %d, needed %d", version, schemaVersion),
			Hint: "run mailstow sync once"}
	}
	return nil
}

// create makes an empty store under another name, 0600 before SQLite sees it,
// and renames it when it is complete.
func (s *Store) create(ctx context.Context, settled, passing bool) error {
	f, err := os.CreateTemp(filepath.Dir(s.path), "."+filepath.Base(s.path)+".new-*") // mode 0600
	if err != nil {
		return &Error{Kind: ErrPermission, Path: s.path, Err: err, Hint: "name another place with --store"}
	}
	f.Close()
	defer os.Remove(f.Name())
	id, boot := applicationID, ""
	if !settled {
		id, boot = unsettledID, s.boot
	}
	if err := createIn(ctx, f.Name(), id, schemaVersion, passing); err != nil {
		return err
	}
	if err := clearPlace(s.path); err != nil {
		return err
	}
	s.lock.setBoot(boot) // before there is a store that it tells of, and not of the one before
	return os.Rename(f.Name(), s.path)
}

// pageSize suits mail: most compressed messages fit a page, and what each costs on
// its way through the WAL is paid half as often as with 16 KiB. With 64 KiB an edit
// of a few rows would cost noticeably more.
const pageSize = 32 << 10

// createIn fills the empty file name with the schema of a version.
func createIn(ctx context.Context, name string, id, version int, passing bool) error {
	db, err := sql.Open("sqlite", dsn(name, fmt.Sprintf("mode=rw&_txlock=immediate&_journal_mode=MEMORY&_synchronous=FULL&_pragma=page_size(%d)", pageSize)))
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", id)); err != nil {
		return err
	}
	if err := migrate(ctx, db, version); err != nil {
		return err
	}
	if passing {
		if _, err := db.ExecContext(ctx, "INSERT INTO passing VALUES (1)"); err != nil {
			return err
		}
	}
	return db.Close()
}
