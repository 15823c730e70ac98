package localstore

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// Runs can be paged through, and each has a beginning and an end in the past.
func TestRunsAndTheirCuts(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	arrive(t, s, p, 1, 2)
	var idle, last RunID
	update(t, s, func(tx *Tx) (err error) {
		if idle, err = tx.BeginRun(p.acct, time.Unix(2000, 0)); err == nil {
			last, err = tx.BeginRun(p.acct, time.Unix(3000, 0))
		}
		return err
	})
	first := p.run
	p.run = last
	arrive(t, s, p, 3)
	for _, c := range []struct {
		before RunID
		limit  int
		want   []RunID
	}{{0, 2, []RunID{last, idle}}, {idle, 2, []RunID{first}}, {first, 2, nil}, {last + 1, 9, []RunID{last, idle, first}}} {
		runs, err := s.RunsBefore(bg, p.acct, c.before, c.limit)
		var got []RunID
		for _, r := range runs {
			got = append(got, r.ID)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("before %d: %v, %v, want %v", c.before, got, err, c.want)
		}
	}
	if r, err := s.Run(bg, last); err != nil || r.ID != last || r.Started.Unix() != 3000 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := s.Run(bg, last+1); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such run: %v", err)
	}
	for run, want := range map[RunID][2]int{first: {0, 2}, idle: {2, 2}, last: {2, 3}} {
		before, err := s.CutBefore(bg, run)
		after, err2 := s.CutAfter(bg, run)
		got := [2]int{len(listedAt(t, s, p.box, before)), len(listedAt(t, s, p.box, after))}
		if err != nil || err2 != nil || got != want {
			t.Errorf("run %d: %v messages, %v, %v, want %v", run, got, err, err2, want)
		}
	}
}

// How often a mailbox holds what is to be brought into it.
func TestHolding(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	ids := arrive(t, s, p, 1, 2, 3)
	put(t, s, ids[0], "Subject: a\n\n")
	put(t, s, ids[1], "Subject: a\n\n")
	put(t, s, ids[2], "Subject: b\n\n")
	a, c := pack(t, "Subject: a\n\n"), pack(t, "Subject: c\n\n")
	update(t, s, func(tx *Tx) error {
		for _, want := range []int{2, 1} {
			n, err := tx.Holding(p.box, a.SHA256)
			other, err2 := tx.Holding(p.box, c.SHA256)
			if n != want || other != 0 || err != nil || err2 != nil {
				t.Errorf("%d and %d, %v, %v, want %d and 0", n, other, err, err2, want)
			}
			if err := tx.Vanish(p.run, ids[:1]); err != nil {
				return err
			}
		}
		return nil
	})
}

// What goes with its mailbox can be brought back, as far as it is held.
func TestLostWith(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	update(t, s, func(tx *Tx) error { return tx.Vanish(d.run, []MessageID{1}) })
	update(t, s, func(tx *Tx) (err error) {
		if d.run, err = tx.BeginRun(d.acct, time.Unix(2000, 0)); err == nil {
			err = tx.Vanish(d.run, []MessageID{2, 3, 4})
		}
		if err == nil {
			err = tx.DetachMailbox(d.inbox.box, d.run)
		}
		return err
	})
	got, err := s.LostWith(bg, d.inbox.box)
	if want := []MessageID{2, 3}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

// The engine asks for the flags of many messages apart from all else that waits.
func TestWaitingByKind(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	edit(t, s, func(tx *Tx) error { return tx.EditFlags([]MessageID{1, 2}, "Work", "") })
	edit(t, s, func(tx *Tx) error { _, err := tx.MoveMessages([]MessageID{3}, d.archive.box); return err })
	var kinds []IntentKind
	err := s.IntentsBut(bg, d.acct, IntentFlags, func(in Intent) error { kinds = append(kinds, in.Kind); return nil })
	if err != nil || !slices.Equal(kinds, []IntentKind{IntentMove}) {
		t.Errorf("but flags: %v, %v", kinds, err)
	}
	boxes, err := s.FlagsWanted(bg, d.acct)
	if err != nil || !slices.Equal(boxes, []MailboxID{d.inbox.box}) {
		t.Errorf("flags wait in %v, %v", boxes, err)
	}
}

// What was sent and is not finished waits as what it is.
func TestIntentDelayed(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	edit(t, s, func(tx *Tx) error { _, err := tx.MoveMessages([]MessageID{3}, d.archive.box); return err })
	again := time.Unix(5000, 0)
	delay := func() error {
		return s.Update(bg, func(tx *Tx) error { return tx.IntentDelayed(1, "later", again) })
	}
	if err := delay(); !errors.Is(err, ErrNotFound) {
		t.Errorf("not sent yet: %v", err)
	}
	edit(t, s, func(tx *Tx) error { return tx.IntentSent([]IntentID{1}, 9, 8) })
	if err := delay(); err != nil {
		t.Error(err)
	}
	in, err := s.Intent(bg, 1)
	if err != nil || in.State != Sent || in.Tries != 1 || in.Reason != "later" || !in.RetryAt.Equal(again) || in.UIDNext != 8 {
		t.Errorf("%+v, %v", in, err)
	}
}

// A restored message knows what it was made of, until that is gone.
func TestMadeOf(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	var made []MessageID
	edit(t, s, func(tx *Tx) (err error) {
		made, err = tx.RestoreWith([]Restoring{{2, `\Seen`}}, d.archive.box)
		return err
	})
	for _, want := range []Problem{{Account: d.acct, Mailbox: d.inbox.box, Message: 2}, {}} {
		update(t, s, func(tx *Tx) error {
			if p, err := tx.MadeOf(made[0]); p != want || err != nil {
				t.Errorf("%+v, %v, want %+v", p, err, want)
			}
			return tx.Vanish(d.run, []MessageID{2})
		})
	}
}

// The server said where it put a message, and then shows one of another size there:
// other bytes. That is a message of its own; what was sent stays in history, what the
// owner wants of it goes over.
func TestOtherBytesWhereOursWere(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	var sent []Intent
	edit(t, s, func(tx *Tx) (err error) {
		sent, err = tx.RestoreSent([]Restoring{{2, `\Seen`}}, d.archive.box, 9, 8)
		return err
	})
	ours := sent[0].Result.ID
	update(t, s, func(tx *Tx) error {
		return tx.IntentDone(d.run, sent[0].ID, Outcome{UIDValidity: 9, UID: 8, Flags: `\Seen`})
	})
	edit(t, s, func(tx *Tx) error { return tx.EditFlags([]MessageID{ours}, "Work", "") })
	unlisted := func() (uids []uint32) {
		if err := s.Unlisted(bg, d.archive.gen, 1, func(r Row) error { uids = append(uids, r.UID); return nil }); err != nil {
			t.Fatal(err)
		}
		return uids
	}
	if got := unlisted(); !slices.Equal(got, []uint32{8}) {
		t.Errorf("unlisted: %v", got)
	}
	var there []MessageID
	update(t, s, func(tx *Tx) (err error) {
		if there, err = tx.Arrive(d.run, d.archive.gen, []Arrival{{UID: 8, Flags: `\Seen`, Size: 9999, Date: testDate}}); err != nil {
			return err
		}
		return tx.SetCursor(d.archive.gen, Cursor{Listed: 8})
	})
	if there[0] == ours || len(unlisted()) != 0 {
		t.Errorf("message %d in the place of %d, unlisted %v", there[0], ours, unlisted())
	}
	if _, err := read(s, ours); err != nil {
		t.Errorf("what was sent: %v", err)
	}
	var in Intent
	err := s.Intents(bg, d.acct, func(i Intent) error { in = i; return nil })
	if err != nil || in.Message.ID != there[0] || in.Message.Local != `\Seen Work` || in.Message.Base != `\Seen` || in.Message.HasBody {
		t.Errorf("what is wanted: %+v, %v", in, err)
	}
}
