package localstore

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	lib "modernc.org/sqlite/lib"
)

// A store is fresh in its first seconds: nothing that SQLite writes is synced, which would
// be an eighth of the time of a first sync. What came by then can be had again as fast.
//
// Its header has an application id of its own until it is settled: all of it is synced
// first, then the id is changed, and that is synced too. Who finds a file that is not
// settled asks whether the machine still runs that wrote it. If so, nothing is lost, since
// its process was killed at most; if not, the power was cut, the file may be anything, and
// a new store takes its place (see fresh_cut.go). Before the first edit the store is
// settled, else with the first transaction after its time: until then it holds nothing
// that its owner did.
const freshFor = 10 * time.Second

// freshFlush is after how many checkpoints the system gets to write what they moved: all
// of it at the end would be waited for. 32 MiB of bodies.
const freshFlush = 4

// fresh is what a store has that was not settled when it was opened.
type fresh struct {
	file  *os.File             // nil: it is settled. Closed last: that ends the locks of SQLite (sqlite.org/howtocorrupt.html, 2.2)
	flush func(*os.File) error // see Options
	until time.Time            // when it is to be settled
	done  bool                 // it is; the writer's connection guards it

	mu     sync.Mutex
	failed error // see flushFresh
}

// bootID tells one run of the machine from any other; empty: it cannot be told here, and no
// store is fresh.
var bootID = sync.OnceValue(func() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id") // Linux: random(4)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
})

// openFresh is for a store that is not settled, before SQLite opens it.
func (s *Store) openFresh() (err error) {
	s.fresh.file, err = os.OpenFile(s.path, os.O_RDWR, 0)
	return err
}

// beginFresh lets the writer of a store that was just made not wait for the disk.
func (s *Store) beginFresh(ctx context.Context) error {
	s.fresh.until = time.Now().Add(freshFor)
	_, err := s.writer.ExecContext(ctx, "PRAGMA synchronous=OFF")
	return err
}

// flushFresh has the system write the file. It says only once what it could not write, and
// then takes it for written (fsync(2)): a store that this happened to is never settled, and
// who opens it next makes a new one.
func (s *Store) flushFresh() error {
	f := &s.fresh
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed != nil {
		return f.failed
	}
	if err := f.flush(f.file); err != nil {
		f.failed = s.failed(lib.SQLITE_IOERR, err)
		s.lock.setBoot("")
	}
	return f.failed
}

// settleIfDue is called between two transactions.
func (s *Store) settleIfDue(conn execer, durable bool) error {
	if s.fresh.settled() || !durable && time.Now().Before(s.fresh.until) {
		return nil
	}
	return s.settle(conn)
}

// settle has all on the disk when it returns nil, and from then on what is to be there. It
// is not interrupted: half of it would be left with the connection.
func (s *Store) settle(conn execer) error {
	if s.fresh.settled() {
		return nil
	}
	err := s.ahead.restart()
	if err == nil {
		err = s.emptyWAL(conn)
	}
	if err == nil {
		err = s.flushFresh()
	}
	if err == nil {
		s.durable = true
		err = execAll(conn, "PRAGMA synchronous=FULL", fmt.Sprintf("PRAGMA application_id=%d", applicationID))
	}
	if err == nil {
		s.fresh.done = true
		s.lock.setBoot("")
		err = execAll(conn, "PRAGMA wal_checkpoint(PASSIVE)") // so that the header says it
	}
	return err
}

// emptyWAL keeps what was moved already from being written to the disk all the same, unless
// somebody reads: nobody is waited for.
func (s *Store) emptyWAL(conn execer) error {
	return execAll(conn, "PRAGMA busy_timeout=0", "PRAGMA wal_checkpoint(TRUNCATE)",
		fmt.Sprintf("PRAGMA busy_timeout=%d", s.busy.Milliseconds()))
}

func execAll(conn execer, queries ...string) error {
	for _, q := range queries {
		if _, err := conn.ExecContext(context.Background(), q); err != nil {
			return err
		}
	}
	return nil
}

type execer interface {
	ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error)
}

func (f *fresh) settled() bool { return f.file == nil || f.done }

func (f *fresh) close() error {
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	return err
}
