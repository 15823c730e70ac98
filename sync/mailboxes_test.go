package sync_test

import (
	"regexp"
	"testing"

	mailsync "mailstow/sync"
	"mailstow/sync/testkit/dovecot"
)

// A mailbox with children that is deleted stays listed as \NoSelect. Its mail
// used to stay in the mirror without a word, and a problem it had for ever.
func TestMailboxBecomesNoSelect(t *testing.T) {
	f := newFixture(t, dovecot.MaildirFS())
	f.user.Create("Work")
	f.user.Create("Work/Sub")
	f.seed("Work", 3)
	f.seed("Work/Sub", 2)
	f.pull(0)
	f.user.Delete("Work")
	if rc := f.pull(6); len(rc.Held) != 1 || rc.Held[0].Count != 3 || rc.Vanished != 0 {
		t.Fatalf("%+v", rc)
	}
	v, err := mailsync.VerifyRemote(t.Context(), f.store, f.account(), mailsync.VerifyOptions{})
	if err != nil || len(v.Differences) != 1 || v.Differences[0].Mailbox != "Work" {
		t.Fatalf("verify: %+v, %v", v.Differences, err)
	}
	f.opt.MaxDeletes = limit(t, "3")
	if rc := f.pull(0); rc.Vanished != 3 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
	before := f.rows()
	f.pull(0)
	if after := f.rows(); after != before {
		t.Fatalf("a mere name was written again:\n%s\n%s", before, after)
	}
	f.user.Create("Work")
	f.seed("Work", 3)
	f.pull(0)
	f.equal()
}

// mailboxIDs lets the server give these mailboxes a MAILBOXID.
func (f *fixture) mailboxIDs(ids map[string]string) {
	status := regexp.MustCompile(`^\* STATUS (\S+) \(`)
	f.through(func(line []byte) []byte {
		if m := status.FindSubmatch(line); m != nil && ids[string(m[1])] != "" {
			return status.ReplaceAll(line, []byte("* STATUS $1 (MAILBOXID ("+ids[string(m[1])]+") "))
		}
		return line
	})
}

// Mailboxes that swap names used to lose their history and to be downloaded
// again (I6).
func TestMailboxesSwapNames(t *testing.T) {
	f := newFixture(t)
	for i, name := range []string{"A", "B", "C"} {
		f.user.Create(name)
		f.seed(name, 3+i)
	}
	f.mailboxIDs(map[string]string{"A": "ida", "B": "idb", "C": "idc"})
	f.pull(0)
	a, b, c := f.box("A").ID, f.box("B").ID, f.box("C").ID
	for _, n := range [][2]string{{"A", "tmp"}, {"B", "A"}, {"tmp", "B"}, {"C", "D"}} {
		f.user.Rename(n[0], n[1])
	}
	f.mailboxIDs(map[string]string{"B": "ida", "A": "idb", "D": "idc"})
	if rc := f.pull(0); rc.New != 0 || rc.Vanished != 0 || len(rc.Notes) != 3 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
	if f.box("B").ID != a || f.box("A").ID != b || f.box("D").ID != c {
		t.Fatal("not the mailboxes they were")
	}
}

// A mailbox renamed to the name of a deleted one: both are told apart, also
// while the guard holds the loss of the deleted one back.
func TestMailboxTakesTheNameOfAnother(t *testing.T) {
	f := newFixture(t)
	f.user.Create("A")
	f.user.Create("B")
	f.seed("A", 3)
	f.seed("B", 4)
	f.mailboxIDs(map[string]string{"A": "ida", "B": "idb"})
	f.pull(0)
	a, b := f.box("A").ID, f.box("B").ID
	f.user.Delete("B")
	f.user.Rename("A", "B")
	f.mailboxIDs(map[string]string{"B": "ida"})
	for range 2 { // not forgotten
		if rc := f.pull(6); rc.New != 0 || len(rc.Held) != 1 || rc.Held[0].Count != 4 {
			t.Fatalf("%+v", rc)
		}
	}
	f.opt.MaxDeletes = limit(t, "4")
	if rc := f.pull(0); rc.Vanished != 4 {
		t.Fatalf("%+v", rc)
	}
	for _, m := range f.boxes() {
		if m.ID == a && (m.Detached || m.Name != "B") || m.ID == b && !m.Detached {
			t.Errorf("%+v", m)
		}
	}
}
