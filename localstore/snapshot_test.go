package localstore

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func noFinding(t *testing.T) func(Finding) {
	return func(f Finding) { t.Errorf("%+v", f) }
}

// A snapshot is a store like the one it was taken of, complete, and as private.
func TestSnapshot(t *testing.T) {
	s := newStore(t)
	sampleMail(t, s)
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := s.Snapshot(bg, path, false, CheckOptions{}, noFinding(t)); err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", fi.Mode(), err)
	}
	c := openStore(t, path, Options{})
	defer c.Close()
	for _, q := range []string{"SELECT count(*) FROM mail", "SELECT count(*) FROM event", "SELECT seq FROM sqlite_sequence WHERE name = 'message'", "PRAGMA page_size"} {
		if a, b := count(t, s, q), count(t, c, q); a != b {
			t.Errorf("%s: %d and %d", q, a, b)
		}
	}
	checkClean(t, c)
	wantBody(t, c, 1, func() []byte { b, _ := read(s, 1); return b }())
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) > 4 { // with -wal, -shm, .lock
		t.Errorf("left behind: %v %v", entries, err)
	}
}

// A reader takes one while a transaction is open: that one is not in it, and does
// not wait.
func TestSnapshotBesideWriter(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	r := openStore(t, s.Path(), Options{ReadOnly: true})
	defer r.Close()
	path := filepath.Join(t.TempDir(), "copy.db")
	update(t, s, func(tx *Tx) error {
		if _, err := tx.Arrive(p.run, p.gen, []Arrival{{UID: 1}}); err != nil {
			return err
		}
		if err := r.Snapshot(bg, path, false, CheckOptions{}, noFinding(t)); err != nil {
			return err
		}
		return tx.SetCursor(p.gen, Cursor{Listed: 1})
	})
	c := openStore(t, path, Options{ReadOnly: true})
	defer c.Close()
	if n := count(t, c, "SELECT count(*) FROM message"); n != 0 {
		t.Errorf("%d messages of an open transaction", n)
	}
}

// Nothing but an older snapshot is written over.
func TestSnapshotPlace(t *testing.T) {
	s := newStore(t)
	dir := t.TempDir()
	foreign, empty, copied := filepath.Join(dir, "foreign"), filepath.Join(dir, "empty"), filepath.Join(dir, "copy.db")
	for name, text := range map[string]string{foreign: "my diary", empty: ""} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	take := func(path string, replace bool) error {
		return s.Snapshot(bg, path, replace, CheckOptions{}, noFinding(t))
	}
	if err := take(copied, false); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		path    string
		replace bool
		want    error
	}{
		"there":             {copied, false, ErrExists},
		"another file":      {foreign, true, ErrCorrupt},
		"the store":         {s.Path(), true, ErrExists},
		"no directory":      {filepath.Join(dir, "none", "x"), false, ErrPermission},
		"an older snapshot": {copied, true, nil},
		"nothing yet":       {empty, true, ErrNoStore},
	} {
		if err := take(test.path, test.replace); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	if err := os.WriteFile(copied+"-wal", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := take(copied, true); !errors.Is(err, ErrInUse) {
		t.Error(err)
	}
	if text, err := os.ReadFile(foreign); err != nil || string(text) != "my diary" {
		t.Errorf("%q %v", text, err)
	}
}
