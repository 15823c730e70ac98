package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/remote"
	"mailstow/sync/testkit/mailgen"
	"mailstow/sync/testkit/testenv"
)

// stowed is a store that syncs have filled: folders with messages.
type stowed struct {
	*localstore.Store
	path string
}

func stow(t testing.TB, name string, folders map[string][]mailgen.Message) stowed {
	t.Helper()
	s := stowed{path: filepath.Join(t.TempDir(), name)}
	var err error
	if s.Store, err = localstore.Open(t.Context(), s.path, localstore.Options{Create: true, Merge: conflict.MergeText}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Update(t.Context(), func(tx *localstore.Tx) error {
		acct, err := tx.Account("work", "imaps://me@localhost")
		if err != nil {
			return err
		}
		run, err := tx.BeginRun(acct, time.Now())
		for name, messages := range folders {
			if err == nil {
				err = fillFolder(tx, acct, run, name, messages)
			}
		}
		if err != nil {
			return err
		}
		return tx.EndRun(run, localstore.RunEnd{At: time.Now(), Outcome: localstore.OutcomeOK, Receipt: []byte("{}")})
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func fillFolder(tx *localstore.Tx, acct localstore.AccountID, run localstore.RunID, name string, messages []mailgen.Message) error {
	raw, err := remote.EncodeName(name)
	if err != nil {
		return err
	}
	box, err := tx.PutMailbox(acct, localstore.MailboxInfo{Raw: raw, Name: name, Delim: "/", Selectable: true}, run)
	if err != nil {
		return err
	}
	gen, err := tx.OpenGeneration(box, 7, run)
	if err != nil {
		return err
	}
	packer := localstore.NewPacker()
	for i, m := range messages {
		ids, err := tx.Arrive(run, gen, []localstore.Arrival{{UID: uint32(i + 1), Flags: string(conflict.Canonical(m.Flags)), Size: int64(len(m.Data)), Date: m.Date}})
		if err == nil {
			err = tx.PutBody(ids[0], packer.PackBytes(bytes.Clone(m.Data)))
		}
		if err != nil {
			return err
		}
	}
	n := uint32(len(messages))
	return tx.SetCursor(gen, localstore.Cursor{UIDNext: n + 1, Messages: n, Listed: n})
}

// call runs a command on a store.
func call(t testing.TB, store string, want int, args ...string) string {
	t.Helper()
	return callWith(t, "", store, want, args...)
}

// callWith runs a command on a store, with the password of an account.
func callWith(t testing.TB, password, store string, want int, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	h := host{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, now: time.Now, getenv: func(name string) string {
		return map[string]string{"MAILSTOW_PASSWORD": password, "HOME": filepath.Dir(store)}[name]
	}}
	h.args = append([]string{"mailstow", "--store", store}, args...)
	if code := runAlone(context.Background(), h); code != want {
		t.Fatalf("%v: code %d, want %d\n%s%s", args, code, want, stdout.String(), stderr.String())
	}
	return stdout.String() + stderr.String()
}

// The library of the command line has one help flag for the whole process and writes to
// it: two commands cannot run at once in one process.
var oneCommand sync.Mutex

// runAlone runs a command in this process when no other test does.
func runAlone(ctx context.Context, h host) int {
	oneCommand.Lock()
	defer oneCommand.Unlock()
	return run(ctx, h)
}

// contents are the messages of a store: folder, bytes, flags, date.
func contents(t testing.TB, path string) (all []string) {
	t.Helper()
	s, err := localstore.Open(t.Context(), path, localstore.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.List(t.Context(), localstore.ListQuery{}, func(m localstore.Mail) error {
		all = append(all, fmt.Sprintf("%s %s %q %d", m.Folder, m.SHA256, m.Flags, m.InternalDate.Unix()))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// oddAndOrdinary is mail of all kinds, real mail among it where there is some.
func oddAndOrdinary(t testing.TB) map[string][]mailgen.Message {
	g := mailgen.New(3)
	odd := slices.DeleteFunc(mailgen.Odd(), func(m mailgen.Message) bool { return m.NUL })
	large := g.Large(3 << 20)
	large.Data = append(large.Data, strings.Repeat("\r\n\r\nFrom me Sat Jun  1 08:00:00 2024\r\n>From you\nFrom", 1000)...)
	folders := map[string][]mailgen.Message{"INBOX": g.Messages(60), "Odd/../CON": odd, "odd/../con": {large, g.Next()}, "Twins": {odd[0], odd[0], odd[1]}}
	for i, text := range testenv.OddMail(t, "../..") {
		folders["Entwürfe"] = append(folders["Entwürfe"], mailgen.Message{Data: text, Date: time.Unix(int64(1e9+i), 0), Flags: g.Next().Flags})
	}
	return folders
}

// Mirror, export, import, mirror: every message is what it was, in every format, and
// nothing is there twice.
func TestRoundTrips(t *testing.T) {
	from := stow(t, "from.db", oddAndOrdinary(t))
	want := contents(t, from.path)
	for _, format := range []string{"maildir", "maildir++", "mbox", "eml"} {
		t.Run(format, func(t *testing.T) {
			if testing.Short() && format != "mbox" {
				t.Skip("one format will do")
			}
			dir := filepath.Join(t.TempDir(), "out")
			call(t, from.path, exitOK, "export", "--format", format, dir)
			if out := call(t, from.path, exitOK, "export", "--format", format, dir); !strings.HasPrefix(out, "wrote 0 messages ") {
				t.Errorf("a second export: %s", out)
			}
			to := stow(t, "to.db", map[string][]mailgen.Message{"INBOX": nil})
			call(t, to.path, exitOK, "import", "--tree", dir)
			if got := contents(t, to.path); !slices.Equal(got, want) {
				t.Errorf("came back as\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if out := call(t, to.path, exitOK, "import", "--tree", dir); !strings.HasPrefix(out, "imported 0 messages ") {
				t.Errorf("a second import: %s", out)
			}
			call(t, to.path, exitOK, "verify")
		})
	}
}

// killed runs a command as a process of its own and kills it once ready says so; false
// when it had ended before.
func killed(t *testing.T, ready func() bool, args ...string) bool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args[1:]...)
	cmd.Args[0] = "mailstow"
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case <-ended:
			return false
		default:
		}
		if ready() {
			if err := cmd.Process.Kill(); err != nil {
				return false
			}
			<-ended
			return true
		}
	}
}

// filesIn counts the files below a folder.
func filesIn(dir string) (n int) {
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			n++
		}
		return nil
	})
	return n
}

// Killed at any moment, export and import go on where they were: no file is half, none
// is lost, none is there twice.
func TestKilledOnTheWay(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes")
	}
	g := mailgen.New(5)
	from := stow(t, "from.db", map[string][]mailgen.Message{"INBOX": g.Messages(400), "Other": g.Messages(400)})
	want := contents(t, from.path)
	kills := 0
	for _, format := range []string{"maildir", "mbox", "eml"} {
		dir := filepath.Join(t.TempDir(), "out")
		for at := 2; at < 600; at += 150 {
			if killed(t, func() bool { return filesIn(dir) >= at || format == "mbox" && filesIn(dir) > at/150 },
				"mailstow", "--store", from.path, "export", "--format", format, dir) {
				kills++
			}
		}
		if format == "maildir" { // as a power cut leaves a file
			files, err := filepath.Glob(filepath.Join(dir, "INBOX", "cur", "*"))
			if err != nil || len(files) == 0 {
				t.Fatal(files, err)
			}
			if err := os.Truncate(files[0], 0); err != nil {
				t.Fatal(err)
			}
		}
		call(t, from.path, exitOK, "export", "--remove", "--format", format, dir)
		to := stow(t, "to.db", map[string][]mailgen.Message{"INBOX": nil})
		for try := range 3 {
			before := len(contents(t, to.path))
			if killed(t, func() bool { return len(contents(t, to.path)) > before || try == 0 },
				"mailstow", "--store", to.path, "import", "--tree", dir) {
				kills++
			}
		}
		call(t, to.path, exitOK, "import", "--tree", dir)
		if got := contents(t, to.path); !slices.Equal(got, want) {
			t.Errorf("%s: %d messages came back, want %d", format, len(got), len(want))
		}
		call(t, to.path, exitOK, "verify")
		if left, _ := filepath.Glob(filepath.Join(dir, "*", "tmp", "*")); len(left) > 0 {
			t.Errorf("%s: left over: %v", format, left)
		}
	}
	if kills < 6 {
		t.Errorf("only %d kills: this test proves little", kills)
	}
}

// BenchmarkExport and BenchmarkImport: MB/s, of messages of 40 KB on average.
func BenchmarkExport(b *testing.B) {
	from, size := benchMail(b)
	for _, format := range []string{"maildir", "mbox", "eml"} {
		b.Run(format, func(b *testing.B) {
			b.SetBytes(size)
			for range b.N {
				call(b, from.path, exitOK, "export", "--format", format, filepath.Join(b.TempDir(), "out"))
			}
		})
	}
}

func BenchmarkImport(b *testing.B) {
	from, size := benchMail(b)
	for _, format := range []string{"maildir", "mbox", "eml"} {
		dir := filepath.Join(b.TempDir(), "out")
		call(b, from.path, exitOK, "export", "--format", format, dir)
		b.Run(format, func(b *testing.B) {
			b.SetBytes(size)
			for range b.N {
				b.StopTimer()
				to := stow(b, "to.db", map[string][]mailgen.Message{"INBOX": nil})
				b.StartTimer()
				call(b, to.path, exitOK, "import", "--tree", dir)
			}
		})
	}
}

// benchMail is 40 KB a message: most are small, one in twelve has an attachment.
func benchMail(b *testing.B) (stowed, int64) {
	g := mailgen.New(7)
	var messages []mailgen.Message
	size := int64(0)
	for i := range 2000 {
		m := g.Next()
		if i%12 == 0 {
			m = g.Large(450 << 10)
		}
		messages = append(messages, m)
		size += int64(len(m.Data))
	}
	return stow(b, "from.db", map[string][]mailgen.Message{"INBOX": messages[:1000], "Other": messages[1000:]}), size
}

// A link that somebody put into an export leads no message out of it.
func TestExportStaysInside(t *testing.T) {
	if testing.Short() {
		t.Skip("nothing runs at once here")
	}
	from := stow(t, "from.db", map[string][]mailgen.Message{"INBOX": mailgen.New(1).Messages(3)})
	for _, format := range []string{"maildir", "maildir++", "eml", "mbox"} {
		for _, at := range []string{"INBOX", "INBOX/cur", "cur", "INBOX.mbox.tmp"} {
			dir, outside := filepath.Join(t.TempDir(), "out"), t.TempDir()
			call(t, from.path, exitOK, "export", "--format", format, "--subject", "no such subject", dir)
			link := filepath.Join(dir, at)
			if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(filepath.Join(outside, "new"), link); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			h := host{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, now: time.Now, getenv: func(string) string { return "" },
				args: []string{"mailstow", "--store", from.path, "export", "--format", format, dir}}
			code := runAlone(t.Context(), h)
			if n := filesIn(outside); n > 0 {
				t.Errorf("%s, %s: %d files outside, code %d", format, at, n, code)
			}
			inTheWay := []string{"maildir INBOX", "maildir INBOX/cur", "maildir++ cur", "eml INBOX", "mbox INBOX.mbox.tmp"}
			if slices.Contains(inTheWay, format+" "+at) != (code == exitFailed) {
				t.Errorf("%s, %s: code %d\n%s", format, at, code, stderr.String())
			}
		}
	}
}
