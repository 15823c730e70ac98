package localstore

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// A store is fresh in its first seconds: nothing that SQLite writes is synced, which would
// be a seventh of the time of a first sync. What came by then can be had again as fast.
//
// Its header has an application id of its own until it is settled: all of it is synced
// first, then the id is changed, and that is synced too. Who finds a file that is not
// settled asks whether the machine still runs that wrote it. If so, nothing is lost, since
// its process was killed at most; if not, the power was cut, the file may be anything, and
// a new store takes its place; it is set aside as .cut-short. Before the first edit the
// store is settled: until then it holds nothing that no server has.
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

// settled tells by the header of a store whether it is.
func settled(path string) bool {
	head, err := readHeader(path)
	return err != nil || binary.BigEndian.Uint32(head[headerApplicationID:]) != unsettledID
}

// checkCut gives ErrNoStore for what a power cut left of a store that was not settled.
func (s *Store) checkCut(ctx context.Context) error {
	if settled(s.path) || s.boot != "" && lockBoot(s.path) == s.boot {
		return nil
	}
	id, err := s.askID(ctx) // the WAL may know better
	if err == nil && id == unsettledID || errors.Is(err, ErrCorrupt) {
		return &Error{Kind: ErrNoStore, Path: s.path, Err: errors.New("a power cut came before its first seconds were on the disk"),
			Hint: "run mailstow sync: it begins anew, and sets aside what there is"}
	}
	return err
}

func (s *Store) askID(ctx context.Context) (id uint32, err error) {
	var db *sql.DB
	if err = s.openPool(ctx, &db, "mode=rw&_query_only=1"); err == nil {
		err = s.wrap(db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id))
	}
	if db != nil {
		db.Close()
	}
	return id, err
}

// openFresh finds out whether the store is one, before SQLite opens it.
func (s *Store) openFresh() (err error) {
	if !settled(s.path) {
		s.fresh.file, err = os.OpenFile(s.path, os.O_RDWR, 0)
	}
	return err
}

// beginFresh lets the writer of a store that was just made not wait for the disk.
func (s *Store) beginFresh(ctx context.Context) error {
	s.fresh.until = time.Now().Add(freshFor)
	s.lock.setBoot(s.boot)
	_, err := s.writer.ExecContext(ctx, "PRAGMA synchronous=OFF")
	return err
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
		err = s.fresh.flush(s.fresh.file)
	}
	if err == nil {
		s.durable = true
		err = execAll(conn, "PRAGMA synchronous=FULL", fmt.Sprintf("PRAGMA application_id=%d", applicationID))
	}
	if err == nil {
		s.fresh.done = true
		s.lock.setBoot("")
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

// markSettled is for the copy of a store that may be fresh.
func markSettled(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(binary.BigEndian.AppendUint32(nil, applicationID), headerApplicationID)
	return errors.Join(err, f.Close())
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
