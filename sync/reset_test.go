package sync_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/testkit/dovecot"
)

// Row 13 and I2: a UIDVALIDITY change downloads nothing known again, and old
// rows keep their ids under new UIDs.
func TestUIDValidityChange(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Work")
	f.seed("Work", 12)
	f.user.Expunge("Work", 2, 5)
	f.pull(0)
	ids := f.ids("Work")
	f.server.Renumber(t, f.name, "Work")
	f.user.Append("Work", nil, day(40), message("Work", 40))
	f.user.AddFlags("Work", []imap.Flag{"later"}, 1)
	rc := f.pull(0)
	if rc.Rebound != 10 || rc.New != 1 || rc.Bodies != 1 || rc.Vanished != 0 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
	for sum, id := range f.ids("Work") {
		if was, known := ids[sum]; known && was != id {
			t.Errorf("message %d became %d", was, id)
		}
	}
	if rc := f.pull(0); rc.Rebound+rc.New+rc.Vanished != 0 {
		t.Fatalf("again: %+v", rc)
	}
}

// A lower UIDVALIDITY is another one, too (I3).
func TestUIDValidityGoesBack(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Work")
	f.seed("Work", 5)
	f.server.SetUIDValidity(t, f.name, "Work", 1000)
	f.pull(0)
	for _, value := range []uint32{999, 1000} {
		f.server.SetUIDValidity(t, f.name, "Work", value)
		if rc := f.pull(0); rc.Rebound != 5 || rc.Bodies != 0 {
			t.Fatalf("UIDVALIDITY %d: %+v", value, rc)
		}
		f.equal()
	}
}

// Several equal messages re-link none, and still nothing is downloaded.
func TestUIDValidityChangeWithTwins(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Work")
	for range 2 {
		f.user.Append("Work", nil, day(1), message("Work", 1))
	}
	f.user.Append("Work", nil, day(2), message("Work", 2))
	f.pull(0)
	f.server.Renumber(t, f.name, "Work")
	rc := f.pull(0)
	if rc.Rebound != 1 || rc.Linked != 2 || rc.Bodies != 0 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
}

// A mailbox whose whole content is another one after the change is guarded:
// new mail arrives, the old stays until the user says so.
func TestUIDValidityChangeUnmatched(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Work")
	f.seed("Work", 30)
	f.pull(0)
	f.user.Delete("Work")
	f.user.Create("Work")
	f.user.Append("Work", nil, day(90), message("Other", 1))
	f.server.SetUIDValidity(t, f.name, "Work", 4711)
	rc := f.pull(6)
	if rc.New != 1 || rc.Bodies != 1 || rc.Vanished != 0 || len(rc.Held) != 1 || rc.Held[0].Count != 30 {
		t.Fatalf("%+v", rc)
	}
	if rc := f.pull(6); rc.Held[0].Count != 30 {
		t.Fatalf("again: %+v", rc)
	}
	f.opt.MaxDeletes = limit(t, "30")
	if rc := f.pull(0); rc.Vanished != 30 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
}

// A message that waits for its deletion and whose body is found damaged meanwhile
// used to be forgotten: neither matched nor deleted, it stayed for ever.
func TestUnmatchedWithDamagedBody(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Work")
	f.seed("Work", 30)
	f.pull(0)
	f.user.Delete("Work")
	f.user.Create("Work")
	f.user.Append("Work", nil, day(90), message("Other", 1))
	f.server.SetUIDValidity(t, f.name, "Work", 4711)
	f.pull(6)
	v, err := mailsync.VerifyRemote(t.Context(), f.store, f.account(), mailsync.VerifyOptions{})
	if err != nil || len(v.Differences) != 30 {
		t.Fatalf("verify does not see the messages that wait: %d, %v", len(v.Differences), err)
	}
	old := localstore.MessageID(f.ids("Work")[f.sum(message("Work", 7))])
	err = f.store.Update(t.Context(), func(tx *localstore.Tx) error {
		_, err := tx.MarkDamaged(old)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	f.opt.MaxDeletes = limit(t, "30")
	if rc := f.pull(0); rc.Vanished != 30 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
}

// sum is the hash of a message as the store knows it.
func (f *fixture) sum(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }

// Row 15: deleted and recreated with the same UIDVALIDITY, as some servers do.
// Nothing is touched until the user asks for matching by content.
func TestRecreatedWithSameUIDValidity(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Work")
	f.seed("Work", 10)
	f.pull(0)
	before, value := f.mirrored("Work"), f.user.Selected("Work").UIDValidity
	f.user.Delete("Work")
	f.user.Create("Work")
	for i := range 12 {
		f.user.Append("Work", nil, day(200+i), append(message("New", i), "of another size\r\n"...))
	}
	f.server.SetUIDValidity(t, f.name, "Work", value)
	rc := f.pull(3)
	if rc.New != 0 || rc.Vanished != 0 || len(rc.Failures) != 1 {
		t.Fatalf("%+v", rc)
	}
	if after := f.mirrored("Work"); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Fatalf("the mirror changed:\n%v\n%v", before, after)
	}
	f.opt.Rematch = []string{"Work"}
	rc = f.pull(0)
	if rc.New != 12 || rc.Vanished != 10 {
		t.Fatalf("rematch: %+v", rc)
	}
	f.equal()
	f.opt.Rematch = nil
	f.pull(0)
}

// I5: UIDNEXT going back under the same UIDVALIDITY.
func TestUIDNextGoesBack(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Work")
	f.seed("Work", 10)
	f.pull(0)
	value := f.user.Selected("Work").UIDValidity
	f.user.Delete("Work")
	f.user.Create("Work")
	f.seed("Work", 4)
	f.server.SetUIDValidity(t, f.name, "Work", value)
	if rc := f.pull(3); rc.New+rc.Vanished+rc.Flags != 0 || len(rc.Failures) != 1 {
		t.Fatalf("%+v", rc)
	}
	f.opt.Rematch = []string{"Work"}
	f.opt.MaxDeletes = limit(t, "100%")
	if rc := f.pull(0); rc.Rebound != 4 || rc.Vanished != 6 || rc.Bodies != 0 {
		t.Fatalf("rematch: %+v", rc)
	}
	f.equal()
}

// Row 17 and I12: a message that the server will not give is set aside, its
// neighbours arrive, the run says so, and it is fetched when it can be had.
func TestPoisonMessage(t *testing.T) {
	for name, opts := range map[string][]dovecot.Option{"condstore": nil, "plain": {noCondstore}} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, opts...)
			uids := f.seed("INBOX", 90)
			file := f.server.MailFile(t, f.name, "INBOX", "body 40\n")
			if err := os.Chmod(file, 0); err != nil {
				t.Fatal(err)
			}
			rc := f.pull(3)
			if rc.Bodies != 89 || len(rc.Failures) != 1 || rc.Failures[0].UID != uint32(uids[40]) {
				t.Fatalf("bodies %d, failures %+v", rc.Bodies, rc.Failures)
			}
			if rc := f.pull(3); rc.Bodies != 0 || rc.Reconnects != 0 {
				t.Fatalf("tried again too soon: %+v", rc)
			}
			if err := os.Chmod(file, 0o600); err != nil {
				t.Fatal(err)
			}
			f.opt.Full = true
			if rc := f.pull(0); rc.Bodies != 1 {
				t.Fatalf("%+v", rc)
			}
			f.equal()
		})
	}
}

// A mailbox that cannot be opened costs nothing else.
func TestMailboxThatCannotBeOpened(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"Bad", "Good"} {
		f.user.Create(name)
		f.seed(name, 2)
	}
	f.pull(0)
	f.seed("Good", 1)
	dir := f.server.MailDir(f.name, "Bad")
	if err := os.Chmod(dir, 0); err != nil {
		t.Fatal(err)
	}
	rc := f.pull(3)
	if rc.New != 1 || len(rc.Failures) != 1 || rc.Failures[0].Mailbox != "Bad" {
		t.Fatalf("%+v", rc)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f.pull(0)
	f.equal()
}

// ids maps the hash of every message of a mailbox to its id.
func (f *fixture) ids(mailbox string) map[string]int64 {
	f.Helper()
	out := map[string]int64{}
	err := f.store.List(f.Context(), localstore.ListQuery{Mailbox: f.box(mailbox).ID}, func(m localstore.Mail) error {
		out[m.SHA256] = int64(m.ID)
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	return out
}

func limit(t *testing.T, s string) plan.Limit {
	t.Helper()
	l, err := plan.ParseLimit(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
