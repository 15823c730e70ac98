package sync_test

import (
	"bytes"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/localstore"
)

// find brings bodies into the store as another program's, for an account that was
// never synced.
func (f *fixture) find(all ...localstore.Found) {
	f.Helper()
	err := f.store.Edit(f.Context(), func(tx *localstore.Tx) error {
		acct, err := tx.Account("work", f.account().URL)
		if err == nil {
			_, err = tx.PutFound(acct, all)
		}
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
}

func packed(b []byte) *localstore.Packed { return localstore.NewPacker().PackBytes(bytes.Clone(b)) }

// body2000 is a message of some two thousand octets, most of them not in its header.
func body2000(i int) []byte {
	return append(message("INBOX", i), noise(i, 2000)...)
}

// What another program downloaded is linked by the first sync: by UID for nothing, by
// header for the header. What only looks like it is downloaded.
func TestFoundMailIsLinked(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Box")
	f.user.Create("Box/Below")
	validity := map[string]uint32{}
	for n, name := range []string{"INBOX", "Box/Below"} {
		validity[name] = f.user.Selected(name).UIDValidity
		for i := range 40 {
			text := body2000(1000*n + i)
			uid := f.user.Append(name, nil, day(i), text)
			switch {
			case name == "INBOX":
				f.find(localstore.Found{Body: packed(text), Folder: "inbox", UIDValidity: validity[name], UID: uint32(uid)})
			case i < 20:
				f.find(localstore.Found{Body: packed(text)})
			default: // a header of its own, and the size of another message
				f.find(localstore.Found{Body: packed(bytes.Replace(text, []byte("Subject: "), []byte("Subject; "), 1))})
			}
		}
	}
	for i := range 5 { // equal headers, equal sizes: nothing tells them apart
		one, two := body2000(100+i), body2000(100+i)
		two[len(two)-1] ^= 1
		f.user.Append("Box", nil, day(i), one)
		f.find(localstore.Found{Body: packed(one)}, localstore.Found{Body: packed(two)})
	}
	rc := f.pull(0)
	if rc.Linked != 60 || rc.Bodies != 25 {
		t.Errorf("%d linked, %d downloaded", rc.Linked, rc.Bodies)
	}
	f.equal()
	accounts, err := f.store.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if left, _, err := f.store.FoundLeft(t.Context(), accounts[0].ID); left != 25 || err != nil {
		t.Errorf("%d bodies found in vain, %v", left, err)
	}
}

// A mailbox of large and small mail, all of it found: next to nothing is fetched.
func TestFoundByUIDCostsNothing(t *testing.T) {
	f := newFixture(t)
	var found []localstore.Found
	total := int64(0)
	validity := f.user.Selected("INBOX").UIDValidity
	for i := range 60 {
		text := body2000(i)
		if i%10 == 0 {
			text = large(i)
		}
		total += int64(len(text))
		uid := f.user.Append("INBOX", []imap.Flag{imap.FlagSeen}, day(i), text)
		found = append(found, localstore.Found{Body: packed(text), Folder: "INBOX", UIDValidity: validity, UID: uint32(uid)})
	}
	f.find(found...)
	rc := f.pull(0)
	if rc.Linked != 60 || rc.Bodies != 0 || rc.BytesIn > total/20 {
		t.Errorf("%d linked, %d downloaded, %d octets read of %d", rc.Linked, rc.Bodies, rc.BytesIn, total)
	}
	t.Logf("%d octets were read for %d of mail", rc.BytesIn, total)
	f.equal()
}
