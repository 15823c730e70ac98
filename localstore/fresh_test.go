package localstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
	if _, err := Open(bg, path, Options{Create: true, Passing: true, boot: "this"}); !errors.Is(err, ErrKeeping) {
		t.Errorf("as the state of a migration: %v", err)
	}
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
		asides, _ := filepath.Glob(path + ".cut-short-*[0-9]")
		if aside, err := os.ReadFile(strings.Join(asides, " ")); err != nil || !bytes.Equal(aside, was) {
			t.Errorf("%s: %d bytes are set aside of %d, %v", name, len(aside), len(was), err)
		}
	}
}

// A disk that was pulled out leaves anything, too, and the machine runs on.
func TestFreshPulled(t *testing.T) {
	path := left(t, freshStore(t))
	if err := errors.Join(os.Remove(path+"-wal"), os.Truncate(path, 20*pageSize)); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, path, Options{Create: true, boot: "this"})
	defer s.Close()
	if n := messages(t, s); n != 0 {
		t.Errorf("%d messages", n)
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

// What could not be brought to the disk once is never settled, whatever the system says
// later: no edit is made, and the next one makes a new store.
func TestNotSettled(t *testing.T) {
	broken, tries := errors.New("no disk"), 0
	o := Options{Create: true, boot: "this", Flush: func(*os.File) error {
		if tries++; tries == 1 {
			return broken
		}
		return nil
	}}
	s := openStore(t, filepath.Join(t.TempDir(), "mail.db"), o)
	arrive(t, s, newPlace(t, s, "INBOX"), 1)
	for range 2 {
		err := s.Edit(bg, func(*Tx) error {
			t.Error("it is edited")
			return nil
		})
		if !errors.Is(err, broken) || !errors.Is(err, ErrIO) {
			t.Error(err)
		}
	}
	if err := s.Close(); !errors.Is(err, broken) {
		t.Errorf("closed: %v", err)
	}
	s = openStore(t, s.Path(), o)
	defer s.Close()
	if n := messages(t, s); n != 0 {
		t.Errorf("%d messages", n)
	}
}

// What is noted beside the store can be read at any time.
func TestBootStaysNoted(t *testing.T) {
	s := freshStore(t)
	done := make(chan error)
	go func() {
		var err error
		for run := range RunID(3000) {
			err = errors.Join(err, s.MarkRun(1, 1000+run%2*100000))
		}
		done <- err
	}()
	for reads, lost := 0, 0; ; reads++ {
		select {
		case err := <-done:
			if lost > 0 || reads < 100 || err != nil {
				t.Errorf("%d of %d times it was not there, %v", lost, reads, err)
			}
			return
		default:
			if lockBoot(s.Path()) != "this" {
				lost++
			}
		}
	}
}

// Who does not know what runs has no store that is fresh, the state of a migration is never, and a snapshot of a fresh one is
// none.
func TestNotFresh(t *testing.T) {
	for _, o := range []Options{{Create: true, boot: "-"}, {Create: true, Passing: true, boot: "this"}} {
		if id := headerID(t, newStoreOf(t, o).Path()); id != applicationID {
			t.Errorf("%+v: id %#x", o, id)
		}
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

// A caller that gives up leaves nothing half settled.
func TestSettledAllTheSame(t *testing.T) {
	ctx, cancel := context.WithCancel(bg)
	defer cancel()
	s := newStoreOf(t, Options{Create: true, boot: "this", Flush: func(*os.File) error { cancel(); return nil }})
	if err := s.Edit(ctx, func(*Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if !s.fresh.settled() || headerID(t, s.Path()) != applicationID || lockBoot(s.Path()) != "" {
		t.Errorf("settled %v, id %#x, noted %q", s.fresh.settled(), headerID(t, s.Path()), lockBoot(s.Path()))
	}
}
