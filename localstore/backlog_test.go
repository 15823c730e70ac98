package localstore

import (
	"slices"
	"testing"
)

func TestBacklogAndMeant(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	inbox, archive := d.inbox.box, d.archive.box
	var moved []MessageID
	edit(t, s, func(tx *Tx) (err error) {
		if err = tx.EditFlags([]MessageID{1, 2}, `\Flagged`, ""); err != nil {
			return err
		}
		if moved, err = tx.MoveMessages([]MessageID{2}, archive); err != nil {
			return err
		}
		if _, err = tx.CopyMessages([]MessageID{5}, d.later); err != nil {
			return err
		}
		return tx.ExpungeMessages([]MessageID{3})
	})
	var parked IntentID
	err := s.Intents(bg, d.acct, func(in Intent) error { parked = in.ID; return nil })
	if err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx *Tx) error { return tx.ParkIntent(parked, "why") })
	got, err := s.Backlog(bg, d.acct)
	want := []Backlog{{inbox, 0, 3, 1}, {inbox, archive, 1, 0}, {archive, d.later, 1, 0}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v %v, want %+v", got, err, want)
	}
	if got, err := s.Backlog(bg, d.acct+1); len(got) != 0 || err != nil {
		t.Errorf("of another account: %+v %v", got, err)
	}
	for id, want := range map[MessageID]struct {
		now MessageID
		by  IntentID
	}{1: {1, 0}, 2: {moved[0], 0}, moved[0]: {moved[0], 0}, 3: {0, parked}, 99: {99, 0}} {
		if now, by, err := s.Meant(bg, id); now != want.now || by != want.by || err != nil {
			t.Errorf("message %d: seen as %d, deleted by %d, %v; want %+v", id, now, by, err, want)
		}
	}
	// The server carries the move out; then somebody else moves the message on.
	var in IntentID
	if err := s.Intents(bg, d.acct, func(i Intent) error {
		if i.Kind == IntentMove {
			in = i.ID
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	edit(t, s, func(tx *Tx) error { return tx.IntentSent([]IntentID{in}, 9, 8) })
	update(t, s, func(tx *Tx) error { return tx.IntentDone(d.run, in, Outcome{UIDValidity: 9, UID: 8}) })
	further := arrive(t, s, d.inbox, 90)[0]
	update(t, s, func(tx *Tx) error { return tx.Moved(d.run, moved[0], further) })
	if now, by, err := s.Meant(bg, 2); now != further || by != 0 || err != nil {
		t.Errorf("moved twice: seen as %d, deleted by %d, %v; want %d", now, by, err, further)
	}
}
