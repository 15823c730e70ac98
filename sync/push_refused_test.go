package sync_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/faultconn"
)

// queue is what waits, a line an intent, with the reason.
func (f *fixture) waits() (all []string) {
	f.Helper()
	err := f.store.Intents(f.Context(), f.accountID(), func(in localstore.Intent) error {
		line := fmt.Sprint(in.Kind, " ", in.State)
		if in.Reason != "" {
			line += ": " + in.Reason
		}
		all = append(all, line)
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	return all
}

// later is a run d from now.
func (f *fixture) later(d time.Duration) {
	f.opt.Now = func() time.Time { return time.Now().Add(d) }
}

// acl is a server whose users have these rights in X: a file that a test may change.
func acl(t *testing.T, rights string) (file string, opt dovecot.Option) {
	t.Helper()
	dir, err := os.MkdirTemp("", "acl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(dir, "acl")
	allow(t, file, rights)
	return file, dovecot.Config("protocol imap {\n  mail_plugins = acl\n}\nplugin {\n  acl = vfile:" + file + "\n}")
}

func allow(t *testing.T, file, rights string) {
	t.Helper()
	if err := os.WriteFile(file, []byte("X owner "+rights+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// What the server refuses waits with its words, is told, is not tried again before its
// time, and keeps nothing else from going.
func TestPushRefused(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		rights string
		edit   func(f *fixture)
		kind   string
		begun  string
		end    string
	}{
		"append": {"lrswtek", func(f *fixture) { f.append("X", "Subject: 9 new\r\n\r\n", "") }, "append",
			"INBOX=0 1S 2F 3S; M=60 61S; X=50; Y=", "INBOX=0 1S 2F 3S; M=60 61S; X=50 9; Y="},
		"move there": {"lrswtek", func(f *fixture) { f.move(1, "X") }, "move",
			"INBOX=0 1S 2F 3S; M=60 61S; X=50; Y=", "INBOX=0 2F 3S; M=60 61S; X=1S 50; Y="},
		"copy there": {"lrswtek", func(f *fixture) { f.copy(1, "X") }, "copy",
			"INBOX=0 1S 2F 3S; M=60 61S; X=50; Y=", "INBOX=0 1S 2F 3S; M=60 61S; X=1S 50; Y="},
		"delete": {"lrswik", func(f *fixture) { f.expunge(50) }, "delete",
			"INBOX=0 1S 2F 3S; M=60 61S; X=50; Y=", "INBOX=0 1S 2F 3S; M=60 61S; X=; Y="},
		"move from": {"lrswik", func(f *fixture) { f.move(50, "Y") }, "move",
			"INBOX=0 1S 2F 3S; M=60 61S; X=50; Y=", "INBOX=0 1S 2F 3S; M=60 61S; X=; Y=50"},
		"remove": {"lrswiteka", func(f *fixture) { f.remove("X") }, "remove",
			"INBOX=0 1S 2F 3S; M=60 61S; X=50; Y=", "INBOX=0 1S 2F 3S; M=60 61S; Y="},
		"rename": {"lrswiteka", func(f *fixture) { f.rename("X", "Q") }, "rename",
			"INBOX=0 1S 2F 3S; M=60 61S; X=50; Y=", "INBOX=0 1S 2F 3S; M=60 61S; Q=50; Y="},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			file, opt := acl(t, "lrswiteka")
			f := newFixture(t, opt)
			f.begin()
			allow(t, file, row.rights)
			row.edit(f)
			f.flag(2, `\Flagged`, "")
			rc := f.pull(3)
			if len(rc.Failures) != 1 || !strings.HasPrefix(rc.Failures[0].Reason, row.kind+": ") || rc.Pending != 1 || rc.Pushed.Flags != 1 {
				t.Errorf("%+v", rc)
			}
			if got := f.state(); got != row.begun {
				t.Errorf("the server has\n%s, want\n%s", got, row.begun)
			}
			if rc := f.silent(3); len(rc.Failures) != 1 {
				t.Errorf("%+v", rc)
			}
			f.later(11 * time.Minute)
			f.pull(3)
			allow(t, file, "lrswitekxa")
			f.later(20 * time.Minute)
			f.silent(3) // the pause doubled
			f.later(60 * time.Minute)
			f.pull(0)
			if got := f.state(); got != row.end {
				t.Errorf("the server has\n%s, want\n%s", got, row.end)
			}
			f.quiet()
		})
	}
}

// Dovecot says OK to an EXPUNGE that it does not allow, and does nothing.
func TestPushExpungeIgnored(t *testing.T) {
	file, opt := acl(t, "lrswiteka")
	f := newFixture(t, opt)
	f.begin()
	allow(t, file, "lrswitk")
	f.expunge(50)
	rc := f.pull(3)
	if len(rc.Failures) != 1 || !strings.Contains(rc.Failures[0].Reason, "keeps the message") || rc.New != 0 || rc.Pending != 0 {
		t.Errorf("%+v", rc)
	}
	if got := f.state(); got != "INBOX=0 1S 2 3S; M=60 61S; X=50D; Y=" {
		t.Error(got)
	}
	f.quiet()
}

// Flags that its owner may not set are not among the permanent ones.
func TestPushFlagsNotAllowed(t *testing.T) {
	file, opt := acl(t, "lrswiteka")
	f := newFixture(t, opt)
	f.begin()
	allow(t, file, "lrste")
	f.flag(50, `\Flagged \Seen`, "")
	if rc := f.pull(0); len(rc.Notes) != 1 || rc.Pending != 1 {
		t.Errorf("%+v", rc)
	}
	if got := f.state(); got != "INBOX=0 1S 2 3S; M=60 61S; X=50S; Y=" {
		t.Error(got)
	}
}

// A mailbox that opens read-only takes nothing; what others there are take theirs.
func TestPushReadOnlyMailbox(t *testing.T) {
	f := newFixture(t)
	f.begin()
	f.flag(50, `\Flagged`, "")
	f.expunge(60)
	selected := false
	f.through(func(line []byte) []byte {
		if bytes.Contains(line, []byte("[READ-WRITE] Select completed")) && !selected {
			selected = true // X comes before M: it has more mail waiting
			return bytes.Replace(line, []byte("READ-WRITE"), []byte("READ-ONLY"), 1)
		}
		return line
	})
	rc := f.pull(3)
	if len(rc.Failures) != 1 || rc.Pending != 1 || !strings.Contains(rc.Failures[0].Reason, "read-only") {
		t.Errorf("%+v", rc)
	}
	f.dial = nil
	f.silent(3)
	f.later(time.Hour)
	f.pull(0)
	f.quiet()
}

// Over quota: the words are the server's, and what takes no room goes.
func TestPushOverQuota(t *testing.T) {
	f := newFixture(t, dovecot.Config("mail_plugins = quota\nplugin {\n  quota = maildir:User quota\n  quota_rule = *:storage=4K\n}"))
	f.begin()
	f.append("X", "Subject: 9 new\r\n\r\n"+strings.Repeat("0123456789\r\n", 500), "")
	f.append("X", "Subject: 8 new\r\n\r\nsmall\r\n", "")
	f.flag(1, `\Flagged`, "")
	f.move(3, "Y")
	rc := f.pull(3)
	if len(rc.Failures) != 1 || !strings.Contains(rc.Failures[0].Reason, "OVERQUOTA") || rc.Pending != 1 {
		t.Errorf("%+v", rc)
	}
	if got := f.state(); got != "INBOX=0 1FS 2; M=60 61S; X=50 8; Y=3S" {
		t.Error(got)
	}
	f.silent(3)
}

// A keyword that the mailbox does not keep stays here, is shown, and is not tried in
// every run; what else was changed goes.
func TestPushUnstorableKeyword(t *testing.T) {
	f := newFixture(t)
	f.begin()
	star := func(line []byte) []byte {
		if bytes.Contains(line, []byte("[PERMANENTFLAGS ")) {
			return bytes.Replace(line, []byte(` \*)`), []byte(")"), 1)
		}
		return line
	}
	f.through(star)
	f.flag(0, "work", "")
	f.flag(1, `\Flagged work`, "")
	f.move(2, "X")
	f.flag(2, "work", "") // goes along, and is not kept there
	rc := f.pull(0)
	if rc.Pushed.Moved != 1 || rc.Pending != 3 || len(rc.Notes) != 3 {
		t.Errorf("%+v", rc)
	}
	if got := f.state(); got != "INBOX=0 1FS 3S; M=60 61S; X=2 50; Y=" {
		t.Error(got)
	}
	want := []string{"flags parked: the mailbox does not store these flags; they stay here"}
	if got := f.waits(); !slices.Equal(slices.Compact(got), want) {
		t.Errorf("%q", got)
	}
	before := f.rows()
	if rc := f.pull(0); rc.Pending != 3 || len(rc.Notes) > 0 || f.rows() != before {
		t.Errorf("%+v", rc)
	}
	f.dial = nil // now it keeps them
	for _, n := range []int{0, 1, 2} {
		f.flag(n, "home", "")
	}
	f.pull(0)
	if got := f.state(); got != "INBOX=0homework 1FShomework 3S; M=60 61S; X=2homework 50; Y=" {
		t.Error(got)
	}
	f.quiet()
}

// A message larger than the server takes is parked, and told in every run.
func TestPushTooLarge(t *testing.T) {
	f := newFixture(t, dovecot.Capability("IMAP4rev1 LITERAL+ UIDPLUS MOVE UNSELECT LIST-EXTENDED LIST-STATUS APPENDLIMIT=1000"))
	f.begin()
	f.append("X", "Subject: 9 new\r\n\r\n"+strings.Repeat("0123456789\r\n", 100), "")
	f.append("X", "Subject: 8 new\r\n\r\nsmall\r\n", "")
	rc := f.pull(3)
	if rc.Pushed.Appended != 1 || rc.Conflicts != 1 || len(rc.Failures) != 1 || !strings.Contains(rc.Failures[0].Reason, "at most 1000") {
		t.Errorf("%+v", rc)
	}
	if rc := f.silent(3); rc.Conflicts != 0 || len(rc.Failures) != 1 {
		t.Errorf("%+v", rc)
	}
}

// A server that is gone before a push is no refusal: nothing waits longer for it.
func TestPushWithoutServer(t *testing.T) {
	f := newFixture(t)
	f.begin()
	f.flag(1, `\Flagged`, "")
	f.move(2, "X")
	dials := 0
	f.reconnect()
	f.dialer.Refuse = func(n int) error {
		if dials++; n > 0 {
			return os.ErrDeadlineExceeded
		}
		return nil
	}
	f.dialer.Faults = first(faultconn.CutOnWrite("SELECT"))
	rc, err := mailsync.Pull(f.Context(), f.store, f.account(), f.opt)
	if rc.Exit != mailsync.ExitConnect || rc.Pending != 2 || dials < 2 {
		t.Errorf("%d dials, %v, %+v", dials, err, rc)
	}
	f.dial = nil
	f.reconnect()
	f.pull(0)
	f.quiet()
}
