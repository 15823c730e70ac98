package localstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rotten is a store that can be damaged, over and over.
type rotten struct {
	t      *testing.T
	path   string
	file   []byte               // when nothing was wrong with it
	bodies map[MessageID]string // that it holds
}

func newRotten(t *testing.T) *rotten {
	r := &rotten{t: t, path: filepath.Join(t.TempDir(), "mail.db"), bodies: map[MessageID]string{}}
	s := openStore(t, r.path, Options{Create: true})
	p := newPlace(t, s, "INBOX")
	for i, id := range arrive(t, s, p, 1, 2, 3, 4, 5) {
		text := fmt.Sprintf("Subject: %d\r\n\r\n%s", i, []string{noise(3000, 1), strings.Repeat("text ", 9000), noise(90000, 2), noise(30000, 3), noise(ChunkSize+9, 4)}[i])
		put(t, s, id, text)
		r.bodies[id] = text
	}
	checkClean(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var err error
	if r.file, err = os.ReadFile(r.path); err != nil {
		t.Fatal(err)
	}
	return r
}

// with looks at a store whose file is this. found: somebody is told.
func (r *rotten) with(what string, file []byte) (found bool) {
	r.t.Helper()
	if err := os.WriteFile(r.path, file, 0o600); err != nil {
		r.t.Fatal(err)
	}
	s, err := Open(bg, r.path, Options{})
	if err != nil {
		r.explained(what, err)
		return true
	}
	defer s.Close()
	lost := 0
	for id, want := range r.bodies {
		got, err := read(s, id)
		if err != nil {
			lost++
		} else if string(got) != want {
			r.t.Errorf("%s: message %d is served, and is not what it was", what, id)
		}
	}
	err = s.Check(bg, CheckOptions{}, func(Finding) { found = true })
	if err != nil {
		r.explained(what, err)
		return true
	}
	if lost > 0 && !found {
		r.t.Errorf("%s: %d messages cannot be read, and the check finds nothing", what, lost)
	}
	return found
}

func (r *rotten) explained(what string, err error) {
	r.t.Helper()
	var own *Error
	if !errors.As(err, &own) || own.Hint == "" {
		r.t.Errorf("%s: %v", what, err)
	}
}

// Failure table 37: wherever a bit of the file is wrong, no message is served that is
// not what it was, and what cannot be served is found.
func TestRotAnywhere(t *testing.T) {
	r := newRotten(t)
	places := map[bool]int{true: 20, false: 250}[testing.Short()]
	found := 0
	for i := range places {
		file := slices.Clone(r.file)
		at := i * len(file) / places
		at += i * 977 % 4096 // and not at the same place of each page
		file[min(at, len(file)-1)] ^= 1 << (i % 8)
		if r.with(fmt.Sprintf("bit %d of byte %d", i%8, at), file) {
			found++
		}
	}
	t.Logf("%d bits of a file of %d bytes, %d found", places, len(r.file), found)
	if found < places/4 {
		t.Error("hardly any was found")
	}
}

// The same with a file that ends too early.
func TestTruncatedAnywhere(t *testing.T) {
	r := newRotten(t)
	places := map[bool]int{true: 10, false: 60}[testing.Short()]
	for i := range places {
		end := i * len(r.file) / places
		if i%2 == 0 {
			end -= end % pageSize
		}
		if !r.with(fmt.Sprint("end at byte ", end), slices.Clone(r.file[:end])) {
			t.Errorf("a file that ends at byte %d is as good as any other", end)
		}
	}
}
