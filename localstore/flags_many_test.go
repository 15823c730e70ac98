package localstore

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Flags written for many messages at once come out as written one by one, whatever
// else waits for them.
func TestFlagsAtOnce(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		set := func() string { return []string{"", `\Seen`, `\Flagged \Seen`, "Work", `\Answered Work`}[r.IntN(5)] }
		at, one := newDesk(t, newStore(t)), newDesk(t, newStore(t))
		ids := at.present()
		var changes []FlagChange
		for _, id := range ids {
			if r.IntN(6) > 0 {
				changes = append(changes, FlagChange{id, set(), set()})
			}
		}
		for range 3 + r.IntN(6) {
			id, kind, add := ids[r.IntN(len(ids))], r.IntN(3), set()
			for _, d := range []desk{at, one} {
				_ = d.s.Edit(bg, func(tx *Tx) (err error) { // both refuse it, or none
					switch kind {
					case 0:
						err = tx.EditFlags([]MessageID{id}, add, "")
					case 1:
						_, err = tx.MoveMessages([]MessageID{id}, d.archive.box)
					case 2:
						_, err = tx.CopyMessages([]MessageID{id}, d.archive.box)
					}
					return err
				})
			}
		}
		update(t, at.s, func(tx *Tx) error { return tx.SetFlags(at.run, changes) })
		update(t, one.s, func(tx *Tx) error {
			for _, c := range changes {
				if err := tx.SetFlags(one.run, []FlagChange{c}); err != nil {
					return err
				}
			}
			return nil
		})
		if d := cmp.Diff(one.flags(), at.flags()); d != "" {
			t.Errorf("seed %d (-one by one +at once):\n%s", seed, d)
		}
		checkClean(t, at.s)
	}
}

// One of many that is gone is told, and nothing is written of the others.
func TestFlagsAtOnceOfOneGone(t *testing.T) {
	d := newDesk(t, newStore(t))
	ids, was := d.present(), d.flags()
	gone := ids[len(ids)/2]
	err := d.s.Update(bg, func(tx *Tx) error {
		if err := tx.Vanish(d.run, []MessageID{gone}); err != nil {
			return err
		}
		var changes []FlagChange
		for _, id := range ids {
			changes = append(changes, FlagChange{id, `\Seen`, `\Seen`})
		}
		return tx.SetFlags(d.run, changes)
	})
	if !errors.Is(err, ErrNotFound) || !strings.Contains(fmt.Sprint(err), fmt.Sprintf("message %d:", gone)) {
		t.Errorf("%v, want that message %d is not there", err, gone)
	}
	if d := cmp.Diff(was, d.flags()); d != "" {
		t.Error(d)
	}
}

// present are the messages on the server.
func (d desk) present() (ids []MessageID) {
	d.t.Helper()
	err := d.s.each(bg, "SELECT id FROM message WHERE uid IS NOT NULL AND vanished_run IS NULL ORDER BY id", nil, func(r *sql.Rows) error {
		var id MessageID
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return ids
}

// flags is all that flags are about: rows, what is wanted, and history.
func (d desk) flags() (all []string) {
	d.t.Helper()
	for _, q := range []string{
		"SELECT 'row', id, ifnull(uid, 0), base, local FROM message ORDER BY id",
		"SELECT 'intent ' || kind, ifnull(message, 0), ifnull(result, 0), state, '' FROM intent ORDER BY kind, message, id",
		"SELECT 'event ' || kind, ifnull(message, 0), ifnull(uid, 0), ifnull(old, ''), ifnull(new, '') FROM event WHERE kind = 'flags'",
	} {
		var some []string
		err := d.s.each(bg, q, nil, func(r *sql.Rows) error {
			var x [5]string
			err := r.Scan(&x[0], &x[1], &x[2], &x[3], &x[4])
			some = append(some, strings.Join(x[:], " "))
			return err
		})
		if err != nil {
			d.t.Fatal(err)
		}
		slices.Sort(some) // what is done at once is done in any order
		all = append(all, append(some, fmt.Sprint(len(some)))...)
	}
	return all
}
