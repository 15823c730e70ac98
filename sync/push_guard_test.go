package sync_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/testkit/faultconn"
)

// I26 in the direction of the server: more deletions than usual are held back, all
// else goes, and the owner can let them through.
func TestPushGuard(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Old")
	f.user.Create("Gone")
	f.user.Create("Else")
	f.seed("INBOX", 60)
	f.seed("Old", 3)
	f.seed("Gone", 4)
	f.pull(0)
	ids := f.seen("INBOX")
	f.edit(func(tx *localstore.Tx) error { return tx.ExpungeMessages(ids[:25]) })
	f.edit(func(tx *localstore.Tx) error { _, err := tx.MoveMessages(ids[25:50], f.box("Else").ID); return err })
	f.edit(func(tx *localstore.Tx) error { return tx.ExpungeMessages(f.seen("Old")[:3]) })
	f.remove("Gone")
	rc := f.pull(6)
	if len(rc.Held) != 3 || rc.Pushed.Moved != 25 || rc.Pushed.Deleted != 0 || rc.Pending != 25+3+1 || rc.Vanished != 0 {
		t.Errorf("%+v", rc)
	}
	for _, h := range rc.Held {
		want := map[string]string{"INBOX": "25 of 35", "Old": "3 of 3", "Gone": "4 of 4"}[h.Mailbox]
		if got := fmt.Sprint(h.Count, " of ", h.Of); got != want {
			t.Errorf("%s: %s, want %s", h.Mailbox, got, want)
		}
	}
	rc = f.silent(6)
	f.opt.MaxDeletes = limit(t, "4")
	rc = f.pull(6)
	if len(rc.Held) != 1 || rc.Pushed.Deleted != 3 || rc.Pushed.Mailboxes != 1 {
		t.Errorf("%+v", rc)
	}
	f.opt.MaxDeletes = limit(t, "25")
	f.pull(0)
	f.quiet()
	if n := len(f.user.Messages("INBOX")); n != 10 {
		t.Errorf("%d messages in INBOX", n)
	}
}

// What the owner deletes does not surprise the guard when the server has done it and
// the answer was lost.
func TestPushGuardKnowsItsOwn(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Gone")
	f.seed("INBOX", 100)
	f.seed("Gone", 40)
	f.pull(0)
	f.opt.MaxDeletes = limit(t, "100")
	f.edit(func(tx *localstore.Tx) error { return tx.ExpungeMessages(f.seen("INBOX")[:50]) })
	f.remove("Gone")
	f.reconnect()
	f.dialer.Faults = func(n int) []faultconn.Option {
		if n == 0 {
			return []faultconn.Option{faultconn.OnWrite("DELETE", func() { f.opt.MaxDeletes = plan.Limit{} }), faultconn.CutOnWrite("LIST-STATUS")}
		}
		return nil
	}
	answers := 0
	f.dial = nil
	f.through(func(line []byte) []byte {
		if strings.Contains(string(line), "Expunge completed") || strings.Contains(string(line), "Delete completed") {
			answers++
			return []byte("* BYE\r\n")
		}
		return line
	})
	rc := f.pull(0)
	if answers == 0 || len(rc.Held) != 0 || rc.Pending != 0 {
		t.Errorf("%d answers lost, %+v", answers, rc)
	}
	f.dial = nil
	f.opt.MaxDeletes = plan.Limit{}
	f.quiet()
}

// An old copy of the store that was put back has edits that were sent long ago.
func TestPushFromOldCopy(t *testing.T) {
	f := newFixture(t)
	f.begin()
	f.append("X", "Message-ID: <9@x>\r\nSubject: 9 new\r\n\r\nnew\r\n", "")
	f.append("X", "Message-ID: <8@x>\r\nSubject: 8 new\r\n\r\nnew\r\n", "")
	f.copy(0, "Y")
	f.flag(1, `\Flagged`, "")
	f.expunge(2)
	f.move(3, "X")
	f.opt.MaxDeletes = plan.Limit{}
	back := f.copyAway()
	if rc := f.pull(0); rc.Pending != 0 {
		t.Fatalf("%+v", rc)
	}
	f.user.RemoveFlags("INBOX", []imap.Flag{imap.FlagFlagged}, f.at("INBOX", 1))
	f.user.Expunge("X", f.at("X", 8))
	want := f.state()
	back()
	rc := f.pull(6)
	if len(rc.Held) != 1 || rc.Held[0].Reason != plan.StaleStore || rc.Held[0].Count != 2 || rc.Pending != 2 {
		t.Errorf("%+v", rc)
	}
	if got := f.state(); got != want {
		t.Errorf("the server has\n%s, had\n%s", got, want)
	}
	f.silent(6) // it stays an old copy
	f.noLimit()
	f.pull(0)
	if got := f.state(); got != strings.NewReplacer(" 1S", " 1FS", "9", "8 9").Replace(want) {
		t.Errorf("the server has\n%s, had\n%s", got, want)
	}
	f.quiet()
	f.opt.MaxDeletes = plan.Limit{}
	f.flag(0, "work", "")
	f.pull(0) // and is none any more
	f.quiet()
}

// copyAway keeps a copy of the store as it is; what it returns puts that back.
func (f *fixture) copyAway() (back func()) {
	f.Helper()
	f.close()
	data, err := os.ReadFile(f.path)
	if err != nil {
		f.Fatal(err)
	}
	f.open()
	return func() {
		f.Helper()
		f.store.Close()
		for _, name := range []string{f.path + "-wal", f.path + "-shm"} {
			_ = os.Remove(name)
		}
		if err := os.WriteFile(f.path, data, 0o600); err != nil {
			f.Fatal(err)
		}
		f.open()
	}
}

// Nothing that changes anything is sent for a read-only account, whatever waits; it
// says so and is no failure.
func TestPushReadOnlyAccount(t *testing.T) {
	f := newFixture(t)
	f.busy()
	before, queue := f.state(), f.waits()
	f.readOnly = true
	c := f.spy()
	for range 2 {
		rc := f.pull(0)
		if rc.Pending != len(queue) || len(rc.Notes) != 1 || !strings.Contains(rc.Notes[0], "read-only") || rc.Pushed != (mailsync.Pushed{}) {
			t.Errorf("%+v", rc)
		}
	}
	if sent := c.changing(); len(sent) > 0 {
		t.Errorf("sent %q", sent)
	}
	if got := f.state(); got != before {
		t.Errorf("the server has\n%s, had\n%s", got, before)
	}
	if now := f.waits(); !slices.Equal(now, queue) {
		t.Errorf("waits %q", now)
	}
	f.readOnly, f.dial = false, nil
	f.pull(0)
	f.settledAs(busied, "full")
	f.quiet()
}

func TestPullOnly(t *testing.T) {
	f := newFixture(t)
	f.busy()
	before, queue := f.state(), f.waits()
	f.user.Append("INBOX", nil, day(20), message("INBOX", 20))
	f.opt.PullOnly = true
	c := f.spy()
	if rc := f.pull(0); rc.New != 1 || rc.Pending != len(queue) || len(c.changing()) > 0 {
		t.Errorf("sent %q, %+v", c.changing(), rc)
	}
	if now := f.waits(); !slices.Equal(now, queue) {
		t.Errorf("waits %q", now)
	}
	f.user.Expunge("INBOX", f.at("INBOX", 20))
	if got := f.state(); got != before {
		t.Error(got)
	}
	f.opt.PullOnly, f.dial = false, nil
	f.pull(0)
	f.settledAs(busied, "full")
	f.quiet()
}

// A push alone looks only where it has something to do.
func TestPushOnly(t *testing.T) {
	f := newFixture(t)
	f.begin()
	f.user.Append("M", nil, day(62), message("M", 62))
	f.user.Append("INBOX", nil, day(20), message("INBOX", 20))
	f.flag(1, `\Flagged`, "")
	f.move(2, "Y")
	f.opt.PushOnly = true
	c := f.spy()
	rc := f.pull(0)
	if rc.New != 1 || rc.Pushed.Flags != 1 || rc.Pushed.Moved != 1 || rc.Mailboxes != 2 {
		t.Errorf("%+v", rc)
	}
	for _, line := range c.sent {
		if strings.HasPrefix(line, `EXAMINE "M"`) || strings.HasPrefix(line, `EXAMINE "X"`) {
			t.Errorf("sent %s", line)
		}
	}
	c.sent = nil
	if rc := f.pull(0); rc.Mailboxes != 0 || len(c.sent) > 6 {
		t.Errorf("sent %q, %+v", c.sent, rc)
	}
	runs, err := f.store.Runs(t.Context(), f.accountID(), 1)
	if err != nil || runs[0].Outcome != localstore.OutcomePartial {
		t.Errorf("%+v, %v", runs, err)
	}
	f.opt.PushOnly, f.dial = false, nil
	f.pull(0)
	f.quiet()
}

// A dry run writes nothing, sends nothing, and shows what the next one does.
func TestPushDryRun(t *testing.T) {
	f := newFixture(t)
	f.busy()
	before, there := f.rows(), f.state()
	f.opt.DryRun = true
	c := f.spy()
	rc := f.pull(0)
	if rc.Push == nil || len(c.changing()) > 0 || f.rows() != before || f.state() != there {
		t.Fatalf("sent %q, %+v", c.changing(), rc)
	}
	want := `create mailbox N
rename mailbox M to R
subscribe to X
X: append 1 message (42 bytes)
N: append 1 message (24 bytes)
INBOX: add \Flagged work on 1 message
INBOX: add \Flagged on 1 message
INBOX: add home on 1 message
INBOX: remove \Seen on 1 message
INBOX: copy 1 message to X
INBOX: move 2 messages to X
INBOX: move 1 message to N
INBOX: delete 1 message for good
R: move 1 message to INBOX
remove mailbox Z
`
	if got := rc.Push.Text(); got != want {
		t.Errorf("shows\n%s", got)
	}
	var ids []localstore.IntentID // an outcome that is not known makes no difference
	err := f.store.Intents(t.Context(), f.accountID(), func(in localstore.Intent) error {
		if in.Kind == localstore.IntentCopy {
			ids = append(ids, in.ID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	f.edit(func(tx *localstore.Tx) error { return tx.IntentSent(ids, 1, 1) })
	before = f.rows()
	if rc := f.pull(0); f.rows() != before || !strings.Contains(rc.Push.Text(), "X: look what became of 1 message sent before") {
		t.Errorf("a dry run wrote, or shows\n%s", rc.Push.Text())
	}
}

// What is put into a mailbox outside of the account's folders goes there, and is seen
// there; in a run over a few of them, only what begins in these goes.
func TestPushNarrow(t *testing.T) {
	f := newFixture(t)
	f.begin()
	f.user.Append("M", nil, day(62), message("M", 62))
	f.opt.Folders, f.opt.Narrow = []string{"INBOX"}, true
	f.move(1, "X")
	f.flag(60, `\Flagged`, "")
	f.append("Y", "Subject: 9 new\r\n\r\nnew\r\n", "")
	rc := f.pull(0)
	if rc.Pushed.Moved != 1 || rc.Pending != 2 || rc.New != 0 {
		t.Errorf("%+v", rc)
	}
	if got := f.state(); got != "INBOX=0 2 3S; M=60 61S 62; X=1S 50; Y=" {
		t.Error(got)
	}
	f.opt.Narrow = false
	if rc := f.pull(0); rc.Pushed.Flags != 1 || rc.Pushed.Appended != 1 || rc.Pending != 0 {
		t.Errorf("%+v", rc)
	}
	f.opt.Folders = nil
	f.pull(0)
	f.quiet()
}
