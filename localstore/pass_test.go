package localstore

import "testing"

// A pass is remembered until something happens, or is asked for otherwise.
func TestPass(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	var other place
	update(t, s, func(tx *Tx) (err error) { other.acct, err = tx.Account("other", "imaps://you@example.org"); return err })
	p := Pass{Source: other.acct, Target: d.acct, Asked: []byte("a"), Report: []byte("all is well")}
	keep := func() { update(t, s, func(tx *Tx) error { return tx.SetPass(p) }) }
	remembered := func(want bool, asked string) {
		t.Helper()
		report, ok, err := s.Pass(bg, p.Source, p.Target, []byte(asked))
		if err != nil || ok != want || ok && string(report) != "all is well" {
			t.Errorf("%q %v %v, want %v", report, ok, err, want)
		}
	}
	remembered(false, "a")
	keep()
	remembered(true, "a")
	remembered(false, "b")
	if _, ok, err := s.Pass(bg, p.Target, p.Source, p.Asked); ok || err != nil {
		t.Error("the other way round", err)
	}
	d.arrives(d.inbox, Arrival{UID: 99, Flags: `\Seen`, Size: -1, Date: testDate})
	remembered(false, "a")
	keep()
	remembered(true, "a")
	edit(t, s, func(tx *Tx) error { return tx.ExpungeMessages([]MessageID{1}) })
	remembered(false, "a")
	keep() // not while something waits
	remembered(false, "a")
}
