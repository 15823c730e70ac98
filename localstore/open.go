package localstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options says how to open a store.
type Options struct {
	Create   bool             // make it, and its directory, when it is not there
	ReadOnly bool             // no lock, no writing; works beside a running writer
	Passing  bool             // the state of migrations, through which bodies pass: no store is opened for it, nor it for a store
	Wait     time.Duration    // how long to wait for another writer to finish
	Now      func() time.Time // clock of events and problems; nil is time.Now

	// Merge is the three-way merge of flag sets in canonical text, as package
	// conflict has it. Edits of flags, and what comes back of them, need it.
	Merge func(base, local, remote string) string

	// Flush has the system write what it keeps of a file; nil is File.Sync. For tests that
	// cut the power.
	Flush func(*os.File) error

	busy time.Duration // how long SQLite waits for other programs; 0 is 10 s
	boot string        // in place of bootID; "-" is none
	lazy bool          // Edit does not wait for the disk: for tests of very many edits
}

// Store is an open store. Reading methods may be called from any goroutine,
// also beside Update; each sees the last commit before it began.
type Store struct {
	path     string
	lock     *lock
	writer   *sql.DB // one connection; nil when opened for reading only
	reader   *sql.DB
	now      func() time.Time
	merge    func(base, local, remote string) string // nil: not given
	busy     time.Duration                           // how long SQLite waits for other programs
	lazy     bool                                    // Edit is no more than Update
	durable  bool                                    // whether the writer waits for the disk; its connection guards it
	passing  bool                                    // see Passing
	nextBody atomic.Int64                            // id of the next body; ids may be skipped
	kept     kept
	ahead    checkpointer
	boot     string // see bootID
	fresh    fresh
	trusted  sync.Map // by GenerationID: see believed
	queries  queries
}

// Open opens the store at path. A file that is not ours, damaged, or newer than
// this program is refused before anything of it is touched. A writer holds the
// kernel lock until Close; a second one gets ErrInUse with the holder's pid.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	path, err := resolve(path)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, now: o.Now, merge: o.Merge, busy: o.busy, lazy: o.lazy}
	if s.now == nil {
		s.now = time.Now
	}
	if s.busy == 0 {
		s.busy = 10 * time.Second
	}
	if s.fresh.flush = o.Flush; s.fresh.flush == nil {
		s.fresh.flush = (*os.File).Sync
	}
	s.boot = strings.TrimPrefix(cmp.Or(o.boot, bootID()), "-")
	if err := s.open(ctx, o); err != nil {
		s.Close()
		return nil, s.wrap(canceled(ctx, err))
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, o Options) error {
	settled, err := checkHeader(s.path)
	if err != nil && !(errors.Is(err, ErrNoStore) && o.Create && !o.ReadOnly) {
		return err
	}
	if o.ReadOnly {
		if !settled {
			if err := s.checkCut(ctx); err != nil {
				return err
			}
		}
		return s.openReader(ctx, o)
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return &Error{Kind: ErrPermission, Path: s.path, Err: err, Hint: "name another place with --store"}
	}
	if s.lock, err = takeLock(ctx, s.path, o.Wait); err != nil {
		return err
	}
	return s.openLocked(ctx, o)
}

// openLocked looks again: another writer may have made the file while this one waited.
func (s *Store) openLocked(ctx context.Context, o Options) error {
	settled, err := checkHeader(s.path)
	if err == nil && !settled {
		err = s.checkCut(ctx)
	}
	made := errors.Is(err, ErrNoStore) && o.Create
	if made {
		settled = s.boot == "" || o.Passing
		err = s.create(ctx, settled, o.Passing)
	}
	if err == nil && !settled {
		err = s.openFresh()
	}
	if err == nil {
		err = s.openWriter(ctx, o)
	}
	if err == nil && made && !settled {
		err = s.beginFresh(ctx)
	}
	return err
}

// openWriter opens both pools, upgrades the schema and tidies up after a writer
// that was killed.
func (s *Store) openWriter(ctx context.Context, o Options) error {
	if err := s.openPool(ctx, &s.reader, "mode=rw&_query_only=1&_pragma=cache_size(-512)"); err != nil {
		return err // a reader's cache is thrown away with every commit: to fill more costs more than it saves
	}
	if err := s.checkVersion(ctx, o, false); err != nil {
		return err
	}
	s.ahead.pace(s.passing)
	// As much cache as its allocator keeps at hand: what is more is given back to the system
	// page by page when the store is closed.
	err := s.openPool(ctx, &s.writer, "mode=rw&_txlock=immediate&_journal_mode=WAL&_synchronous=NORMAL"+
		"&_foreign_keys=1&_pragma=cache_size(-4096)&_pragma=journal_size_limit(134217728)"+
		fmt.Sprintf("&_pragma=wal_autocheckpoint(%d)", s.ahead.walPages))
	if err != nil {
		return err
	}
	s.writer.SetMaxOpenConns(1)
	if err := migrate(ctx, s.writer, schemaVersion); err != nil {
		return err
	}
	return s.recoverStaging(ctx)
}

// openReader opens for reading alone. In a directory it may not write to, SQLite
// can still read a store that no writer left a WAL for.
func (s *Store) openReader(ctx context.Context, o Options) error {
	err := s.openPool(ctx, &s.reader, "mode=rw&_query_only=1")
	if err != nil && (errors.Is(err, ErrPermission) || errors.Is(err, ErrIO)) {
		err = s.openImmutable(ctx, err)
	}
	if err != nil {
		return err
	}
	return s.checkVersion(ctx, o, true)
}

func (s *Store) openImmutable(ctx context.Context, cause error) error {
	if f, err := os.Open(s.path); err != nil {
		return cause
	} else {
		f.Close()
	}
	if wal, err := os.Stat(s.path + "-wal"); err == nil && wal.Size() > 0 {
		return &Error{Kind: ErrReadOnlyDir, Path: s.path, Err: cause,
			Hint: "the last writer left a -wal file: make the directory writable, or copy all files of the store elsewhere"}
	}
	s.reader.Close()
	return s.openPool(ctx, &s.reader, "mode=ro&immutable=1&_query_only=1")
}

// openPool opens a connection pool and tries a first read.
func (s *Store) openPool(ctx context.Context, db **sql.DB, params string) error {
	var err error
	if *db, err = sql.Open("sqlite", dsn(s.path, fmt.Sprintf("%s&_busy_timeout=%d", params, s.busy.Milliseconds()))); err != nil {
		return err
	}
	var n int
	return s.wrap((*db).QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&n))
}

// checkVersion is checkHeader's second look, through SQLite, before anything is touched:
// a newer version may still sit in the WAL, and the file be of the other kind.
func (s *Store) checkVersion(ctx context.Context, o Options, exact bool) error {
	var version int
	err := s.reader.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	if err == nil {
		err = versionError(s.path, version, exact)
	}
	if err == nil && version >= passingVersion {
		err = s.ask(ctx, "SELECT EXISTS (SELECT 1 FROM passing)", nil, &s.passing)
	}
	if err != nil {
		return err
	}
	return s.checkKind(o)
}

// Path is the file of the store, with symbolic links resolved.
func (s *Store) Path() string { return s.path }

// dsn is the name of path for the driver. Only with file: are parameters heard.
func dsn(path, params string) string {
	p := filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" {
		p = "/" + p
	}
	return "file:" + (&url.URL{Path: p}).EscapedPath() + "?" + params
}

// resolve follows symbolic links, so that lock and store are found beside each
// other by whatever name. A link to nothing is refused: more often a disk is not
// mounted than a new store is wanted there.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		return real, nil
	}
	if fi, lerr := os.Lstat(path); errors.Is(err, fs.ErrNotExist) && lerr == nil && fi.Mode()&fs.ModeSymlink != 0 {
		return "", &Error{Kind: ErrNoStore, Path: path, Hint: "the file is a link to nothing: is its disk mounted?"}
	}
	if dir, derr := filepath.EvalSymlinks(filepath.Dir(path)); derr == nil {
		return filepath.Join(dir, filepath.Base(path)), nil
	}
	return path, nil
}
