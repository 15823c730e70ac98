package localstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Failure table 38, and every other file that is not for this program: its own
// error, and not a byte of the file or its directory changed.
func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	exec := func(name string, statements ...string) string {
		path := filepath.Join(dir, name)
		db, err := sql.Open("sqlite", dsn(path, ""))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, q := range statements {
			if _, err := db.Exec(q); err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	newer := filepath.Join(dir, "newer")
	openStore(t, newer, Options{Create: true}).Close()
	exec("newer", "PRAGMA user_version = 9999")
	os.Remove(newer + ".lock")
	if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		path string
		want error
	}{
		{write("text", strings.Repeat("this is not a database\n", 50)), ErrCorrupt},
		{write("short", "SQLite format 3\x00"), ErrCorrupt},
		{exec("foreign", "CREATE TABLE x(y)", "PRAGMA user_version = 1"), ErrForeign},
		{exec("foreign-wal", "PRAGMA application_id = 77", "PRAGMA journal_mode = WAL", "CREATE TABLE x(y)"), ErrForeign},
		{newer, ErrNewer},
		{filepath.Join(dir, "link"), ErrNoStore},
		{dir, ErrCorrupt},
	}
	for _, o := range []Options{{}, {Create: true}, {ReadOnly: true}} {
		for _, test := range tests {
			before := snapshot(t, dir)
			s, err := Open(bg, test.path, o)
			if err == nil {
				s.Close()
			}
			if !errors.Is(err, test.want) {
				t.Errorf("%s %+v: %v, want %v", test.path, o, err, test.want)
			}
			if after := snapshot(t, dir); after != before {
				t.Errorf("%s %+v: changed\n%s\n%s", test.path, o, before, after)
			}
		}
	}
}

// snapshot is the content of a directory, names and bytes.
func snapshot(t tb, dir string) string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		b, _ := os.ReadFile(filepath.Join(dir, f.Name()))
		fmt.Fprintf(&all, "%s %x\n", f.Name(), sha256.Sum256(b))
	}
	return all.String()
}

func TestOpenNeedsCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "er", "mail.db")
	for _, o := range []Options{{}, {ReadOnly: true}, {ReadOnly: true, Create: true}} {
		if _, err := Open(bg, path, o); !errors.Is(err, ErrNoStore) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if _, err := os.Stat(filepath.Dir(path)); err == nil {
		t.Error("the directory was made all the same")
	}
}

// An empty file, as mktemp makes it, is where a store can be.
func TestOpenEmptyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(bg, path, Options{}); !errors.Is(err, ErrNoStore) {
		t.Errorf("without Create: %v", err)
	}
	openStore(t, path, Options{Create: true}).Close()
}

func TestCreated(t *testing.T) {
	s := newStoreOf(t, Options{Create: true, boot: "-"})
	for pragma, want := range map[string]string{"page_size": fmt.Sprint(pageSize), "application_id": "1836282999", "user_version": fmt.Sprint(schemaVersion), "journal_mode": "wal"} {
		var got string
		if err := s.writer.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s is %s, want %s", pragma, got, want)
		}
	}
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(s.Path()), ".*"))
	if len(files) != 0 {
		t.Errorf("left behind: %q", files)
	}
}

// A reader sees each commit of a running writer, takes no lock and cannot write.
func TestReadOnlyBesideWriter(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	r := openStore(t, s.Path(), Options{ReadOnly: true})
	defer r.Close()
	if n := count(t, r, "SELECT count(*) FROM mail"); n != 0 {
		t.Errorf("%d messages", n)
	}
	err := s.Update(bg, func(tx *Tx) error {
		if _, err := tx.Arrive(p.run, p.gen, []Arrival{{UID: 1}}); err != nil {
			return err
		}
		if n := count(t, r, "SELECT count(*) FROM mail"); n != 0 {
			t.Errorf("%d messages before the commit", n)
		}
		return tx.SetCursor(p.gen, Cursor{Listed: 1})
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t, r, "SELECT count(*) FROM mail"); n != 1 {
		t.Errorf("%d messages after the commit", n)
	}
	if err := r.Update(bg, func(*Tx) error { return nil }); !errors.Is(err, ErrReadOnly) {
		t.Errorf("update: %v", err)
	}
	if _, err := r.reader.Exec("DELETE FROM event"); err == nil {
		t.Error("a reader's connection writes")
	}
}

// Links to a store lead to one lock.
func TestLockThroughLink(t *testing.T) {
	s := newStore(t)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(s.Path(), link); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(bg, link, Options{}); !errors.Is(err, ErrInUse) {
		t.Errorf("%v, want %v", err, ErrInUse)
	}
}

func TestWaitForLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.db")
	s := openStore(t, path, Options{Create: true})
	if _, err := Open(bg, path, Options{Wait: 2 * lockPoll}); !errors.Is(err, ErrInUse) {
		t.Errorf("after waiting: %v", err)
	}
	ctx, cancel := context.WithCancel(bg)
	cancel()
	if _, err := Open(ctx, path, Options{Wait: time.Hour}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	opened := make(chan error)
	go func() {
		s, err := Open(bg, path, Options{Wait: time.Hour})
		if err == nil {
			err = s.Close()
		}
		opened <- err
	}()
	s.Close()
	if err := <-opened; err != nil {
		t.Error(err)
	}
}

// A path that is no regular file is refused untouched: a pipe must not be
// waited for, nor replaced by a store.
func TestOpenRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := makePipe(pipe); err != nil {
		t.Skipf("NOT TESTED: no pipes here: %v", err)
	}
	for _, path := range []string{dir, pipe} {
		before, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range []Options{{Create: true}, {ReadOnly: true}} {
			s, err := Open(bg, path, o)
			if !errors.Is(err, ErrCorrupt) || s != nil {
				t.Errorf("%s, %+v: %v", path, o, err)
			}
		}
		if after, err := os.Stat(path); err != nil || after.Mode() != before.Mode() {
			t.Errorf("%s: was %v, is %v, %v", path, before.Mode(), after.Mode(), err)
		}
	}
}

// A version that no schema has is refused, also where only the WAL has it.
func TestOpenRefusesNegativeVersion(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, filepath.Join(dir, "mail.db"), Options{Create: true, boot: "-"})
	defer s.Close()
	if _, err := s.writer.Exec("PRAGMA user_version = -1"); err != nil {
		t.Fatal(err)
	}
	copied := left(t, s)
	for _, o := range []Options{{}, {ReadOnly: true}} {
		if _, err := Open(bg, copied, o); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%+v: %v, want %v", o, err, ErrCorrupt)
		}
	}
}

// What a statement would undo, and the new file of VACUUM, are as large as the mail: they
// go to the disk and not into memory.
func TestWriterSpillsToDisk(t *testing.T) {
	var store int
	if err := newStore(t).writer.QueryRow("PRAGMA temp_store").Scan(&store); err != nil || store == 2 {
		t.Errorf("temp_store %d, %v", store, err)
	}
}
