package localstore

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A chunk that SQLite cannot read is a damaged body, which says so as long as its row can
// be read, and not a store that cannot be used.
func TestUnreadableChunk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.db")
	s := openStore(t, path, Options{Create: true})
	text := "Subject: noise\r\n\r\n" + noise(4*pageSize, 7)
	id := arrive(t, s, newPlace(t, s, "INBOX"), 1)[0]
	put(t, s, id, text)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cut := 0
	for at := 0; at < len(file); at += pageSize {
		if strings.Contains(text, string(file[at+4:at+100])) { // an overflow page: behind it comes the one that it names
			copy(file[at:], "\xff\xff\xff\xff")
			cut++
		}
	}
	if cut == 0 {
		t.Fatal("no page has the text")
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, path, Options{})
	defer s.Close()
	_, err = read(s, id)
	if d, ok := errors.AsType[*DamagedError](err); !ok || d.Message != id || !errors.Is(err, ErrCorrupt) {
		t.Errorf("%v", err)
	}
}
