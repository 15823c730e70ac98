package sync_test

import (
	"bytes"
	"regexp"
	"testing"
	"time"

	"mailstow/localstore"
)

// The highest UID there is used to wrap the next listing around to the first
// message, and to end every later run of the account.
func TestHighestUID(t *testing.T) {
	f := newFixture(t)
	f.seed("INBOX", 3)
	f.through(func(line []byte) []byte { return bytes.ReplaceAll(line, []byte("(UID 3 "), []byte("(UID 4294967295 ")) })
	f.pull(0)
	f.seed("INBOX", 1)                                         // arrives below the end, so to speak
	if rc := f.pull(3); rc.New != 1 || len(rc.Failures) != 1 { // the liar does not answer for its own UID
		t.Fatalf("%+v", rc)
	}
}

// Sizes that cannot be added up used to end every run of the account, and to
// make its status unreadable.
func TestAbsurdSizes(t *testing.T) {
	f := newFixture(t)
	f.seed("INBOX", 3)
	size := regexp.MustCompile(`RFC822.SIZE \d+`)
	f.through(func(line []byte) []byte {
		return size.ReplaceAll(line, []byte("RFC822.SIZE 9223372036854775807"))
	})
	f.opt.DryRun = true
	if rc := f.pull(0); len(rc.Plans) != 1 || rc.Plans[0].NewBytes < 0 {
		t.Fatalf("%+v", rc.Plans)
	}
	f.opt.DryRun = false
	if rc := f.pull(0); rc.Bodies != 3 {
		t.Fatalf("%+v", rc)
	}
	accounts, _ := f.store.Accounts(t.Context())
	if _, err := f.store.Status(t.Context(), accounts[0]); err != nil {
		t.Error(err)
	}
	f.equal()
}

// Before any body is there, the sizes of the status are the announced ones.
func TestStatusOfAbsurdSizes(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Work")
	f.pull(0)
	gen := f.box("Work").Generation.ID
	err := f.store.Update(t.Context(), func(tx *localstore.Tx) error {
		_, err := tx.Arrive(1, gen, []localstore.Arrival{{UID: 1, Size: 1<<63 - 1}, {UID: 2, Size: 1<<63 - 1}})
		if err != nil {
			return err
		}
		return tx.SetCursor(gen, localstore.Cursor{Listed: 2})
	})
	if err != nil {
		t.Fatal(err)
	}
	accounts, _ := f.store.Accounts(t.Context())
	if folders, err := f.store.Folders(t.Context(), accounts[0].ID); err != nil || folders[1].Size != 1<<63-1 {
		t.Errorf("%+v, %v", folders, err)
	}
	if _, _, err := f.store.MissingTotal(t.Context(), gen, time.Now()); err != nil {
		t.Error(err)
	}
}
