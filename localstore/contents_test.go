package localstore

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// Two accounts in one store: what one holds, and what of it was made of the other's.
func TestContents(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	other := place{}
	update(t, s, func(tx *Tx) (err error) {
		if other.acct, err = tx.Account("other", "imaps://you@example.org"); err != nil {
			return err
		}
		if other.run, err = tx.BeginRun(other.acct, time.Unix(1000, 0)); err != nil {
			return err
		}
		if other.box, err = tx.PutMailbox(other.acct, info("INBOX"), other.run); err != nil {
			return err
		}
		other.gen, err = tx.OpenGeneration(other.box, 5, other.run)
		return err
	})
	tamper(t, s, "UPDATE message SET identity = 'E:1' WHERE id = 1")
	var made, gone MessageID
	edit(t, s, func(tx *Tx) (err error) {
		if made, err = tx.RestoreMessage(1, other.box, "x"); err != nil {
			return err
		}
		if gone, err = tx.RestoreMessage(2, other.box, ""); err != nil {
			return err
		}
		_, err = tx.RestoreMessage(3, d.archive.box, "") // within the account: not made for another
		return err
	})
	if n := count(t, s, "SELECT count(*) FROM message WHERE id = ? AND identity <> ''", made); n != 0 {
		t.Error("what one server calls a message is believed of another's")
	}
	if ids, _ := copiesOf(t, s, 1); !slices.Equal(ids, []MessageID{1}) {
		t.Errorf("copies in the account: %v", ids)
	}
	contents := func() (all []string) {
		t.Helper()
		err := s.Contents(bg, other.acct, func(c Content) error {
			all = append(all, fmt.Sprintf("%d uid %d same %v %q", c.Message, c.UID, c.Body > 0 && c.Body == int64(count(t, s, "SELECT ifnull(body, 0) FROM message WHERE id = 1")), c.Flags))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(all)
		return all
	}
	want(t, "contents", contents(), []string{fmt.Sprintf(`%d uid 0 same true "x"`, made), fmt.Sprintf(`%d uid 0 same false ""`, gone)})

	run := d.nextRun()
	update(t, s, func(tx *Tx) error { return tx.Vanish(run, []MessageID{2}) })
	arrived := arrive(t, s, other, 30) // by which the server shows what was made of it
	update(t, s, func(tx *Tx) error {
		in, _, err := tx.pending("result = ?", made)
		if err != nil {
			return err
		}
		return tx.IntentDone(other.run, in.id, Outcome{UID: 30, Flags: "x"})
	})
	got, err := s.Made(bg, d.acct)
	if wanted := []Made{{arrived[0], 1, false}, {gone, 2, true}}; err != nil || !slices.Equal(got, wanted) {
		t.Errorf("%+v %v, want %+v", got, err, wanted)
	}
	if back, err := s.Made(bg, other.acct); err != nil || len(back) != 0 {
		t.Errorf("%+v %v", back, err)
	}
	if id, err := s.Restored(bg, 1); err != nil || id != 0 {
		t.Errorf("in its own account restored as %d, %v", id, err)
	}
	update(t, s, func(tx *Tx) error { return tx.SetCursor(other.gen, Cursor{Listed: 30}) })
}
