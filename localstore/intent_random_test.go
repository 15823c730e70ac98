package localstore

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

var refusals = []error{ErrVanished, ErrNotSelectable, ErrExists, ErrNotEmpty, ErrImpossible, ErrUnsettled, ErrNotHeld}

// try does something that may be refused, with a reason.
func (w *traveller) try(fn func(*Tx) error) {
	err := w.s.Edit(bg, fn)
	if err != nil && !slices.ContainsFunc(refusals, func(r error) bool { return errors.Is(err, r) }) {
		w.t.Fatal(err)
	}
}

// somebody draws messages that there ever were.
func (w *traveller) drawMail(t *rapid.T) (ids []MessageID) {
	rows, err := w.s.reader.Query("SELECT id FROM message ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id MessageID
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 1, min(3, len(ids)), rapid.ID).Draw(t, "ids")
}

func (w *traveller) drawBox(t *rapid.T) MailboxID {
	all, err := w.s.Mailboxes(bg, w.acct)
	if err != nil {
		t.Fatal(err)
	}
	var ids []MailboxID
	for _, m := range all {
		ids = append(ids, m.ID)
	}
	slices.Sort(ids)
	return rapid.SampledFrom(ids).Draw(t, "box")
}

var names = []string{"a", "a/b", "c", "c/d", "e"}

// edits are what the owner can do.
func (w *traveller) edits() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"flags": func(t *rapid.T) {
			ids := w.drawMail(t)
			add, remove := rapid.SampledFrom(flagSets).Draw(t, "add"), rapid.SampledFrom(flagSets).Draw(t, "remove")
			w.try(func(tx *Tx) error { return tx.EditFlags(ids, add, remove) })
		},
		"move": func(t *rapid.T) {
			ids, box := w.drawMail(t), w.drawBox(t)
			w.try(func(tx *Tx) error { _, err := tx.MoveMessages(ids, box); return err })
		},
		"move once more": func(t *rapid.T) {
			ids, box := w.drawMail(t), w.drawBox(t)
			w.try(func(tx *Tx) error { _, err := tx.MoveMessages(ids, box); return err })
		},
		"copy": func(t *rapid.T) {
			ids, box := w.drawMail(t), w.drawBox(t)
			w.try(func(tx *Tx) error { _, err := tx.CopyMessages(ids, box); return err })
		},
		"restore": func(t *rapid.T) {
			ids, box := w.drawMail(t), w.drawBox(t)
			w.try(func(tx *Tx) error { _, err := tx.RestoreMessages(ids[:1], box); return err })
		},
		"expunge": func(t *rapid.T) {
			ids := w.drawMail(t)
			w.try(func(tx *Tx) error { return tx.ExpungeMessages(ids) })
		},
		"append": func(t *rapid.T) {
			box, m := w.drawBox(t), w.newMail(rapid.SampledFrom(flagSets).Draw(t, "flags"))
			w.try(func(tx *Tx) error {
				_, err := tx.AppendMessage(box, pack(t, textOf(m.size)), m.flags, testDate)
				return err
			})
		},
		"create": func(t *rapid.T) {
			name := rapid.SampledFrom(names).Draw(t, "name")
			w.try(func(tx *Tx) error { _, err := tx.CreateMailbox(w.acct, info(name)); return err })
		},
		"rename": func(t *rapid.T) {
			box, name := w.drawBox(t), rapid.SampledFrom(names).Draw(t, "name")
			w.try(func(tx *Tx) error { return tx.WantName(box, name, name) })
		},
		"remove": func(t *rapid.T) {
			box := w.drawBox(t)
			w.try(func(tx *Tx) error { _, err := tx.RemoveMailbox(box); return err })
		},
		"subscribe": func(t *rapid.T) {
			box, on := w.drawBox(t), rapid.Bool().Draw(t, "on")
			w.try(func(tx *Tx) error { return tx.WantSubscribed(box, on) })
		},
		"drop": func(t *rapid.T) {
			if all := w.intents(); len(all) > 0 {
				id := all[rapid.IntRange(0, len(all)-1).Draw(t, "intent")].ID
				w.try(func(tx *Tx) error { _, err := tx.DropIntent(id); return err })
			}
		},
	}
}

// meanwhile is what happens on the server, and between it and the mirror.
func (w *traveller) meanwhile() map[string]func(*rapid.T) {
	draw := func(t *rapid.T) (*serverBox, uint32, bool) {
		raw := rapid.SampledFrom(slices.Sorted(maps.Keys(w.server.boxes))).Draw(t, "raw")
		b := w.server.boxes[raw]
		if len(b.mail) == 0 {
			return b, 0, false
		}
		return b, rapid.SampledFrom(slices.Sorted(maps.Keys(b.mail))).Draw(t, "uid"), true
	}
	return map[string]func(*rapid.T){
		"pull": func(*rapid.T) { w.pull() },
		"push": func(t *rapid.T) {
			if all := w.intents(); len(all) > 0 {
				w.push(all[rapid.IntRange(0, len(all)-1).Draw(t, "intent")])
			}
		},
		"new mail": func(t *rapid.T) {
			b, _, _ := draw(t)
			b.add(w.newMail(rapid.SampledFrom(flagSets).Draw(t, "flags")))
			w.pull()
		},
		"other flags": func(t *rapid.T) {
			if b, uid, ok := draw(t); ok {
				b.mail[uid] = serverMail{rapid.SampledFrom(flagSets).Draw(t, "flags"), b.mail[uid].size}
				w.pull()
			}
		},
		"expunged": func(t *rapid.T) {
			if b, uid, ok := draw(t); ok {
				delete(b.mail, uid)
				w.pull()
			}
		},
		"reset": func(t *rapid.T) {
			b, _, _ := draw(t)
			w.server.uidvalidity++
			now := &serverBox{uidvalidity: w.server.uidvalidity, next: 1, mail: map[uint32]serverMail{}, subscribed: b.subscribed}
			for _, uid := range slices.Sorted(maps.Keys(b.mail)) {
				now.add(b.mail[uid])
			}
			*b = *now
			w.pull()
		},
		"mailbox made": func(t *rapid.T) { w.server.create(rapid.SampledFrom(names).Draw(t, "name")); w.pull() },
		"mailbox gone": func(t *rapid.T) { delete(w.server.boxes, rapid.SampledFrom(names).Draw(t, "name")); w.pull() },
		"mailbox renamed": func(t *rapid.T) {
			from, to := rapid.SampledFrom(names).Draw(t, "from"), rapid.SampledFrom(names).Draw(t, "to")
			held, err := w.s.Mailboxes(bg, w.acct)
			i := slices.IndexFunc(held, func(m Mailbox) bool { return m.Raw == from && !m.Detached })
			if err != nil || i < 0 || w.server.boxes[to] != nil || w.server.boxes[from+"/b"] != nil || w.server.boxes[from+"/d"] != nil {
				return
			}
			w.server.rename(from, to)
			update(t, w.s, func(tx *Tx) error { return tx.RenameMailbox(held[i].ID, to, w.run) })
			w.pull()
		},
	}
}

// settled ends what is on its way, and gives every wish up.
func (w *traveller) giveUp() {
	for _, in := range w.intents() {
		update(w.t, w.s, func(tx *Tx) error { return tx.ParkIntent(in.ID, "given up") })
	}
	for all := w.intents(); len(all) > 0; all = w.intents() {
		edit(w.t, w.s, func(tx *Tx) error { _, err := tx.DropIntent(all[0].ID); return err })
	}
}

// Whatever the owner and the server do, nothing in the store contradicts anything
// else, and when every wish is given up people see what the server has.
func TestEditsAreWishes(t *testing.T) {
	dir, empty := t.TempDir(), emptyStore(t)
	rapid.Check(t, func(t *rapid.T) {
		w := newTraveller(t, dir, empty)
		defer w.s.Close()
		actions := w.edits()
		maps.Copy(actions, w.meanwhile())
		actions["look"] = func(t *rapid.T) {
			w.people()
			checkClean(t, w.s)
		}
		t.Repeat(actions)
		checkClean(t, w.s)
		w.giveUp()
		w.pull()
		want(t, "people", w.visible(), w.server.actual())
		checkClean(t, w.s)
		want(t, "history", w.replayed(), w.present())
	})
}

// present are the rows not vanished, and replayed what history says of them.
func (w *traveller) present() []string {
	return w.lines(`SELECT m.id, m.generation, ifnull(m.uid, 0), m.local FROM message m WHERE m.vanished_run IS NULL ORDER BY m.id`)
}

func (w *traveller) replayed() []string {
	return w.lines(`SELECT message, generation, ifnull(uid, 0), new FROM event e WHERE message IS NOT NULL AND kind NOT IN ('vanished', 'moved')
		AND id = (SELECT max(id) FROM event WHERE message = e.message) ORDER BY message`)
}

func (w *traveller) lines(q string) (all []string) {
	rows, err := w.s.reader.Query(q)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, gen, uid int
		var flags string
		if err := rows.Scan(&id, &gen, &uid, &flags); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%d at %d/%d [%s]", id, gen, uid, flags))
	}
	return all
}

// pushAll carries out what waits of some kinds, once, in order, and tells whether
// there was anything.
func (w *traveller) pushAll(kinds []IntentKind) bool {
	for last := IntentID(0); ; {
		all := w.intents() // the one before may have changed them
		i := slices.IndexFunc(all, func(in Intent) bool { return in.ID > last && slices.Contains(kinds, in.Kind) })
		if i < 0 {
			return last > 0
		}
		last = all[i].ID
		w.push(all[i])
		if in, err := w.s.Intent(bg, last); err == nil && in.Tries > 0 && in.Name != "" {
			return true // the names that follow may build on this one (I22)
		}
	}
}

// While nobody else changes anything, the server has, when all wishes are carried
// out, what people saw before; they see no change.
func TestEditsComeTrue(t *testing.T) {
	dir, empty := t.TempDir(), emptyStore(t)
	rapid.Check(t, func(t *rapid.T) {
		w := newTraveller(t, dir, empty)
		defer w.s.Close()
		t.Repeat(w.edits())
		before := w.visible()
		for round := 0; len(w.intents()) > 0; round++ {
			if round > 100 {
				t.Fatalf("never ends: %v", w.waits())
			}
			for _, kinds := range [][]IntentKind{{IntentCreate, IntentRename}, {IntentFlags, IntentCopy, IntentAppend},
				{IntentMove, IntentExpunge, IntentSubscribe, IntentUnsubscribe}, {IntentRemove}} {
				for i := 0; i < 100 && w.pushAll(kinds); i++ {
				}
				w.pull()
			}
		}
		want(t, "people", w.visible(), before)
		want(t, "server", w.server.actual(), before)
		checkClean(t, w.s)
	})
}
