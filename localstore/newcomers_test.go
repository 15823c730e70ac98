package localstore

import "testing"

// Two messages with the same bytes were sent, and one of them reached the server. What
// arrived is the outcome of one intent: the other used to take it for its own in the
// next look, and was never sent again.
func TestNewcomersAreTakenOnce(t *testing.T) {
	d := newDesk(t, newStore(t))
	edit(t, d.s, func(tx *Tx) error {
		for range 2 {
			if _, err := tx.AppendMessage(d.archive.box, pack(t, "twin"), "", testDate); err != nil {
				return err
			}
		}
		return nil
	})
	ids := intentIDs(t, d.s, d.acct)
	edit(t, d.s, func(tx *Tx) error { return tx.IntentSent(ids, 1, 1) })
	there := d.arrives(d.archive, Arrival{UID: 9, Size: 4, Date: testDate})
	newcomers := func() (all []MessageID) {
		if err := d.s.Newcomers(bg, d.archive.gen, 9, 0, func(n Newcomer) error { all = append(all, n.ID); return nil }); err != nil {
			t.Fatal(err)
		}
		return all
	}
	if all := newcomers(); len(all) != 1 || all[0] != there {
		t.Fatalf("newcomers %v, want %d", all, there)
	}
	d.done(ids[0], Outcome{UID: 9})
	if all := newcomers(); len(all) != 0 {
		t.Errorf("%v may be somebody else still", all)
	}
}
