package localstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var bg = context.Background()

// tb is what testing.T, testing.B and rapid.T have in common.
type tb interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

// children are the parts that tests play in a process of their own.
var children = map[string]func(args []string) error{}

func TestMain(m *testing.M) {
	if name := os.Getenv("MAILSTOW_TEST_CHILD"); name != "" {
		if err := children[name](os.Args[1:]); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// newStore makes a store that must be without findings when the test ends.
func newStore(t testing.TB) *Store {
	t.Helper()
	return newStoreOf(t, Options{Create: true})
}

func newStoreOf(t testing.TB, o Options) *Store {
	t.Helper()
	s := openStore(t, filepath.Join(t.TempDir(), "mail.db"), o)
	t.Cleanup(func() {
		checkClean(t, s)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func openStore(t tb, path string, o Options) *Store {
	t.Helper()
	o.Merge = mergeFlags
	s, err := Open(bg, path, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// mergeFlags is package conflict's merge, for names in one spelling.
func mergeFlags(base, local, remote string) string {
	was, here, there := strings.Fields(base), strings.Fields(local), strings.Fields(remote)
	out := slices.DeleteFunc(slices.Clone(there), func(f string) bool { return slices.Contains(was, f) && !slices.Contains(here, f) })
	for _, f := range here {
		if !slices.Contains(was, f) && !slices.Contains(there, f) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(lower(a), lower(b)) })
	return strings.Join(out, " ")
}

func findings(t tb, s *Store) []Finding {
	t.Helper()
	var all []Finding
	if err := s.Check(bg, CheckOptions{}, func(f Finding) { all = append(all, f) }); err != nil {
		t.Fatal(err)
	}
	return all
}

func checkClean(t tb, s *Store) {
	t.Helper()
	for _, f := range findings(t, s) {
		t.Errorf("check: %+v", f)
	}
}

func update(t tb, s *Store, fn func(*Tx) error) {
	t.Helper()
	if err := s.Update(bg, fn); err != nil {
		t.Fatal(err)
	}
}

// place is an account with a run, one mailbox and its generation.
type place struct {
	acct AccountID
	run  RunID
	box  MailboxID
	gen  GenerationID
}

func newPlace(t tb, s *Store, raw string) (p place) {
	t.Helper()
	update(t, s, func(tx *Tx) (err error) {
		if p.acct, err = tx.Account("work", "imaps://me@example.org"); err != nil {
			return err
		}
		if p.run, err = tx.BeginRun(p.acct, time.Unix(1000, 0)); err != nil {
			return err
		}
		if p.box, err = tx.PutMailbox(p.acct, MailboxInfo{Raw: raw, Name: raw, Delim: "/", Selectable: true}, p.run); err != nil {
			return err
		}
		p.gen, err = tx.OpenGeneration(p.box, 7, p.run)
		return err
	})
	return p
}

var testDate = time.Date(2020, 2, 29, 23, 30, 0, 0, time.FixedZone("", -5*3600-30*60))

// arrive adds messages with these UIDs and moves the cursor.
func arrive(t tb, s *Store, p place, uids ...uint32) (ids []MessageID) {
	t.Helper()
	update(t, s, func(tx *Tx) (err error) {
		var all []Arrival
		last := uint32(0)
		for _, uid := range uids {
			all = append(all, Arrival{UID: uid, Flags: `\Seen`, Size: int64(uid) * 10, Date: testDate})
			last = max(last, uid)
		}
		if ids, err = tx.Arrive(p.run, p.gen, all); err != nil {
			return err
		}
		return tx.SetCursor(p.gen, Cursor{Listed: last})
	})
	return ids
}

func pack(t tb, text string) *Packed {
	t.Helper()
	b, err := NewPacker().Pack(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func put(t tb, s *Store, id MessageID, text string) {
	t.Helper()
	b := pack(t, text)
	update(t, s, func(tx *Tx) error { return tx.PutBody(id, b) })
}

// read gives the bytes of a message; what came before an error too.
func read(s *Store, id MessageID) ([]byte, error) {
	r, size, err := s.OpenBody(bg, id)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err == nil && int64(len(b)) != size {
		return b, fmt.Errorf("%d bytes, %d announced", len(b), size)
	}
	return b, err
}

func wantBody(t tb, s *Store, id MessageID, want []byte) {
	t.Helper()
	if got, err := read(s, id); err != nil || !bytes.Equal(got, want) {
		t.Errorf("message %d: %d bytes %v, want %d bytes", id, len(got), err, len(want))
	}
}

// tamper changes a store behind its back, foreign keys and checks off.
func tamper(t tb, s *Store, query string, args ...any) {
	t.Helper()
	for _, q := range []string{"PRAGMA foreign_keys = 0", "PRAGMA ignore_check_constraints = 1"} {
		if _, err := s.writer.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	res, err := s.writer.Exec(query, args...)
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := res.RowsAffected(); n == 0 {
		t.Fatalf("%s changed nothing", query)
	}
}

func count(t tb, s *Store, query string, args ...any) (n int) {
	t.Helper()
	if err := s.reader.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func hexSum(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
