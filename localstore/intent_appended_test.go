package localstore

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// IntentsAppended does what IntentDone does, whatever happened to one of the messages
// since it was queued.
func TestIntentsAppended(t *testing.T) {
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
		"UID of another":      {nothing, Outcome{UIDValidity: 9, UID: 20, Flags: `\Seen`}},
		"flags edited":        {flags, Outcome{UIDValidity: 9, UID: 8, Flags: `\Seen`}},
		"listed before": {func(d desk, _ MessageID) {
			d.arrives(d.archive, Arrival{UID: 8, Flags: `\Seen`, Size: -1, Date: testDate})
		}, Outcome{UIDValidity: 9, UID: 8, Flags: `\Seen`}},
		"listed before elsewhere": {func(d desk, _ MessageID) {
			d.arrives(d.inbox, Arrival{UID: 88, Flags: `\Seen`, Size: -1, Date: testDate})
		}, Outcome{UIDValidity: 9, UID: 88, Flags: `\Seen`}},
	} {
		t.Run(name, func(t *testing.T) {
			after := func(done func(*Tx, RunID, []Appended) error) (all [][]string) {
				s := newStore(t)
				d := newDesk(t, s)
				var sent []Intent
				edit(t, s, func(tx *Tx) (err error) {
					sent, err = tx.RestoreSent([]Restoring{{1, `\Seen`}, {1, `\Seen`}, {1, `\Seen`}}, d.archive.box, 9, 8)
					return err
				})
				c.meanwhile(d, sent[1].Result.ID)
				var told []Appended
				for i, o := range []Outcome{{UIDValidity: 9, UID: 20, Flags: `\Seen`}, c.o, {UIDValidity: 9, UID: 22, Flags: `\Seen`}} {
					told = append(told, Appended{sent[i].ID, sent[i].Result.ID, o})
				}
				update(t, s, func(tx *Tx) error { return done(tx, d.run, told) })
				all = [][]string{d.people(), d.waits(), d.server()}
				for _, in := range sent {
					all = append(all, d.history(in.Result.ID))
				}
				return all
			}
			slow := after(func(tx *Tx, run RunID, told []Appended) error {
				for _, a := range told {
					if err := tx.IntentDone(run, a.Intent, a.Outcome); err != nil {
						return err
					}
				}
				return nil
			})
			fast := after(func(tx *Tx, run RunID, told []Appended) error { return tx.IntentsAppended(run, told) })
			if d := cmp.Diff(slow, fast); d != "" {
				t.Errorf("(-IntentDone +IntentsAppended):\n%s", d)
			}
		})
	}
}
