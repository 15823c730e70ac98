package localstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mailstow/sync/testkit/faultfile"
)

// freshStore holds one message with a body, and was not settled yet.
func freshStore(t *testing.T) *Store {
	t.Helper()
	s := newStoreOf(t, Options{Create: true, boot: "this"})
	put(t, s, arrive(t, s, newPlace(t, s, "INBOX"), 1)[0], "one\r\n\r\nbody")
	return s
}

// left is what is found when the process has died: a copy of the files as they are, but
// for what ends with it.
func left(t *testing.T, s *Store) string {
	t.Helper()
	dir := t.TempDir()
	for _, suffix := range []string{"", "-wal", ".lock"} {
		data, err := os.ReadFile(s.Path() + suffix)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "mail.db"+suffix), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "mail.db")
}

// messages counts, and wants nothing else to be wrong.
func messages(t *testing.T, s *Store) (n int) {
	t.Helper()
	checkClean(t, s)
	if err := s.reader.QueryRow("SELECT count(*) FROM message").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func headerID(t *testing.T, path string) uint32 {
	t.Helper()
	head, err := readHeader(path)
	if err != nil {
		t.Fatal(err)
	}
	return binary.BigEndian.Uint32(head[headerApplicationID:])
}

// A process that dies leaves all that it committed, as long as the machine runs: for
// readers, and for the next writer, which settles it.
func TestFreshKilled(t *testing.T) {
	path := left(t, freshStore(t))
	for _, o := range []Options{{ReadOnly: true}, {}, {Create: true}} {
		o.boot = "this"
		s := openStore(t, path, o)
		if n := messages(t, s); n != 1 {
			t.Errorf("%+v: %d messages", o, n)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if want := map[bool]uint32{true: unsettledID, false: applicationID}[o.ReadOnly]; headerID(t, path) != want {
			t.Errorf("%+v: id %#x, want %#x", o, headerID(t, path), want)
		}
	}
}

// What a power cut leaves is no store, and a new one takes its place, with nothing of it.
func TestFreshCut(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"whole":     func(string) error { return nil },
		"no lock":   func(path string) error { return os.Remove(path + ".lock") },
		"no WAL":    func(path string) error { return os.Remove(path + "-wal") },
		"shortened": func(path string) error { return os.Truncate(path, pageSize+1) },
	} {
		path := left(t, freshStore(t))
		if err := damage(path); err != nil {
			t.Fatal(err)
		}
		for _, o := range []Options{{}, {ReadOnly: true}} {
			o.boot = "another"
			var e *Error
			if _, err := Open(bg, path, o); !errors.Is(err, ErrNoStore) || !errors.As(err, &e) || e.Hint == "" {
				t.Errorf("%s: %+v: %v", name, o, err)
			}
		}
		was, _ := os.ReadFile(path)
		s := openStore(t, path, Options{Create: true, boot: "another"})
		if n := messages(t, s); n != 0 {
			t.Errorf("%s: %d messages", name, n)
		}
		s.Close()
		if aside, err := os.ReadFile(path + ".cut-short"); err != nil || !bytes.Equal(aside, was) {
			t.Errorf("%s: %d bytes are set aside of %d, %v", name, len(aside), len(was), err)
		}
	}
}

// A store is settled by its end, by the first edit, and when its time is over; then
// nothing is said of a run of the machine any more.
func TestSettled(t *testing.T) {
	for name, settle := range map[string]func(*Store) error{
		"end":  (*Store).Close,
		"edit": func(s *Store) error { return s.Edit(bg, func(*Tx) error { return nil }) },
		"time": func(s *Store) error {
			s.fresh.until = time.Now()
			return s.Update(bg, func(*Tx) error { return nil })
		},
	} {
		synced := 0
		s := openStore(t, filepath.Join(t.TempDir(), "mail.db"), Options{Create: true, boot: "this", Flush: func(*os.File) error { synced++; return nil }})
		put(t, s, arrive(t, s, newPlace(t, s, "INBOX"), 1)[0], "one\r\n\r\nbody")
		if synced > 0 || lockBoot(s.Path()) != "this" {
			t.Errorf("%s: synced %d times too early, noted %q", name, synced, lockBoot(s.Path()))
		}
		path := s.Path()
		if err := settle(s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if synced != 1 || lockBoot(path) != "" {
			t.Errorf("%s: synced %d times, noted %q", name, synced, lockBoot(path))
		}
		if name != "end" {
			path = left(t, s)
		}
		o := openStore(t, path, Options{ReadOnly: true, boot: "another"})
		if n := messages(t, o); n != 1 {
			t.Errorf("%s: %d messages", name, n)
		}
		o.Close()
		s.Close()
	}
}

// What cannot be brought to the disk is not settled, and no edit is made.
func TestNotSettled(t *testing.T) {
	broken := errors.New("no disk")
	s := openStore(t, filepath.Join(t.TempDir(), "mail.db"), Options{Create: true, boot: "this", Flush: func(*os.File) error { return broken }})
	err := s.Edit(bg, func(*Tx) error {
		t.Error("it is edited")
		return nil
	})
	if !errors.Is(err, broken) {
		t.Error(err)
	}
	if err := s.Close(); !errors.Is(err, broken) {
		t.Errorf("closed: %v", err)
	}
	if id := headerID(t, s.Path()); id != unsettledID {
		t.Errorf("id %#x", id)
	}
}

// Who does not know what runs has no store that is fresh, and a snapshot of a fresh one is
// none.
func TestNotFresh(t *testing.T) {
	s := newStoreOf(t, Options{Create: true, boot: "-"})
	if id := headerID(t, s.Path()); id != applicationID {
		t.Errorf("id %#x", id)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := freshStore(t).Snapshot(bg, copied, false, CheckOptions{}, func(f Finding) { t.Error(f) }); err != nil {
		t.Fatal(err)
	}
	if id := headerID(t, copied); id != applicationID {
		t.Errorf("the snapshot has id %#x", id)
	}
}

// What lies beside no store belongs to one that was moved: it is neither taken for the
// new one's nor removed.
func TestBesideNothing(t *testing.T) {
	s := newStoreOf(t, Options{Create: true, boot: "-"})
	newPlace(t, s, "INBOX")
	path := left(t, s)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	var e *Error
	if _, err := Open(bg, path, Options{Create: true}); !errors.Is(err, ErrNoStore) || !errors.As(err, &e) || e.Hint == "" {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(path + "-wal"); err != nil {
		t.Error(err)
	}
}

// disk is what of a store's files a power cut is sure to leave.
type disk struct {
	path  string
	mu    sync.Mutex
	syncs int
	safe  map[string][]byte
}

// keep notes a file as it is.
func (d *disk) keep(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	data, err := os.ReadFile(filepath.Join(filepath.Dir(d.path), name))
	d.syncs++
	d.safe[name] = data
	return err
}

func (d *disk) watch(op faultfile.Op) faultfile.Code {
	code := op.Do()
	switch {
	case strings.HasPrefix(op.File, "."): // before it has its name
	case op.Kind == faultfile.Sync:
		_ = d.keep(op.File)
	case op.Kind == faultfile.Delete:
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.safe, op.File)
	}
	return code
}

func (d *disk) flush(f *os.File) error { return d.keep(filepath.Base(f.Name())) }

// cut makes a directory of it.
func (d *disk) cut(t *testing.T) string {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	path := filepath.Join(t.TempDir(), "mail.db")
	for name, data := range d.safe {
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// want looks at what a power cut leaves.
func (d *disk) want(t *testing.T, want int) {
	t.Helper()
	s := openStore(t, d.cut(t), Options{ReadOnly: true, boot: "another"})
	defer s.Close()
	if n := messages(t, s); n != want {
		t.Errorf("%d messages, want %d", n, want)
	}
}

// A store that is fresh syncs nothing but what Flush is asked for now and then. What was
// edited in it is there for good with all that was there before, and so is what comes then.
func TestSettledIsOnDisk(t *testing.T) {
	d := &disk{path: filepath.Join(t.TempDir(), "mail.db"), safe: map[string][]byte{}}
	defer faultfile.Watch(filepath.Dir(d.path), d.watch)()
	s := openStore(t, d.path, Options{Create: true, boot: "this", Flush: d.flush})
	defer s.Close()
	p := newPlace(t, s, "INBOX")
	quicken(t, s, 1<<20, 64)
	packer, next := NewPacker(), uint32(1)
	much := func() {
		for range 12 {
			if err := bring(s, packer, next, 1<<20); err != nil {
				t.Fatal(err)
			}
			next++
			s.ahead.wg.Wait()
		}
	}
	d.syncs = 0 // what SQLite did to make it
	much()
	if want := s.ahead.made / freshFlush; d.syncs != want || want < 2 {
		t.Errorf("synced %d times with %d checkpoints", d.syncs, s.ahead.made)
	}
	for range 2 {
		if err := s.Edit(bg, func(tx *Tx) error {
			_, err := tx.Arrive(p.run, p.gen, []Arrival{{UID: next}})
			return errors.Join(err, tx.SetCursor(p.gen, Cursor{Listed: next}))
		}); err != nil {
			t.Fatal(err)
		}
		d.want(t, int(next))
		next++
		much()
	}
}

// When its time is over, all that was there before is, and is written to the disk once:
// not with the WAL as well.
func TestSettledByTime(t *testing.T) {
	d := &disk{path: filepath.Join(t.TempDir(), "mail.db"), safe: map[string][]byte{}}
	defer faultfile.Watch(filepath.Dir(d.path), d.watch)()
	s := openStore(t, d.path, Options{Create: true, boot: "this", Flush: d.flush})
	defer s.Close()
	newPlace(t, s, "INBOX")
	if err := bring(s, NewPacker(), 1, 1<<20); err != nil {
		t.Fatal(err)
	}
	s.fresh.until = time.Now()
	update(t, s, func(tx *Tx) error { return nil })
	d.want(t, 1)
	if n := len(d.safe["mail.db-wal"]); n > 1<<19 {
		t.Errorf("%d bytes of the WAL were synced", n)
	}
}
