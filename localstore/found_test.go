package localstore

import (
	"fmt"
	"testing"
	"time"
)

// What another program downloaded is recognised by mailbox, UIDVALIDITY, UID and size,
// or is worth a look at the header where the size agrees; and by nothing less.
func TestFound(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "Box/é")
	packer := NewPacker()
	text := func(i int) []byte { return fmt.Appendf(nil, "Subject: %d\r\n\r\nbody\r\n", i) }
	size := int64(len(text(0)))
	find := func(folder string, validity, uid uint32, i int) {
		t.Helper()
		edit(t, s, func(tx *Tx) error {
			_, err := tx.PutFound(p.acct, []Found{{packer.PackBytes(text(i)), folder, validity, uid}})
			return err
		})
	}
	find("Box/é", 7, 1, 1)
	find("Box/é", 7, 1, 1) // again
	find("Box/é", 8, 2, 2) // another UIDVALIDITY
	find("Other", 7, 3, 3)
	find("Box/é", 7, 4, 4)
	find("Box/é", 7, 4, 5) // which of the two?
	find("", 0, 0, 6)
	if n := count(t, s, "SELECT count(*) FROM found"); n != 6 {
		t.Errorf("%d rows", n)
	}
	update(t, s, func(tx *Tx) error {
		var all []Arrival
		for uid := range uint32(6) {
			all = append(all, Arrival{UID: uid + 1, Size: size, Date: testDate})
		}
		all = append(all, Arrival{UID: 7, Size: size + 1, Date: testDate})
		if _, err := tx.Arrive(p.run, p.gen, all); err != nil {
			return err
		}
		return tx.SetCursor(p.gen, Cursor{Listed: 7})
	})
	rows, err := s.Missing(bg, p.gen, 0, time.Now(), 100)
	if err != nil || len(rows) != 7 {
		t.Fatal(rows, err)
	}
	for _, r := range rows {
		if (r.Same != nil) != (r.UID == 1) || r.Alike != (r.UID < 7) {
			t.Errorf("%+v", r)
		}
	}
	if *rows[0].Same != packer.PackBytes(text(1)).SHA256 {
		t.Errorf("another body")
	}
	alike, err := s.Alike(bg, rows[1].ID)
	if err != nil || len(alike) != 6 || alike[0].Size != size {
		t.Errorf("%+v %v", alike, err)
	}
	update(t, s, func(tx *Tx) error {
		ok, err := tx.LinkBody(rows[0].ID, *rows[0].Same)
		if !ok {
			t.Error("not linked")
		}
		return err
	})
	if bodies, bytes, err := s.FoundLeft(bg, p.acct); bodies != 5 || bytes != 5*size || err != nil {
		t.Errorf("%d bodies of %d bytes are left, %v", bodies, bytes, err)
	}
	update(t, s, func(tx *Tx) error {
		n, err := tx.ForgetFound(p.acct)
		if n != 5 {
			t.Errorf("%d bodies were dropped", n)
		}
		return err
	})
	wantBody(t, s, rows[0].ID, text(1))
	if rows, err := s.Missing(bg, p.gen, 0, time.Now(), 100); err != nil || len(rows) != 6 || rows[0].Alike {
		t.Errorf("%+v %v", rows, err)
	}
}

// Of another account, nothing is found.
func TestFoundInAnotherAccount(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	arrive(t, s, p, 1)
	edit(t, s, func(tx *Tx) error {
		other, err := tx.Account("home", "imaps://x@example.org")
		if err != nil {
			return err
		}
		_, err = tx.PutFound(other, []Found{{NewPacker().PackBytes(make([]byte, 10)), "inbox", 7, 1}})
		return err
	})
	rows, err := s.Missing(bg, p.gen, 0, time.Now(), 100)
	if err != nil || len(rows) != 1 || rows[0].Same != nil || rows[0].Alike {
		t.Errorf("%+v %v", rows, err)
	}
}

// The mail of another account has the same folder, UIDVALIDITY and UIDs, and for one
// message the same size: it is not taken for what the server has.
func TestFoundOfAnotherServer(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	arrive(t, s, p, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) // of 10, 20, ... bytes
	edit(t, s, func(tx *Tx) error {
		for uid := range uint32(10) {
			size := 20
			if uid > 3 {
				size = 7
			}
			if _, err := tx.PutFound(p.acct, []Found{{NewPacker().PackBytes(make([]byte, size)), "INBOX", 7, uid + 1}}); err != nil {
				return err
			}
		}
		return nil
	})
	rows, err := s.Missing(bg, p.gen, 0, time.Now(), 100)
	if err != nil || len(rows) != 10 {
		t.Fatal(rows, err)
	}
	for _, r := range rows {
		if r.Same != nil || r.Alike != (r.UID == 2) {
			t.Errorf("%+v", r)
		}
	}
}

// Of messages that were found in two forms, the one of the right size counts; and a
// program may have kept the delimiter of the server.
func TestFoundInTwoForms(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "Box.a")
	arrive(t, s, p, 1, 2, 3) // of 10, 20, 30 bytes
	packer := NewPacker()
	edit(t, s, func(tx *Tx) error {
		if _, err := tx.PutMailbox(p.acct, MailboxInfo{Raw: "Box.a", Name: "Box.a", Delim: ".", Selectable: true}, p.run); err != nil {
			return err
		}
		for uid := range uint32(3) {
			for _, less := range []uint32{2, 0} {
				body := packer.PackBytes(make([]byte, 10*(uid+1)-less))
				if _, err := tx.PutFound(p.acct, []Found{{body, "Box.a", 7, uid + 1}}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	rows, err := s.Missing(bg, p.gen, 0, time.Now(), 100)
	if err != nil || len(rows) != 3 {
		t.Fatal(rows, err)
	}
	for i, r := range rows {
		if r.Same == nil || *r.Same != packer.PackBytes(make([]byte, 10*(i+1))).SHA256 {
			t.Errorf("%+v", r)
		}
	}
}
