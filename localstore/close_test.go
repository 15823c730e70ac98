package localstore

import (
	"os"
	"path/filepath"
	"testing"
)

// freshPlace is in a store that its test closes.
func freshPlace(t *testing.T) (*Store, place) {
	t.Helper()
	s := openStore(t, filepath.Join(t.TempDir(), "mail.db"), Options{Create: true, boot: "this"})
	return s, newPlace(t, s, "INBOX")
}

// holds looks what is in a closed store, wherever the machine was started anew.
func holds(t *testing.T, path string, want int) {
	t.Helper()
	s := openStore(t, path, Options{ReadOnly: true, boot: "another"})
	defer s.Close()
	var n int
	if err := s.reader.QueryRow("SELECT count(*) FROM message").Scan(&n); err != nil || n != want {
		t.Errorf("%d messages, %d were kept: %v", n, want, err)
	}
}

// Who still writes while a fresh store is closed is refused, or all of it is kept: none is
// at work when Close returns, and what they see of its settling is whole.
func TestCloseUnderWriters(t *testing.T) {
	for range 5 {
		s, p := freshPlace(t)
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
		if id := headerID(t, s.Path()); id != applicationID {
			t.Errorf("id %#x: not settled", id)
		}
		want := 0
		for range cap(begun) {
			want += <-done
		}
		holds(t, s.Path(), want)
	}
}

// Close and an edit that settles a store may come at once: the edit is kept, or refused.
func TestCloseWhileSettling(t *testing.T) {
	for range 5 {
		s, p := freshPlace(t)
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
		holds(t, s.Path(), want)
	}
}

// A store in which nothing is left to do is closed though its file cannot be opened any more.
func TestCloseNeedsNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.db")
	openStore(t, path, Options{Create: true}).Close()
	s := openStore(t, path, Options{})
	s.writer.SetMaxIdleConns(-1) // as when a cancelled transaction threw its connection away
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
