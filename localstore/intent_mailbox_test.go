package localstore

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// boxes are the mailboxes people see, with what they are.
func (d desk) boxes() (all []string) {
	d.t.Helper()
	folders, err := d.s.Folders(bg, d.acct)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, f := range folders {
		line := f.Shown()
		if f.Shown() != f.Name {
			line += " was " + f.Name
		}
		if f.Unborn {
			line += " unborn"
		}
		if f.Detached && !f.Unborn {
			line += " gone"
		}
		if f.WantsSubscribed {
			line += " subscribed"
		}
		if got, err := d.s.MailboxByName(bg, d.acct, f.Shown()); !f.away() && (err != nil || got.ID != f.ID) {
			d.t.Errorf("%s is found as %+v, %v", f.Shown(), got, err)
		}
		all = append(all, line)
	}
	return all
}

func (d desk) listed(m MailboxInfo) (id MailboxID) {
	d.t.Helper()
	update(d.t, d.s, func(tx *Tx) (err error) { id, err = tx.PutMailbox(d.acct, m, d.run); return err })
	return id
}

func (d desk) make(name string) (id MailboxID) {
	d.t.Helper()
	edit(d.t, d.s, func(tx *Tx) (err error) { id, err = tx.CreateMailbox(d.acct, info(name)); return err })
	return id
}

func (d desk) rename(id MailboxID, name string) {
	d.t.Helper()
	edit(d.t, d.s, func(tx *Tx) error { return tx.WantName(id, name, name) })
}

// A mailbox made here is worked with at once. Dropped, it is gone with all that
// needs it; what was moved there is back, what was appended stays in history.
func TestCreateMailbox(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	made := d.make("New")
	draft := pack(t, "Subject: draft\n\n")
	edit(t, s, func(tx *Tx) error {
		if _, err := tx.MoveMessages([]MessageID{1}, made); err != nil {
			return err
		}
		if _, err := tx.AppendMessage(made, draft, "", testDate); err != nil {
			return err
		}
		if _, err := tx.CreateMailbox(d.acct, info("New/below")); err != nil {
			return err
		}
		return tx.WantSubscribed(made, true)
	})
	want(t, "boxes", d.boxes(), []string{"Archive", "INBOX", "Later", "New unborn subscribed", "New/below unborn"})
	want(t, "people", d.people(), with("INBOX #1", ` => New #6/0 [\Seen] local`, ` => New #7/0 [] local`))
	want(t, "queue", d.waits(), []string{`create box 4 target 0 name New`, `move box 1 target 4 message 1 [\Seen>\Seen] result 6 needs`,
		`append box 0 target 4 result 7 needs`, `create box 5 target 0 name New/below`, `subscribe box 4 target 0 needs`})
	boxes, err := s.Mailboxes(bg, d.acct)
	if err != nil || boxes[3].ID != made || !boxes[3].Detached || boxes[3].Generation != nil {
		t.Errorf("%+v %v", boxes, err)
	}
	for range 2 { // once more with what is left of it
		edit(t, s, func(tx *Tx) error {
			dropped, err := tx.RemoveMailbox(made)
			if len(dropped) != 4 && len(dropped) != 1 || dropped[0] != intentIDs(t, s, d.acct)[0] && len(dropped) == 4 {
				t.Errorf("dropped %v", dropped)
			}
			return err
		})
		want(t, "boxes", d.boxes(), []string{"Archive", "INBOX", "Later", "New gone", "New/below unborn"})
		want(t, "people", d.people(), untouched)
		want(t, "queue", d.waits(), []string{`create box 5 target 0 name New/below`})
		if m, err := s.Message(bg, 7); err != nil || m.State != StateVanished {
			t.Errorf("%+v %v", m, err)
		}
		checkClean(t, s)
		if id := d.make("New"); id != made {
			t.Errorf("made again as %d", id)
		}
	}
}

// The server lists it, or says that it made it: it is there, its first generation
// is the one that messages wait in.
func TestMailboxIsBorn(t *testing.T) {
	for _, way := range []string{"listed", "done"} {
		t.Run(way, func(t *testing.T) {
			s := newStore(t)
			d := newDesk(t, s)
			made := d.make("New")
			var now []MessageID
			edit(t, s, func(tx *Tx) (err error) { now, err = tx.MoveMessages([]MessageID{1}, made); return err })
			d.listed(MailboxInfo{Raw: "New", Name: "New", Delim: "/", Attrs: `\NonExistent`})
			want(t, "boxes", d.boxes(), []string{"Archive", "INBOX", "Later", "New unborn"}) // a name is no mailbox
			if way == "listed" {
				if id := d.listed(info("New")); id != made {
					t.Errorf("listed as %d", id)
				}
			} else {
				d.done(1, Outcome{})
				d.listed(info("New"))
			}
			want(t, "queue", d.waits(), []string{`move box 1 target 4 message 1 [\Seen>\Seen] result 6`})
			want(t, "boxes", d.boxes(), []string{"Archive", "INBOX", "Later", "New"})
			checkClean(t, s)
			if n := count(t, s, "SELECT count(*) FROM event WHERE kind = 'created' AND mailbox = ? AND new = 'New' AND run = ?", made, d.run); n != 1 {
				t.Errorf("%d events", n)
			}
			var gen GenerationID
			update(t, s, func(tx *Tx) (err error) { gen, err = tx.OpenGeneration(made, 77, d.run); return err })
			box, err := s.MailboxByName(bg, d.acct, "New")
			if err != nil || box.Generation == nil || box.Generation.ID != gen || box.Generation.UIDValidity != 77 || box.Generation.Opened != d.run {
				t.Errorf("%+v %v", box, err)
			}
			d.done(intentIDs(t, s, d.acct)[0], Outcome{UIDValidity: 77, UID: 1, Flags: `\Seen`})
			want(t, "people", d.people(), with("INBOX #1", fmt.Sprintf(` => New #%d/1 [\Seen] present`, now[0])))
		})
	}
}

// A mailbox that the server lost is made again with all that waits for it.
func TestMailboxMadeAgain(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	d.moved()
	update(t, s, func(tx *Tx) error {
		if err := tx.Vanish(d.run, []MessageID{5}); err != nil {
			return err
		}
		if err := tx.RetireGeneration(d.archive.gen, d.run); err != nil {
			return err
		}
		return tx.DetachMailbox(d.archive.box, d.run)
	})
	want(t, "boxes", d.boxes(), []string{"Archive gone", "INBOX", "Later"})
	checkClean(t, s)
	if id := d.make("Archive"); id != d.archive.box {
		t.Errorf("made again as %d", id)
	}
	want(t, "queue", d.waits(), []string{`move box 1 target 2 message 1 [\Seen>\Seen] result 6 needs`, `create box 2 target 0 name Archive`})
	checkClean(t, s)
	edit(t, s, func(tx *Tx) error { _, err := tx.MoveMessages([]MessageID{2}, d.archive.box); return err }) // into a new era, with the other
	want(t, "boxes", d.boxes(), []string{"Archive unborn", "INBOX", "Later"})
	d.listed(info("Archive"))
	update(t, s, func(tx *Tx) error { _, err := tx.OpenGeneration(d.archive.box, 10, d.run); return err })
	want(t, "people", d.people(), with("INBOX #1", "INBOX #2", "Archive #5", ` => Archive #6/0 [\Seen] local`, ` => Archive #7/0 [\Seen] local`))
	if n := count(t, s, "SELECT count(*) FROM event WHERE kind = 'back' AND mailbox = ?", d.archive.box); n != 1 {
		t.Errorf("%d events", n)
	}
}

// Renames take along what lies below, one after the other; the last one is
// changed, or undone, when the same mailbox is renamed again.
func TestWantName(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	sub := d.listed(info("Archive/2020"))
	d.listed(info("Archives"))
	made := d.make("Archive/never")
	d.rename(made, "Archive/new") // at once
	want(t, "queue", d.waits(), []string{`create box 6 target 0 name Archive/new`})
	d.rename(sub, "Archive/old")
	d.rename(d.archive.box, "Attic")
	want(t, "boxes", d.boxes(), []string{"Archives", "Attic was Archive", "Attic/new was Archive/new unborn", "Attic/old was Archive/2020", "INBOX", "Later"})
	want(t, "queue", d.waits(), []string{`create box 6 target 0 name Archive/new`, `rename box 4 target 0 name Archive/old`, `rename box 2 target 0 name Attic`})
	want(t, "people", d.people(), with(`Archive #5 => Attic #5/7 [\Seen] present`))
	if _, err := s.MailboxByName(bg, d.acct, "Archive"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	d.rename(made, "Attic/newer")
	d.listed(info("Archive/other"))
	want(t, "boxes", d.boxes(), []string{"Archives", "Attic was Archive", "Attic/newer was Archive/new unborn", "Attic/old was Archive/2020", "Attic/other was Archive/other", "INBOX", "Later"})
	d.done(2, Outcome{}) // Archive/2020 to Archive/old
	want(t, "boxes", d.boxes(), []string{"Archives", "Attic was Archive", "Attic/newer was Archive/new unborn", "Attic/old was Archive/old", "Attic/other was Archive/other", "INBOX", "Later"})
	checkClean(t, s)
	d.done(3, Outcome{})
	want(t, "boxes", d.boxes(), []string{"Archives", "Attic", "Attic/newer was Attic/new unborn", "Attic/old", "Attic/other", "INBOX", "Later"})
	want(t, "queue", d.waits(), []string{`create box 6 target 0 name Attic/new`, `rename box 6 target 0 name Attic/newer needs`})
	if box, err := s.MailboxByName(bg, d.acct, "Attic/old"); err != nil || box.Raw != "Attic/old" || box.ID != sub {
		t.Errorf("%+v %v", box, err)
	}
	if n := count(t, s, "SELECT count(*) FROM event WHERE kind = 'renamed' AND mailbox = ? AND old = 'Archive/old' AND new = 'Attic/old'", sub); n != 1 {
		t.Errorf("%d events", n)
	}
	edit(t, s, func(tx *Tx) error { _, err := tx.RemoveMailbox(made); return err })
	d.rename(d.archive.box, "A")
	d.rename(d.archive.box, "B")
	want(t, "queue", d.waits(), []string{`rename box 2 target 0 name B`})
	d.rename(d.archive.box, "Attic")
	want(t, "queue", d.waits(), nil)
	d.rename(d.archive.box, "tmp")
	d.rename(d.archive.box, "Attic/old/older") // not without the name in between
	want(t, "queue", d.waits(), []string{`rename box 2 target 0 name tmp`, `rename box 2 target 0 name Attic/old/older`})
	want(t, "boxes", d.boxes(), []string{"Archives", "Attic/old/older was Attic", "Attic/old/older/old was Attic/old", "Attic/old/older/other was Attic/other", "INBOX", "Later"})
}

// Two mailboxes change names by way of a third one: the later renames need the
// earlier ones, which make their names free.
func TestNamesSwapped(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	d.rename(d.archive.box, "tmp")
	d.rename(d.later, "Archive")
	d.rename(d.archive.box, "Later")
	d.rename(d.archive.box, "Later") // as it is already
	want(t, "queue", d.waits(), []string{`rename box 2 target 0 name tmp`, `rename box 3 target 0 name Archive`, `rename box 2 target 0 name Later`})
	want(t, "boxes", d.boxes(), []string{"Archive was Later", "INBOX", "Later was Archive"})
	edit(t, s, func(tx *Tx) error {
		dropped, err := tx.DropIntent(1)
		if !slices.Equal(dropped, []IntentID{1, 2, 3}) {
			t.Errorf("dropped %v", dropped)
		}
		return err
	})
	want(t, "queue", d.waits(), nil)
	want(t, "boxes", d.boxes(), []string{"Archive", "INBOX", "Later"})
	d.rename(d.archive.box, "tmp")
	d.rename(d.later, "Archive")
	d.rename(d.archive.box, "Later")
	for _, id := range intentIDs(t, s, d.acct) {
		d.done(id, Outcome{})
		want(t, "boxes", d.boxes()[1:2], []string{"INBOX"})
		checkClean(t, s)
	}
	want(t, "boxes", d.boxes(), []string{"Archive", "INBOX", "Later"})
	if box, err := s.MailboxByName(bg, d.acct, "Archive"); err != nil || box.ID != d.later {
		t.Errorf("%+v %v", box, err)
	}
}

// A name that a mailbox has only on its way cannot be that of a new one. Should
// the server give the first name of a new one to another mailbox, it is made under
// the name it would have had in the end.
func TestNamesOnTheWay(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	d.rename(d.archive.box, "tmp")
	made := d.make("New")
	d.rename(d.archive.box, "Attic")
	for _, name := range []string{"tmp", "Archive", "Attic"} {
		if err := s.Edit(bg, func(tx *Tx) error { _, err := tx.CreateMailbox(d.acct, info(name)); return err }); !errors.Is(err, ErrExists) {
			t.Errorf("%s: %v", name, err)
		}
	}
	last := d.make("Last")
	if err := s.Edit(bg, func(tx *Tx) error { return tx.WantName(last, "tmp", "tmp") }); !errors.Is(err, ErrExists) {
		t.Error(err)
	}
	d.rename(made, "Newer")
	edit(t, s, func(tx *Tx) error { _, err := tx.MoveMessages([]MessageID{1}, made); return err })
	update(t, s, func(tx *Tx) error { return tx.RenameMailbox(d.later, "New", d.run) })
	d.listed(info("New"))
	want(t, "boxes", d.boxes(), []string{"Attic was Archive", "INBOX", "Last unborn", "New", "Newer unborn"})
	want(t, "queue", d.waits(), []string{`rename box 2 target 0 name tmp`, `create box 4 target 0 name Newer`, `rename box 2 target 0 name Attic`,
		`create box 5 target 0 name Last`, `move box 1 target 4 message 1 [\Seen>\Seen] result 6 needs`})
}

// What the server does to names that are wanted: it is done, or left to be
// decided upon.
func TestNamesChangedByOthers(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	d.rename(d.later, "Sooner")
	update(t, s, func(tx *Tx) error { return tx.RenameMailbox(d.later, "Sooner", d.run) })
	want(t, "queue", d.waits(), nil)
	d.listed(info("Sooner"))
	d.rename(d.later, "Later")
	d.listed(info("Later")) // taken
	want(t, "boxes", d.boxes(), []string{"Archive", "INBOX", "Later", "Sooner"})
	want(t, "queue", d.waits(), []string{`rename box 3 target 0 name Later`})
	update(t, s, func(tx *Tx) error { return tx.RenameMailbox(d.later, "Never", d.run) })
	want(t, "queue", d.waits(), []string{`rename box 3 target 0 name Later`})
	update(t, s, func(tx *Tx) error { return tx.DetachMailbox(d.later, d.run) })
	checkClean(t, s)
	edit(t, s, func(tx *Tx) error { _, err := tx.DropIntent(2); return err })
}

// A mailbox gets, on the server, the name of one made here: it is that one.
func TestNameOfUnbornTaken(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	made := d.make("New")
	var draft MessageID
	edit(t, s, func(tx *Tx) (err error) {
		if _, err := tx.MoveMessages([]MessageID{1}, made); err != nil {
			return err
		}
		if err := tx.WantSubscribed(made, true); err != nil {
			return err
		}
		draft, err = tx.AppendMessage(made, pack(t, "Subject: draft\n\n"), "", testDate)
		return err
	})
	edit(t, s, func(tx *Tx) error { return tx.ExpungeMessages([]MessageID{draft}) })
	update(t, s, func(tx *Tx) error { return tx.RenameMailbox(d.archive.box, "New", d.run) })
	d.listed(info("New"))
	want(t, "queue", d.waits(), []string{`move box 1 target 2 message 1 [\Seen>\Seen] result 6`})
	want(t, "people", d.people(), with("INBOX #1", `Archive #5 => New #5/7 [\Seen] present`, ` => New #6/0 [\Seen] local`))
	checkClean(t, s)
}

func TestRemoveMailbox(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	put(t, s, d.arrives(d.archive, Arrival{UID: 8, Flags: "", Size: 1, Date: testDate}), "six")
	d.arrives(d.archive, Arrival{UID: 9, Flags: "", Size: 1, Date: testDate})
	d.rename(d.archive.box, "Attic")
	edit(t, s, func(tx *Tx) error {
		if err := tx.EditFlags([]MessageID{5}, "x", ""); err != nil {
			return err
		}
		if err := tx.ExpungeMessages([]MessageID{7}); err != nil {
			return err
		}
		if _, err := tx.MoveMessages([]MessageID{6}, d.later); err != nil {
			return err
		}
		dropped, err := tx.RemoveMailbox(d.archive.box)
		if !slices.Equal(dropped, []IntentID{1}) {
			t.Errorf("dropped %v", dropped)
		}
		return err
	})
	want(t, "boxes", d.boxes(), []string{"INBOX", "Later"})
	want(t, "people", d.people(), with("Archive #5", ` => Later #8/0 [] local`))
	want(t, "queue", d.waits(), []string{`flags box 2 target 0 message 5 [\Seen>\Seen x]`, `delete box 2 target 0 message 7 [>]`,
		`move box 2 target 3 message 6 [>] result 8`, `remove box 2 target 0`})
	if len(d.server()) != 7 {
		t.Errorf("%v", d.server())
	}
	for name, do := range map[string]func(tx *Tx) error{
		"flags":     func(tx *Tx) error { return tx.EditFlags([]MessageID{5}, "y", "") },
		"move":      func(tx *Tx) error { _, err := tx.MoveMessages([]MessageID{5}, d.later); return err },
		"move in":   func(tx *Tx) error { _, err := tx.MoveMessages([]MessageID{1}, d.archive.box); return err },
		"remove":    func(tx *Tx) error { _, err := tx.RemoveMailbox(d.archive.box); return err },
		"rename":    func(tx *Tx) error { return tx.WantName(d.archive.box, "x", "x") },
		"subscribe": func(tx *Tx) error { return tx.WantSubscribed(d.archive.box, true) },
	} {
		if err := s.Edit(bg, do); !errors.Is(err, ErrVanished) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Edit(bg, func(tx *Tx) error { _, err := tx.CreateMailbox(d.acct, info("Archive")); return err }); !errors.Is(err, ErrExists) {
		t.Error(err)
	}
	if err := s.Edit(bg, func(tx *Tx) error { return tx.WantName(d.later, "Archive", "Archive") }); !errors.Is(err, ErrExists) {
		t.Error(err)
	}
	d.done(5, Outcome{})
	want(t, "queue", d.waits(), []string{`move box 2 target 3 message 6 [>] gone result 8`})
	want(t, "boxes", d.boxes(), []string{"Archive gone", "INBOX", "Later"})
	if m, err := s.Message(bg, 5); err != nil || m.State != StateVanished {
		t.Errorf("%+v %v", m, err)
	}
	if n := count(t, s, "SELECT count(*) FROM event WHERE kind = 'retired' AND generation = ?", d.archive.gen); n != 1 {
		t.Errorf("%d events", n)
	}
}

// A mailbox that the owner removes gets, on the server, the name of one that the
// owner made: it is that one, and stays.
func TestRemovedTakesNameOfUnborn(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	made := d.make("New")
	edit(t, s, func(tx *Tx) error {
		if _, err := tx.MoveMessages([]MessageID{1}, made); err != nil {
			return err
		}
		_, err := tx.RemoveMailbox(d.archive.box)
		return err
	})
	update(t, s, func(tx *Tx) error { return tx.RenameMailbox(d.archive.box, "New", d.run) })
	d.listed(info("New"))
	want(t, "queue", d.waits(), []string{`move box 1 target 2 message 1 [\Seen>\Seen] result 6`})
	want(t, "boxes", d.boxes(), []string{"INBOX", "Later", "New"})
	want(t, "people", d.people(), with("INBOX #1", `Archive #5 => New #5/7 [\Seen] present`, ` => New #6/0 [\Seen] local`))
}

// Somebody else removed it; the owner, who wanted that too, makes it again: it is
// not removed.
func TestRemovedThenMade(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	edit(t, s, func(tx *Tx) error { _, err := tx.RemoveMailbox(d.later); return err })
	update(t, s, func(tx *Tx) error { return tx.DetachMailbox(d.later, d.run) })
	d.make("Later")
	want(t, "boxes", d.boxes(), []string{"Archive", "INBOX", "Later unborn"})
	want(t, "queue", d.waits(), []string{`create box 3 target 0 name Later`})
}

func TestWantSubscribed(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	subscribe := func(on bool) {
		t.Helper()
		edit(t, s, func(tx *Tx) error { return tx.WantSubscribed(d.later, on) })
	}
	subscribe(true)
	subscribe(true)
	want(t, "queue", d.waits(), []string{`subscribe box 3 target 0`})
	want(t, "boxes", d.boxes(), []string{"Archive", "INBOX", "Later subscribed"})
	d.done(2, Outcome{})
	want(t, "boxes", d.boxes(), []string{"Archive", "INBOX", "Later subscribed"})
	subscribe(false)
	want(t, "queue", d.waits(), []string{`unsubscribe box 3 target 0`})
	subscribe(true)
	want(t, "queue", d.waits(), nil)
	subscribe(false)
	d.listed(info("Later")) // somebody else did
	want(t, "queue", d.waits(), nil)
	want(t, "boxes", d.boxes(), []string{"Archive", "INBOX", "Later"})
}

// Whatever the order of renames, the names people see are those the server gives
// when it carries them out one after the other, and dropping all of them gives
// the old ones.
func TestWantedNamesComeTrue(t *testing.T) {
	parts := []string{"a", "b", "c"}
	rapid.Check(t, func(t *rapid.T) {
		server := map[MailboxID]string{}
		var now []named
		for i := range rapid.IntRange(1, 6).Draw(t, "mailboxes") {
			n := named{id: MailboxID(i + 1), raw: drawPath(t, parts)}
			if n.name = n.raw; slices.ContainsFunc(now, func(m named) bool { return m.raw == n.raw }) {
				continue
			}
			now = append(now, n)
			server[n.id] = n.raw
		}
		var waiting []rename
		var refused []IntentID
		for range rapid.IntRange(0, 4).Draw(t, "renames") {
			w := rename{mailbox: now[rapid.IntRange(0, len(now)-1).Draw(t, "which")].id, to: drawPath(t, parts), delim: "/"}
			w.label = w.to
			w.id = IntentID(len(waiting) + 1)
			waiting = append(waiting, w)
			from := server[w.mailbox] // what RENAME does
			moved, taken := map[MailboxID]string{}, strings.HasPrefix(w.to, from+"/")
			for id, name := range server {
				if rest, ok := strings.CutPrefix(name+"/", from+"/"); ok {
					moved[id] = strings.TrimSuffix(w.to+"/"+rest, "/")
				}
			}
			for id, name := range server {
				taken = taken || moved[id] == "" && slices.Contains(slices.Collect(maps.Values(moved)), name)
			}
			if taken && from != w.to {
				refused = append(refused, w.id)
			} else {
				maps.Copy(server, moved)
			}
		}
		wanted := map[MailboxID]string{}
		o := outlookOf(now, waiting)
		if !slices.Equal(o.blocked, refused) {
			t.Errorf("blocked %v, the server refuses %v", o.blocked, refused)
		}
		for i, n := range o.changed {
			if wanted[n.id] = n.wanted; n.label != n.wanted || i > len(now) {
				t.Errorf("%+v", n)
			}
		}
		for i, n := range now {
			if got := wanted[n.id]; got != server[n.id] && !(got == "" && server[n.id] == n.raw) {
				t.Errorf("%s is wanted as %q, becomes %q", n.raw, got, server[n.id])
			}
			now[i].wanted, now[i].label = wanted[n.id], wanted[n.id]
		}
		if again := outlookOf(now, waiting).changed; len(again) > 0 {
			t.Errorf("changed again: %+v", again)
		}
		for _, n := range outlookOf(now, nil).changed {
			if n.wanted != "" || n.label != "" {
				t.Errorf("left: %+v", n)
			}
		}
	})
}

func drawPath(t *rapid.T, parts []string) string {
	path := rapid.SampledFrom(parts).Draw(t, "part")
	for range rapid.IntRange(0, 2).Draw(t, "depth") {
		path += "/" + rapid.SampledFrom(parts).Draw(t, "part")
	}
	return path
}
