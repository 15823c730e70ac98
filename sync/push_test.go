package sync_test

import (
	"strings"
	"testing"

	"mailstow/localstore"
)

// edit does something offline.
func (f *fixture) edit(fn func(*localstore.Tx) error) {
	f.Helper()
	if err := f.store.Edit(f.Context(), fn); err != nil {
		f.Fatal(err)
	}
}

// ids are the messages of a mailbox as people see them.
func (f *fixture) seen(mailbox string) (ids []localstore.MessageID) {
	f.Helper()
	err := f.store.List(f.Context(), localstore.ListQuery{Mailbox: f.box(mailbox).ID}, func(m localstore.Mail) error {
		ids = append(ids, m.ID)
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	return ids
}

// quiet wants that nothing waits, that both sides agree, and that a further run
// changes nothing and sends nothing that could.
func (f *fixture) quiet() {
	f.Helper()
	f.equal()
	before := f.rows()
	rc := f.pull(0)
	if rc.Pending != 0 || rc.Commands > 8 || rc.Skipped != rc.Mailboxes {
		f.Errorf("not quiet: %+v", rc)
	}
	if after := f.rows(); after != before {
		f.Errorf("a further run wrote:\n%s\n%s", before, after)
	}
}

func (f *fixture) append(mailbox, text, flags string) {
	f.Helper()
	packed, err := localstore.NewPacker().Pack(strings.NewReader(text))
	if err != nil {
		f.Fatal(err)
	}
	f.edit(func(tx *localstore.Tx) error {
		_, err := tx.AppendMessage(f.box(mailbox).ID, packed, flags, day(77))
		return err
	})
}

// Everything that can be done offline arrives, in one run.
func TestPush(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Archive")
	f.user.Create("Trash")
	f.seed("INBOX", 10)
	f.seed("Archive", 3)
	f.pull(0)
	ids := f.seen("INBOX")
	f.edit(func(tx *localstore.Tx) error { return tx.EditFlags(ids[:3], `\Flagged work`, "") })
	f.edit(func(tx *localstore.Tx) error { return tx.EditFlags(ids[1:2], "", `\Seen`) })
	f.edit(func(tx *localstore.Tx) error { _, err := tx.MoveMessages(ids[2:5], f.box("Archive").ID); return err })
	f.edit(func(tx *localstore.Tx) error { _, err := tx.CopyMessages(ids[5:6], f.box("Archive").ID); return err })
	f.edit(func(tx *localstore.Tx) error { return tx.ExpungeMessages(ids[6:7]) })
	f.append("Archive", "Subject: draft\r\n\r\nhello\r\n", `\Draft \Seen`)
	rc := f.pull(0)
	if p := rc.Pushed; p.Flags != 3 || p.Moved != 3 || p.Copied != 1 || p.Deleted != 1 || p.Appended != 1 || rc.Pending != 0 || rc.New != 0 {
		t.Errorf("%+v", rc)
	}
	f.quiet()
	if n := len(f.user.Messages("INBOX")); n != 6 {
		t.Errorf("%d messages in INBOX", n)
	}
	if n := len(f.user.Messages("Archive")); n != 8 {
		t.Errorf("%d messages in Archive", n)
	}
}
