package localstore

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Update keeps all or nothing, whatever way fn ends.
func TestUpdateRollsBack(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	boom := errors.New("boom")
	arriveIn := func(tx *Tx) {
		if _, err := tx.Arrive(p.run, p.gen, []Arrival{{UID: 1}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Update(bg, func(tx *Tx) error { arriveIn(tx); return boom }); err != boom {
		t.Errorf("error: %v", err)
	}
	func() {
		defer func() {
			if recover() != "boom" {
				t.Error("the panic was swallowed")
			}
		}()
		s.Update(bg, func(tx *Tx) error { arriveIn(tx); panic("boom") })
	}()
	// A failed step cannot be passed over: half a step may have been done.
	err := s.Update(bg, func(tx *Tx) error {
		arriveIn(tx)
		if _, err := tx.Arrive(p.run, p.gen, []Arrival{{UID: 1}}); err == nil {
			t.Error("a UID was taken twice")
		}
		return nil
	})
	if err == nil {
		t.Error("the failed step was committed")
	}
	if n := count(t, s, "SELECT count(*) FROM message"); n != 0 {
		t.Errorf("%d messages", n)
	}
	arrive(t, s, p, 1)
}

// smallDisks are ways to run out of space.
var smallDisks = map[string]func(t *testing.T, run func(path string, full, space func(*Store))){"pages": limitedPages}

// Failure table 4: a full disk costs the batch, says so, and leaves a store that
// can be read and, with space again, written.
func TestDiskFull(t *testing.T) {
	for name, with := range smallDisks {
		t.Run(name, func(t *testing.T) {
			with(t, func(path string, full, space func(*Store)) {
				s := openStore(t, path, Options{Create: true})
				defer s.Close()
				p := newPlace(t, s, "INBOX")
				first := arrive(t, s, p, 1)[0]
				put(t, s, first, "kept")
				full(s)
				err := s.Update(bg, func(tx *Tx) error { return fillDisk(tx, p) })
				var own *Error
				if !errors.Is(err, ErrFull) || !errors.As(err, &own) || own.Path != path || own.Hint == "" {
					t.Fatalf("%#v, want %v", err, ErrFull)
				}
				if !strings.Contains(err.Error(), "disk full, nothing of this batch was kept") {
					t.Errorf("says %q", err)
				}
				_, err = s.Stage(bg, NewPacker(), strings.NewReader(noise(32<<20, 1)))
				if !errors.Is(err, ErrFull) {
					t.Errorf("staging: %v", err)
				}
				wantBody(t, s, first, []byte("kept"))
				checkClean(t, s)
				space(s)
				arrive(t, s, p, 2)
				checkClean(t, s)
			})
		})
	}
}

// fillDisk writes until the store fails, and swallows the failure.
func fillDisk(tx *Tx, p place) error {
	for uid := uint32(2); uid < 1000; uid++ {
		ids, err := tx.Arrive(p.run, p.gen, []Arrival{{UID: uid}})
		if err != nil {
			return nil
		}
		b, err := NewPacker().Pack(strings.NewReader(noise(200<<10, uint64(uid))))
		if err != nil {
			return err
		}
		if tx.PutBody(ids[0], b) != nil {
			return nil
		}
	}
	return errors.New("the disk never filled")
}

func limitedPages(t *testing.T, run func(string, func(*Store), func(*Store))) {
	limit := func(n int) func(*Store) {
		return func(s *Store) {
			if _, err := s.writer.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", n)); err != nil {
				t.Fatal(err)
			}
		}
	}
	run(filepath.Join(t.TempDir(), "mail.db"), limit(200), limit(1<<30))
}

// Failure table 5: another program writing is waited for; when it takes too long
// that is said, and nothing is lost. What was read before the wait cannot make
// the transaction fail (SQLITE_BUSY_SNAPSHOT): it begins as a writer.
func TestBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.db")
	s := openStore(t, path, Options{Create: true, busy: 10 * time.Millisecond})
	defer s.Close()
	p := newPlace(t, s, "INBOX")
	other, err := sql.Open("sqlite", dsn(path, "_txlock=immediate"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	called := false
	err = s.Update(bg, func(*Tx) error { called = true; return nil })
	if !errors.Is(err, ErrBusy) || called {
		t.Errorf("%v, want %v; began: %v", err, ErrBusy, called)
	}
	tx.Rollback()
	err = s.Update(bg, func(*Tx) error {
		if _, err := other.Exec("PRAGMA busy_timeout = 0; UPDATE account SET name = 'x'"); sqliteCode(err) != 5 {
			t.Errorf("another program wrote inside a transaction: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	arrive(t, s, p, 1)
	checkClean(t, s)
}

// Failure table 37 at its worst: the structure of the file is broken.
func TestCorruptFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.db")
	s := openStore(t, path, Options{Create: true})
	p := newPlace(t, s, "INBOX")
	var uids []uint32
	for uid := uint32(1); uid <= 2000; uid++ {
		uids = append(uids, uid)
	}
	arrive(t, s, p, uids...)
	root := count(t, s, "SELECT rootpage FROM sqlite_schema WHERE name = 'message'")
	s.Close()
	overwrite(t, path, int64(root-1)*pageSize, []byte(strings.Repeat("rot", 4000)))
	s = openStore(t, path, Options{})
	defer s.Close()
	err := s.Rows(bg, p.gen, func(Row) error { return nil })
	if !errors.Is(err, ErrCorrupt) {
		t.Errorf("rows: %v", err)
	}
	found := findings(t, s)
	if len(found) == 0 || found[0].Kind != FoundFile {
		t.Errorf("check found %+v", found)
	}
}

func overwrite(t tb, path string, at int64, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}
