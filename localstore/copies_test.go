package localstore

import (
	"errors"
	"slices"
	"testing"
)

// copiesOf are the messages that may be another one again, in order.
func copiesOf(t *testing.T, s *Store, id MessageID) (ids []MessageID, l Lost) {
	t.Helper()
	l, err := s.Lost(bg, id)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range l.Copies {
		ids = append(ids, c.Message)
	}
	slices.Sort(ids)
	return slices.Compact(ids), l
}

// A message that is lost is found wherever it is again: with its bytes, put back,
// moved, or come again and not downloaded yet.
func TestLost(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	look := func(what string, id MessageID, held, moved bool, want ...MessageID) {
		t.Helper()
		if ids, l := copiesOf(t, s, id); !slices.Equal(ids, want) || l.Held != held || l.Moved != moved {
			t.Errorf("%s: %+v, copies %v, want %v", what, l, ids, want)
		}
	}
	look("there", 1, true, false, 1)
	look("not downloaded", 4, false, false)
	d.inbox.run = d.nextRun()
	first := count(t, s, "SELECT max(id) + 1 FROM event")
	update(t, s, func(tx *Tx) error { return tx.Vanish(d.inbox.run, []MessageID{1, 2, 3}) })
	look("gone", 1, true, false)
	if _, l := copiesOf(t, s, 2); l.Since != int64(first) {
		t.Errorf("gone since %d, want %d", l.Since, first)
	}

	again := arrive(t, s, d.inbox, 50)
	tamper(t, s, "UPDATE message SET size = (SELECT size FROM message WHERE id = 1) WHERE id = ?", again[0])
	look("come again", 1, true, false, again[0])
	tamper(t, s, "UPDATE message SET body = (SELECT body FROM message WHERE id = 1) WHERE id = ?", again[0])
	look("come again, downloaded", 1, true, false, again[0])
	look("another one", 2, true, false)

	var back MessageID
	edit(t, s, func(tx *Tx) (err error) { back, err = tx.RestoreMessage(2, d.archive.box, "x"); return err })
	look("put back", 2, true, false, back)
	if m, err := s.Message(bg, back); err != nil || m.Flags != "x" || m.State != StateLocal || m.Size != 14 {
		t.Errorf("%+v %v", m, err)
	}
	if id, err := s.Restored(bg, 2); err != nil || id != back {
		t.Errorf("restored as %d, %v", id, err)
	}
	if id, err := s.Predecessor(bg, back); err != nil || id != 2 {
		t.Errorf("restores %d, %v", id, err)
	}
	edit(t, s, func(tx *Tx) error { return tx.ExpungeMessages([]MessageID{back}) })
	look("given up", 2, true, false)

	update(t, s, func(tx *Tx) error { return tx.Moved(d.inbox.run, 3, 5) })
	look("moved", 3, true, true, 5)
	tamper(t, s, "UPDATE body SET damaged = 1 WHERE id = (SELECT body FROM message WHERE id = 2)")
	look("damaged", 2, false, false)
	tamper(t, s, "UPDATE body SET damaged = 0")
}

// What vanished between two moments is found, but for what was moved or has come back.
func TestVanished(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	before := Cut(count(t, s, "SELECT max(id) FROM event"))
	d.inbox.run = d.nextRun()
	update(t, s, func(tx *Tx) error { return tx.Vanish(d.inbox.run, []MessageID{3, 1, 2}) })
	update(t, s, func(tx *Tx) error { return tx.DetachMailbox(d.archive.box, d.inbox.run) })
	vanished := func(from, to Cut, want ...MessageID) {
		t.Helper()
		if ids, err := s.Vanished(bg, d.acct, from, to); err != nil || !slices.Equal(ids, want) {
			t.Errorf("%v %v, want %v", ids, err, want)
		}
	}
	edit(t, s, func(tx *Tx) error { // what never was on the server did not vanish from there
		id, err := tx.AppendMessage(d.inbox.box, pack(t, "Subject: new\n\n"), "", testDate)
		if err != nil {
			return err
		}
		return tx.ExpungeMessages([]MessageID{id})
	})
	vanished(before, 0, 3, 1, 2)
	vanished(CutNever, before)
	vanished(before+1, before+2, 1)
	update(t, s, func(tx *Tx) error { return tx.Moved(d.inbox.run, 3, 5) })
	update(t, s, func(tx *Tx) error {
		_, err := tx.Arrive(d.inbox.run, d.inbox.gen, []Arrival{{UID: 10, Size: 100, Date: testDate}, {UID: 20, Size: 200, Date: testDate}})
		return err
	})
	vanished(before, 0)

	for at, want := range map[Cut]int{CutNever: 0, before: 3, 0: 2} {
		if all, err := s.MailboxesAt(bg, d.acct, at); err != nil || len(all) != want {
			t.Errorf("mailboxes at %d: %v %v, want %d", at, all, err, want)
		}
	}
	err := s.Edit(bg, func(tx *Tx) error { _, err := tx.RestoreMessage(4, d.inbox.box, ""); return err })
	if !errors.Is(err, ErrNotHeld) {
		t.Error(err)
	}
}

// A mailbox that is made again wants the subscription that it had, until the server has
// it.
func TestCreateAgainSubscribed(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	m := info("Gone")
	m.Subscribed = true
	var box MailboxID
	update(t, s, func(tx *Tx) (err error) {
		if box, err = tx.PutMailbox(d.acct, m, d.run); err != nil {
			return err
		}
		return tx.DetachMailbox(box, d.run)
	})
	edit(t, s, func(tx *Tx) error { _, err := tx.CreateMailbox(d.acct, m); return err })
	boxes, err := s.Mailboxes(bg, d.acct)
	for _, b := range boxes {
		if b.ID == box && (b.Subscribed || !b.WantsSubscribed) {
			t.Errorf("%+v", b)
		}
	}
	if err != nil {
		t.Error(err)
	}
	checkClean(t, s)
}
