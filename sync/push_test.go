package sync_test

import (
	"testing"

	"mailstow/localstore"
)

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

// What goes into an empty mailbox is listed there like any other mail: its UIDs
// are as good as before.
func TestPushIntoEmptyMailbox(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Archive")
	f.seed("INBOX", 3)
	f.pull(0)
	ids := f.seen("INBOX")
	f.edit(func(tx *localstore.Tx) error { _, err := tx.MoveMessages(ids[:2], f.box("Archive").ID); return err })
	before := f.box("Archive").Generation.ID
	if rc := f.pull(0); rc.Pushed.Moved != 2 || rc.Rebound != 0 || len(rc.Notes) != 0 {
		t.Errorf("%+v", rc)
	}
	if now := f.box("Archive").Generation.ID; now != before {
		t.Errorf("generation %d became %d", before, now)
	}
	f.quiet()
}
