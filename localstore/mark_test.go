package localstore

import (
	"os"
	"path/filepath"
	"testing"
)

// A mark outlives the process that made it, and a store put back does not take it
// along: it lies beside it.
func TestMark(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.db")
	s := openStore(t, path, Options{Create: true})
	if got := s.Marked(1); got != 0 {
		t.Errorf("marked %d", got)
	}
	for acct, run := range map[AccountID]RunID{1: 3, 2: 70} {
		if err := s.MarkRun(acct, run); err != nil {
			t.Fatal(err)
		}
	}
	if pid := lockHolder(path + ".lock"); pid != os.Getpid() {
		t.Errorf("the lock names %d", pid)
	}
	s.Close()
	if pid := lockHolder(path + ".lock"); pid != 0 {
		t.Errorf("the lock given back names %d", pid)
	}
	s = openStore(t, path, Options{})
	defer s.Close()
	if s.Marked(1) != 3 || s.Marked(2) != 70 || s.Marked(3) != 0 {
		t.Errorf("marks %v", s.lock.marks)
	}
	reader := openStore(t, path, Options{ReadOnly: true})
	defer reader.Close()
	if err := reader.MarkRun(1, 9); err == nil || reader.Marked(1) != 3 {
		t.Errorf("a reader sets marks: %v, or sees none: %d", err, reader.Marked(1))
	}
}

// Whatever is in the file: it is no reason not to open the store.
func TestMarksUnreadable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.db")
	openStore(t, path, Options{Create: true}).Close()
	text := "\x00\x00\naccount x run 3\naccount 2 run 8\naccount -1 run 4\naccount 5 run"
	if err := os.WriteFile(path+".lock", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, path, Options{})
	defer s.Close()
	if s.Marked(2) != 8 || len(s.lock.marks) != 1 {
		t.Errorf("marks %v", s.lock.marks)
	}
}
