package localstore

import (
	"path/filepath"
	"testing"
)

// Who still writes while a fresh store is closed is refused, or all of it is kept: none is
// at work when Close returns, and what they see of its settling is whole.
func TestCloseUnderWriters(t *testing.T) {
	for range 5 {
		path := filepath.Join(t.TempDir(), "mail.db")
		s := openStore(t, path, Options{Create: true, boot: "this"})
		p := newPlace(t, s, "INBOX")
		done := make(chan int)
		begun := make(chan struct{}, 4)
		for w := range cap(begun) {
			go func() {
				n := 0
				for s.Update(bg, func(tx *Tx) error {
					_, err := tx.Arrive(p.run, p.gen, []Arrival{{UID: uint32(1 + w + n*cap(begun)), Date: testDate}})
					return err
				}) == nil {
					if n++; n == 1 {
						begun <- struct{}{}
					}
				}
				done <- n
			}()
		}
		for range cap(begun) {
			<-begun
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if id := headerID(t, path); id != applicationID {
			t.Errorf("id %#x: not settled", id)
		}
		want := 0
		for range cap(begun) {
			want += <-done
		}
		o := openStore(t, path, Options{ReadOnly: true, boot: "another"})
		var n int
		if err := o.reader.QueryRow("SELECT count(*) FROM message").Scan(&n); err != nil || n != want {
			t.Errorf("%d messages, %d were kept: %v", n, want, err)
		}
		o.Close()
	}
}

// Close and an edit that settles a store may come at once: the edit is kept, or refused.
func TestCloseWhileSettling(t *testing.T) {
	for range 5 {
		path := filepath.Join(t.TempDir(), "mail.db")
		s := openStore(t, path, Options{Create: true, boot: "this"})
		p := newPlace(t, s, "INBOX")
		edited := make(chan error)
		go func() {
			edited <- s.Edit(bg, func(tx *Tx) error {
				_, err := tx.Arrive(p.run, p.gen, []Arrival{{UID: 1, Date: testDate}})
				return err
			})
		}()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		want := 0
		if err := <-edited; err == nil {
			want = 1
		}
		o := openStore(t, path, Options{ReadOnly: true, boot: "another"})
		var n int
		if err := o.reader.QueryRow("SELECT count(*) FROM message").Scan(&n); err != nil || n != want {
			t.Errorf("%d messages, %d were kept: %v", n, want, err)
		}
		o.Close()
	}
}
