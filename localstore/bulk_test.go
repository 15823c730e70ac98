package localstore

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func journalMode(t *testing.T, s *Store) string {
	t.Helper()
	var mode string
	if err := s.writer.QueryRow("PRAGMA journal_mode").Scan(&mode); err != nil {
		t.Fatal(err)
	}
	return mode
}

// A large pull writes without WAL, reads see what is committed, and the everyday
// mode comes back whatever fn does.
func TestBulk(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	boom := errors.New("boom")
	for _, want := range []error{nil, boom} {
		err := s.Bulk(bg, func() error {
			if mode := journalMode(t, s); mode != "truncate" {
				t.Errorf("journal mode %q", mode)
			}
			if want == nil {
				ids := arrive(t, s, p, 1, 2)
				put(t, s, ids[0], "one\r\n\r\nbody")
				if m, err := s.Message(bg, ids[0]); err != nil || m.State != StatePresent {
					t.Errorf("%+v %v", m, err)
				}
			}
			return want
		})
		if !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
		if mode := journalMode(t, s); mode != "wal" {
			t.Errorf("journal mode %q afterwards", mode)
		}
	}
}

// Somebody else reads: the pull goes on with the WAL, at once.
func TestBulkBesideReader(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	other, err := Open(bg, s.Path(), Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	err = s.Bulk(bg, func() error {
		if mode := journalMode(t, s); mode != "wal" {
			t.Errorf("journal mode %q", mode)
		}
		arrive(t, s, p, 1)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A store whose writer was killed in a bulk pull opens, for reading too, and
// has what was committed. The copy has the files as a kill leaves them.
func TestBulkKilled(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	copied := filepath.Join(t.TempDir(), "copy.db")
	err := s.Bulk(bg, func() error {
		arrive(t, s, p, 1, 2, 3)
		return s.Update(bg, func(tx *Tx) error {
			// A cache too small for the changes is spilled into the file.
			if _, err := tx.exec("PRAGMA cache_size = 2"); err != nil {
				return err
			}
			if _, err := tx.exec("UPDATE message SET base = ?, local = ?", strings.Repeat("x", 60000), "y"); err != nil {
				return err
			}
			for _, suffix := range []string{"", "-journal"} {
				data, err := os.ReadFile(s.Path() + suffix)
				if err != nil {
					return err
				}
				if err := os.WriteFile(copied+suffix, data, 0o600); err != nil {
					return err
				}
			}
			return errors.New("killed")
		})
	})
	if err == nil || err.Error() != "killed" {
		t.Fatal(err)
	}
	if fi, err := os.Stat(copied + "-journal"); err != nil || fi.Size() == 0 {
		t.Fatalf("no journal to roll back: %v", err)
	}
	for _, o := range []Options{{ReadOnly: true}, {}} {
		c, err := Open(bg, copied, o)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		if err := c.Rows(bg, p.gen, func(r Row) error { n++; return nil }); err != nil || n != 3 {
			t.Errorf("%d rows, %v", n, err)
		}
		if err := c.Check(bg, CheckOptions{}, func(f Finding) { t.Errorf("%+v", f) }); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}
