package localstore

import (
	"bytes"
	"os"
	"testing"
)

// fileHolds tells whether the bytes are anywhere in the files of a store.
func fileHolds(t *testing.T, s *Store, text string) bool {
	t.Helper()
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(s.Path() + suffix)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(text)) {
			return true
		}
	}
	return false
}

// What vanished is removed for good, with the bodies that nothing else has; what is
// there, shared or waited for stays.
func TestPurge(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	secret := "secret words that nobody compresses: 8f3a91c07be254d6"
	ids := arrive(t, s, d.inbox, 50, 60, 70)
	put(t, s, ids[0], "Subject: s\n\n"+secret)
	put(t, s, ids[1], "Subject: twin\n\n.")
	put(t, s, ids[2], "Subject: twin\n\n.")
	d.inbox.run = d.nextRun()
	update(t, s, func(tx *Tx) error { return tx.Vanish(d.inbox.run, []MessageID{ids[0], ids[1], 1}) })
	edit(t, s, func(tx *Tx) error { return tx.EditFlags([]MessageID{2}, "x", "") })
	update(t, s, func(tx *Tx) error { return tx.Vanish(d.inbox.run, []MessageID{2}) }) // and its edit waits
	bodies := count(t, s, "SELECT count(*) FROM body")

	if !fileHolds(t, s, secret) {
		t.Fatal("the file does not hold what it shall lose: this test proves nothing")
	}
	done := 0
	got, err := s.Purge(bg, []MessageID{ids[0], ids[1], ids[2], 2, 3, 9999}, func(n int) { done = n })
	if want := (Purged{Messages: 2, Bodies: 1, Bytes: int64(len(secret) + 12)}); err != nil || got != want || done != 6 {
		t.Errorf("%+v %v after %d, want %+v", got, err, done, want)
	}
	if n := count(t, s, "SELECT count(*) FROM body"); n != bodies-1 {
		t.Errorf("%d bodies, want %d", n, bodies-1)
	}
	for id, want := range map[MessageID]int{ids[0]: 0, ids[1]: 0, ids[2]: 1, 1: 1, 2: 1, 3: 1} {
		if n := count(t, s, "SELECT count(*) FROM message WHERE id = ?", id); n != want {
			t.Errorf("message %d: %d rows, want %d", id, n, want)
		}
	}
	if left, err := s.Compact(bg, false); err != nil || left {
		t.Error(left, err)
	}
	if fileHolds(t, s, secret) {
		t.Error("the file still holds what was purged")
	}
	if _, err := s.Compact(bg, true); err != nil {
		t.Error(err)
	}
	if n := count(t, s, "PRAGMA freelist_count"); n != 0 {
		t.Errorf("%d free pages", n)
	}
	wantBody(t, s, ids[2], []byte("Subject: twin\n\n."))
	// The server brings a message of that UID: it is one of its own, with a body to fetch.
	again := arrive(t, s, d.inbox, 50)
	if again[0] <= ids[2] {
		t.Errorf("id %d is used again", again[0])
	}
	update(t, s, func(tx *Tx) error { return tx.SetCursor(d.inbox.gen, Cursor{Listed: 70}) })
}
