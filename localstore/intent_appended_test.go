package localstore

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// IntentAppended does what IntentDone does, whatever happened to the message since it
// was queued.
func TestIntentAppended(t *testing.T) {
	flags := func(d desk, id MessageID) {
		edit(d.t, d.s, func(tx *Tx) error { return tx.EditFlags([]MessageID{id}, "Work", "") })
	}
	nothing := func(desk, MessageID) {}
	for name, c := range map[string]struct {
		meanwhile func(desk, MessageID)
		o         Outcome
	}{
		"plain":               {nothing, Outcome{UIDValidity: 9, UID: 8, Flags: `\Seen`}},
		"without UID":         {nothing, Outcome{Flags: `\Seen`}},
		"without UIDVALIDITY": {nothing, Outcome{UID: 8, Flags: `\Seen`}},
		"other UIDVALIDITY":   {nothing, Outcome{UIDValidity: 10, UID: 8, Flags: `\Seen`}},
		"other flags there":   {nothing, Outcome{UIDValidity: 9, UID: 8, Flags: `\Answered`}},
		"flags edited":        {flags, Outcome{UIDValidity: 9, UID: 8, Flags: `\Seen`}},
		"listed before": {func(d desk, _ MessageID) {
			d.arrives(d.archive, Arrival{UID: 8, Flags: `\Seen`, Size: -1, Date: testDate})
		}, Outcome{UIDValidity: 9, UID: 8, Flags: `\Seen`}},
		"listed before elsewhere": {func(d desk, _ MessageID) {
			d.arrives(d.inbox, Arrival{UID: 88, Flags: `\Seen`, Size: -1, Date: testDate})
		}, Outcome{UIDValidity: 9, UID: 88, Flags: `\Seen`}},
	} {
		t.Run(name, func(t *testing.T) {
			after := func(done func(*Tx, RunID, IntentID, MessageID) error) (all [][]string) {
				s := newStore(t)
				d := newDesk(t, s)
				var made []MessageID
				edit(t, s, func(tx *Tx) (err error) { made, err = tx.RestoreMessages([]MessageID{1}, d.archive.box); return err })
				ids := intentIDs(t, s, d.acct)
				in := ids[len(ids)-1]
				edit(t, s, func(tx *Tx) error { return tx.IntentSent([]IntentID{in}, 9, 8) })
				c.meanwhile(d, made[0])
				update(t, s, func(tx *Tx) error { return done(tx, d.run, in, made[0]) })
				return [][]string{d.people(), d.waits(), d.server(), d.history(made[0])}
			}
			slow := after(func(tx *Tx, run RunID, in IntentID, _ MessageID) error { return tx.IntentDone(run, in, c.o) })
			fast := after(func(tx *Tx, run RunID, in IntentID, id MessageID) error { return tx.IntentAppended(run, in, id, c.o) })
			if d := cmp.Diff(slow, fast); d != "" {
				t.Errorf("(-IntentDone +IntentAppended):\n%s", d)
			}
		})
	}
}
