package sync_test

import (
	"bytes"
	"regexp"
	"slices"
	"testing"

	"github.com/emersion/go-imap/v2"

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

// Dovecot lists a deleted mailbox that has children as if nothing had happened,
// and then does not know it: every run failed, for ever.
func TestMailboxListedButDeleted(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Work")
	f.user.Create("Work/Sub")
	f.seed("Work", 3)
	f.pull(0)
	f.user.Delete("Work")
	if rc := f.pull(6); len(rc.Held) != 1 || rc.Held[0].Count != 3 {
		t.Fatalf("%+v", rc)
	}
	f.opt.MaxDeletes = limit(t, "3")
	if rc := f.pull(0); rc.Vanished != 3 {
		t.Fatalf("%+v", rc)
	}
	before := f.rows()
	f.pull(0)
	if after := f.rows(); after != before {
		t.Fatalf("a mere name was written again:\n%s\n%s", before, after)
	}
	v, err := mailsync.VerifyRemote(t.Context(), f.store, f.account(), mailsync.VerifyOptions{})
	if err != nil || len(v.Differences) != 0 {
		t.Fatalf("verify: %+v, %v", v.Differences, err)
	}
	f.user = f.server.User(t, f.name)
	f.user.Create("Work")
	f.seed("Work", 2)
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

// identify lets the server give the only selected mailbox a MAILBOXID, one in the
// list and one when it is opened.
func (f *fixture) identify(mailbox, listed, opened string) {
	f.opt.Folders = []string{mailbox}
	status, exists := []byte("* STATUS "+mailbox+" ("), []byte(" EXISTS\r\n")
	f.through(func(line []byte) []byte {
		line = bytes.Replace(line, status, append(status[:len(status):len(status)], "MAILBOXID ("+listed+") "...), 1)
		if bytes.HasSuffix(line, exists) {
			line = append(line, "* OK [MAILBOXID ("+opened+")] Ok\r\n"...)
		}
		return line
	})
}

// A mailbox recreated under its old UIDVALIDITY used to need the user's help, or
// went unnoticed, although its MAILBOXID tells; what lies in the memory of a
// Cyrus does not.
func TestMailboxIDTellsARecreatedMailbox(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Work")
	f.seed("Work", 10)
	f.identify("Work", "ida", "ida")
	f.pull(0)
	value := f.user.Selected("Work").UIDValidity
	f.user.Delete("Work")
	f.user.Create("Work")
	f.seed("Work", 4)
	f.server.SetUIDValidity(t, f.name, "Work", value)
	f.identify("Work", "\xf2M\xce:", "idb")
	if rc := f.pull(0); rc.Rebound != 4 || rc.Vanished != 6 || rc.Bodies != 0 {
		t.Fatalf("%+v", rc)
	}
	f.identify("Work", "\xf2M\xfe:", "idb")
	if rc := f.pull(0); rc.Rebound+rc.Vanished+rc.New != 0 {
		t.Fatalf("%+v", rc)
	}
}

// Renamed between the list and the opening: left to the next run, which knows.
func TestMailboxRenamedMidRun(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Work")
	f.seed("Work", 3)
	f.identify("Work", "ida", "ida")
	f.pull(0)
	before := f.mirrored("Work")
	f.seed("Work", 1)
	f.identify("Work", "ida", "idb")
	if rc := f.pull(3); rc.New+rc.Vanished+rc.Rebound != 0 {
		t.Fatalf("%+v", rc)
	}
	if after := f.mirrored("Work"); !slices.Equal(before, after) {
		t.Fatalf("%v\n%v", before, after)
	}
	f.identify("Work", "ida", "ida")
	if rc := f.pull(0); rc.New != 1 {
		t.Fatalf("%+v", rc)
	}
}

// Another mailbox under a known name, without any of the messages at the end of
// the known range: those before it used to be taken for the known ones.
func TestRecreatedWithoutTheLastMessages(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Work")
	f.seed("Work", 100)
	f.pull(0)
	value := f.user.Selected("Work").UIDValidity
	f.user.Delete("Work")
	f.user.Create("Work")
	var uids []imap.UID
	for i := range 102 {
		uids = append(uids, f.user.Append("Work", nil, day(500+i), append(message("Other", i), "longer\r\n"...)))
	}
	f.user.Expunge("Work", uids[90:100]...)
	f.server.SetUIDValidity(t, f.name, "Work", value)
	if rc := f.pull(3); rc.New+rc.Vanished+rc.Flags != 0 {
		t.Fatalf("%+v", rc)
	}
}

// A server marks mailboxes with new mail and stops to: that is nothing to keep.
func TestMarkedIsNotKept(t *testing.T) {
	f := newFixture(t)
	f.seed("INBOX", 1)
	f.pull(0)
	before := f.rows()
	f.through(func(line []byte) []byte { return bytes.Replace(line, []byte("LIST ("), []byte(`LIST (\Marked `), 1) })
	f.pull(0)
	f.through(func(line []byte) []byte { return bytes.Replace(line, []byte("LIST ("), []byte(`LIST (\UnMarked `), 1) })
	f.pull(0)
	if after := f.rows(); after != before {
		t.Errorf("it was kept:\n%s\n%s", before, after)
	}
}
