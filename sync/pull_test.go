package sync_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/localstore"
	"mailstow/sync/plan"
)

func TestPullEverythingThenTheDifference(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Archive")
	f.user.Create("Archive/Grün & Blau")
	inbox := f.seed("INBOX", 7)
	f.seed("Archive/Grün & Blau", 3)

	rc := f.pull(0)
	if rc.New != 10 || rc.Bodies != 10 || rc.Mailboxes != 3 {
		t.Fatalf("first run: %+v", rc)
	}
	f.equal()

	f.user.AddFlags("INBOX", []imap.Flag{imap.FlagFlagged, "Work"}, inbox[0], inbox[3])
	f.user.RemoveFlags("INBOX", []imap.Flag{imap.FlagSeen}, inbox[1])
	f.user.Expunge("INBOX", inbox[5])
	f.user.Append("INBOX", nil, day(100), message("INBOX", 100))
	rc = f.pull(0)
	if rc.New != 1 || rc.Bodies != 1 || rc.Flags != 3 || rc.Vanished != 1 {
		t.Fatalf("second run: %+v", rc)
	}
	f.equal()
}

// A run over an account in which nothing happened opens no mailbox and writes
// no message data.
func TestPullNothing(t *testing.T) {
	f := newFixture(t)
	f.seed("INBOX", 5)
	f.pull(0)
	before := f.rows()
	rc := f.pull(0)
	if rc.Skipped != rc.Mailboxes || rc.New+rc.Flags+rc.Vanished != 0 || rc.Bodies != 0 {
		t.Fatalf("second run: %+v", rc)
	}
	if after := f.rows(); after != before {
		t.Fatalf("rows before a run with nothing to do:\n%s\nafter:\n%s", before, after)
	}
}

// Without CONDSTORE flags are scanned, and an unchanged mailbox writes nothing.
func TestPullWithoutCondstore(t *testing.T) {
	f := newFixture(t, noCondstore)
	uids := f.seed("INBOX", 5)
	f.pull(0)
	f.user.AddFlags("INBOX", []imap.Flag{imap.FlagAnswered}, uids[2])
	if rc := f.pull(0); rc.Flags != 1 || rc.Skipped != 0 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
	before := f.rows()
	f.pull(0)
	if after := f.rows(); after != before {
		t.Fatalf("rows before:\n%s\nafter:\n%s", before, after)
	}
}

func TestPullSelectedFolders(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"Work", "Work/Old", "Spam"} {
		f.user.Create(name)
		f.seed(name, 1)
	}
	f.seed("INBOX", 1)
	f.opt.Folders = []string{"*", "!Spam", "!Work/*"}
	if rc := f.pull(0); rc.New != 2 || rc.Mailboxes != 2 {
		t.Fatalf("%+v", rc)
	}
}

func TestDryRunChangesNothing(t *testing.T) {
	f := newFixture(t)
	uids := f.seed("INBOX", 3)
	f.opt.DryRun = true
	rc := f.pull(0)
	if len(rc.Plans) != 1 || rc.Plans[0].New != 3 || rc.Run != 0 {
		t.Fatalf("never synced: %+v", rc)
	}
	if len(f.boxes()) != 0 {
		t.Fatal("a dry run made mailboxes")
	}
	f.opt.DryRun = false
	f.pull(0)
	f.opt.DryRun = true
	f.user.Expunge("INBOX", uids[0])
	f.user.AddFlags("INBOX", []imap.Flag{imap.FlagFlagged}, uids[1])
	f.user.Append("INBOX", nil, day(50), message("INBOX", 50))
	before := f.rows()
	rc = f.pull(0)
	if p := rc.Plans; len(p) != 1 || p[0].New != 1 || len(p[0].Flags) != 1 || len(p[0].Vanish) != 1 {
		t.Fatalf("%+v", rc.Plans)
	}
	if f.rows() != before {
		t.Fatal("a dry run wrote rows")
	}
}

// A dry run used to say that there is nothing to do while bodies were owed.
func TestDryRunTellsWhatIsOwed(t *testing.T) {
	f := newFixture(t)
	f.seed("INBOX", 20)
	f.through(func(line []byte) []byte {
		if bytes.Contains(line, []byte("BODY[] {")) {
			return bytes.Replace(line, []byte("UID "), []byte("UID 999"), 1)
		}
		return line
	})
	f.pull(3)
	f.dial = nil
	f.opt.DryRun, f.opt.Full = true, true
	rc := f.pull(0)
	if len(rc.Plans) != 1 || rc.Plans[0].Due != 20 || rc.Plans[0].New != 0 {
		t.Fatalf("%+v", rc.Plans)
	}
}

// Row 21 and I26: exactly the deletions are held back, new mail still arrives.
func TestGuardHoldsDeletions(t *testing.T) {
	f := newFixture(t)
	uids := f.seed("INBOX", 40)
	f.pull(0)
	f.user.Expunge("INBOX", uids[:30]...)
	f.user.Append("INBOX", nil, day(60), message("INBOX", 60))
	rc := f.pull(6)
	if rc.New != 1 || rc.Vanished != 0 || len(rc.Held) != 1 || rc.Held[0].Count != 30 || rc.Held[0].Of != 40 {
		t.Fatalf("%+v", rc)
	}
	if n := len(f.mirrored("INBOX")); n != 41 {
		t.Fatalf("%d messages in the mirror", n)
	}
	f.pull(6) // not forgotten, although nothing changed meanwhile
	f.opt.MaxDeletes, _ = plan.ParseLimit("30")
	if rc := f.pull(0); rc.Vanished != 30 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
}

func TestGuardHoldsEmptiedAndGoneMailboxes(t *testing.T) {
	f := newFixture(t)
	uids := f.seed("INBOX", 3)
	for _, name := range []string{"Gone", "Empty", "Trash"} {
		f.user.Create(name)
	}
	f.seed("Gone", 2)
	trash := f.seed("Trash", 2)
	f.pull(0)
	f.user.Expunge("INBOX", uids...)
	f.user.Expunge("Trash", trash...)
	f.user.Delete("Gone")
	f.user.Delete("Empty")
	rc := f.pull(6)
	if len(rc.Held) != 2 || rc.Vanished != 2 {
		t.Fatalf("held %+v, vanished %d", rc.Held, rc.Vanished)
	}
	if !f.box("Empty").Detached || f.box("Gone").Detached {
		t.Fatal("the empty mailbox must be detached, the one with mail held")
	}
	f.opt.MaxDeletes = plan.NoLimit
	f.pull(0)
	f.equal()
	if n := f.vanished(); n != 7 {
		t.Fatalf("%d vanished messages kept in history, want 7", n)
	}
}

// A mailbox that comes back under its name is the same mailbox again.
func TestMailboxComesBack(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Work")
	f.seed("Work", 2)
	f.pull(0)
	id := f.box("Work").ID
	f.user.Delete("Work")
	f.opt.MaxDeletes = plan.NoLimit
	f.pull(0)
	f.user.Create("Work")
	f.seed("Work", 4)
	f.pull(0)
	f.equal()
	if f.box("Work").ID != id {
		t.Fatal("another mailbox")
	}
}

// vanished counts what the mirror keeps of messages gone from the server.
func (f *fixture) vanished() int {
	f.Helper()
	n := 0
	err := f.store.List(f.Context(), localstore.ListQuery{Deleted: true}, func(m localstore.Mail) error {
		if m.State == localstore.StateVanished {
			n++
			f.hash(m.ID)
		}
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	return n
}

// The clock of a run comes from outside.
func TestRunIsRecorded(t *testing.T) {
	f := newFixture(t)
	at := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	f.opt.Now = func() time.Time { return at }
	f.seed("INBOX", 1)
	f.pull(0)
	accounts, _ := f.store.Accounts(f.Context())
	last, good, err := f.store.LastRuns(f.Context(), accounts[0].ID)
	if err != nil || last == nil || good == nil || !last.Ended.Equal(at) || last.Exit != 0 || len(last.Receipt) == 0 {
		t.Fatalf("last %+v, good %+v, %v", last, good, err)
	}
}

// A run over some folders is no good run of the account.
func TestNarrowRunIsNoBackup(t *testing.T) {
	f := newFixture(t)
	f.seed("INBOX", 1)
	f.opt.Folders, f.opt.Narrow = []string{"INBOX"}, true
	f.pull(0)
	accounts, _ := f.store.Accounts(f.Context())
	last, good, err := f.store.LastRuns(f.Context(), accounts[0].ID)
	if err != nil || last != nil || good != nil {
		t.Fatalf("last %+v, good %+v, %v", last, good, err)
	}
	f.opt.Folders, f.opt.Narrow = nil, false
	f.pull(0)
	f.opt.Narrow = true
	f.pull(0)
	last, good, err = f.store.LastRuns(f.Context(), accounts[0].ID)
	if err != nil || last == nil || good == nil || last.ID != 2 || good.ID != 2 {
		t.Fatalf("last %+v, good %+v, %v", last, good, err)
	}
}
