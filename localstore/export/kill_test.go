package export

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mailstow/localstore"
)

// mortal is a store, and an export that is killed.
type mortal struct {
	*testing.T
	store *localstore.Store
	run   localstore.RunID
	acct  localstore.AccountID
	boxes []Folder
	gens  []localstore.GenerationID
	texts map[string]bool // of its messages, quoted
}

func newMortal(t *testing.T) *mortal {
	m := &mortal{T: t, texts: map[string]bool{}}
	var err error
	if m.store, err = localstore.Open(t.Context(), filepath.Join(t.TempDir(), "mail.db"), localstore.Options{Create: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.store.Close() })
	m.update(func(tx *localstore.Tx) (err error) {
		if m.acct, err = tx.Account("work", "imap://x"); err == nil {
			m.run, err = tx.BeginRun(m.acct, time.Unix(1e9, 0))
		}
		return err
	})
	m.box("INBOX", `\Seen`, "", "key")
	m.box("Archive/2024", `\Flagged`, `\Seen`)
	return m
}

func (m *mortal) update(do func(tx *localstore.Tx) error) {
	m.Helper()
	if err := m.store.Update(m.Context(), do); err != nil {
		m.Fatal(err)
	}
}

// box is a mailbox with a message for each set of flags.
func (m *mortal) box(name string, flags ...string) {
	m.Helper()
	m.update(func(tx *localstore.Tx) error {
		id, err := tx.PutMailbox(m.acct, localstore.MailboxInfo{Raw: name, Name: name, Delim: "/", Selectable: true}, m.run)
		if err != nil {
			return err
		}
		gen, err := tx.OpenGeneration(id, 7, m.run)
		m.boxes = append(m.boxes, Folder{ID: id, Account: "work", Raw: name, Name: name, Delim: "/"})
		m.gens = append(m.gens, gen)
		return err
	})
	for i, f := range flags {
		m.message(len(m.boxes)-1, uint32(i+1), f)
	}
}

// message delivers one that reaches over several lines, and over a line that an mbox
// changes.
func (m *mortal) message(box int, uid uint32, flags string) {
	m.Helper()
	text := fmt.Sprintf("Subject: %d of %d\n\nFrom here\n%send\n", uid, box, strings.Repeat("line\n", 20))
	m.texts[fmt.Sprintf("%q", text)] = true
	m.update(func(tx *localstore.Tx) error {
		ids, err := tx.Arrive(m.run, m.gens[box], []localstore.Arrival{{UID: uid, Flags: flags, Size: int64(len(text)), Date: time.Unix(1e9+int64(uid), 0)}})
		if err != nil {
			return err
		}
		if err := tx.PutBody(ids[0], localstore.NewPacker().PackBytes([]byte(text))); err != nil {
			return err
		}
		return tx.SetCursor(m.gens[box], localstore.Cursor{Listed: uid})
	})
}

// change is what happens between one export and the next.
func (m *mortal) change() {
	m.Helper()
	m.message(0, 9, `\Answered`)
	m.update(func(tx *localstore.Tx) error {
		err := tx.SetFlags(m.run, []localstore.FlagChange{{ID: 2, Base: `\Seen`, Local: `\Seen`}})
		if err == nil {
			err = tx.Vanish(m.run, []localstore.MessageID{1})
		}
		return err
	})
	m.boxes = m.boxes[:1]
}

type killed struct{}

// export exports, and dies at a point; it tells how many there were.
func (m *mortal) export(dir string, format Format, die int) (points []string) {
	m.Helper()
	defer func() {
		if p := recover(); p != nil && p != (killed{}) {
			panic(p)
		}
	}()
	_, err := Run(m.Context(), m.store, Options{Dir: dir, Format: format, Folders: m.boxes, Remove: true, Whole: []string{"work"},
		before: func(op string) {
			if points = append(points, op); len(points) == die {
				panic(killed{})
			}
		}})
	if err != nil {
		m.Errorf("%s: %v", format, err)
	}
	return points
}

// tree is what lies in a folder, with its bytes. What depends on when it was written is
// left out.
func (m *mortal) tree(dir string) map[string]string {
	m.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path == stateFile {
			if err == nil && d.IsDir() {
				all[path] = "folder"
			}
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, path))
		all[path] = string(text)
		return err
	})
	if err != nil {
		m.Fatal(err)
	}
	return all
}

// whole: whoever reads what a killed export left finds messages as they are, and
// nothing that is none.
func (m *mortal) whole(dir, where string) {
	m.Helper()
	all, bad := readTree(m.T, dir)
	for _, line := range all {
		if _, text, _ := strings.Cut(line, " 0/0 "); !m.texts[text] {
			m.Errorf("%s: it is read as mail, and is none: %s", where, line)
		}
	}
	if len(bad) > 0 {
		m.Errorf("%s: %q", where, bad)
	}
}

// Wherever an export is killed, nothing that it leaves is taken for mail that is not
// there, and the next one comes to the same as one that nobody killed.
func TestKilledAnywhere(t *testing.T) {
	total := 0
	for _, format := range Formats {
		m := newMortal(t)
		total += m.tryAll(format, "")
		before := filepath.Join(t.TempDir(), "before")
		m.export(before, format, 0)
		m.change()
		total += m.tryAll(format, before)
	}
	t.Logf("killed at %d points", total)
}

// tryAll kills an export at each of its points. It goes on with what an earlier one
// has written, or begins.
func (m *mortal) tryAll(format Format, earlier string) int {
	m.Helper()
	begin := func() string {
		dir := filepath.Join(m.TempDir(), "export")
		if earlier != "" {
			if err := os.CopyFS(dir, os.DirFS(earlier)); err != nil {
				m.Fatal(err)
			}
			m.keepTimes(earlier, dir)
		}
		return dir
	}
	dir := begin()
	points := m.export(dir, format, 0)
	want := m.tree(dir)
	again := slices.DeleteFunc(m.export(dir, format, 0), func(op string) bool { return strings.HasPrefix(op, "mkdir") })
	if len(again) > 0 {
		m.Errorf("%s: once more does %q", format, again)
	}
	for n := range points {
		where := fmt.Sprintf("%s, before point %d of %d, %s", format, n+1, len(points), points[n])
		dir := begin()
		m.export(dir, format, n+1)
		m.whole(dir, where)
		m.export(dir, format, 0)
		if diff := cmp.Diff(want, m.tree(dir)); diff != "" {
			m.Errorf("%s: (-nobody killed it +the next one)\n%s", where, diff)
		}
	}
	return len(points)
}

// keepTimes: the time of a file tells whether it is still what was written.
func (m *mortal) keepTimes(from, to string) {
	m.Helper()
	for _, path := range slices.Sorted(maps.Keys(m.tree(from))) {
		fi, err := os.Stat(filepath.Join(from, path))
		if err == nil {
			err = os.Chtimes(filepath.Join(to, path), fi.ModTime(), fi.ModTime())
		}
		if err != nil {
			m.Fatal(err)
		}
	}
}
