package localstore

import (
	"slices"
	"testing"
	"time"
)

// nextRun is a later run of the account.
func (d *desk) nextRun() RunID {
	d.t.Helper()
	update(d.t, d.s, func(tx *Tx) (err error) { d.run, err = tx.BeginRun(d.acct, testDate); return err })
	return d.run
}

// only is the one intent that waits.
func (d desk) only() (found Intent) {
	d.t.Helper()
	if err := d.s.Intents(bg, d.acct, func(in Intent) error { found = in; return nil }); err != nil {
		d.t.Fatal(err)
	}
	return found
}

// What runs saw counts from the first one after the intent, not by the clock; what
// the owner does himself does not count.
func TestMeanwhile(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	edit(t, s, func(tx *Tx) error { _, err := tx.RemoveMailbox(d.archive.box); return err })
	in := d.only()
	want := func(want Meanwhile) {
		t.Helper()
		if got, err := s.Meanwhile(bg, in.ID); err != nil || got != want {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
	want(Meanwhile{})
	d.archive.run = d.nextRun()
	arrive(t, s, d.archive, 8, 9)
	update(t, s, func(tx *Tx) error { return tx.RenameMailbox(d.archive.box, "Own", 0) })
	want(Meanwhile{Arrived: 2})
	update(t, s, func(tx *Tx) error { return tx.RenameMailbox(d.archive.box, "Elsewhere", d.run) })
	want(Meanwhile{Arrived: 2, Renamed: true})
}

func TestMeanwhileFlags(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	edit(t, s, func(tx *Tx) error { return tx.ExpungeMessages([]MessageID{1}) })
	in := d.only()
	if got, err := s.Meanwhile(bg, in.ID); err != nil || got.Flags {
		t.Errorf("%+v, %v", got, err)
	}
	run := d.nextRun()
	update(t, s, func(tx *Tx) error { return tx.SetFlags(run, []FlagChange{{1, `\Answered`, `\Answered`}}) })
	if got, err := s.Meanwhile(bg, in.ID); err != nil || !got.Flags {
		t.Errorf("%+v, %v", got, err)
	}
}

// A message is followed through every place it was moved to, and no further than to
// where it is.
func TestMovedTo(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	d.archive.run = d.nextRun()
	there := arrive(t, s, d.archive, 8, 9)
	where := func(id, want MessageID) {
		t.Helper()
		row, box, err := s.MovedTo(bg, id)
		if err != nil || row.ID != want || want != 0 && box != d.archive.box {
			t.Errorf("message %d is %d in %d, %v, want %d", id, row.ID, box, err, want)
		}
	}
	where(1, 0)
	update(t, s, func(tx *Tx) error { return tx.Moved(d.run, 1, there[0]) })
	where(1, there[0])
	update(t, s, func(tx *Tx) error { return tx.Moved(d.run, there[0], there[1]) })
	where(1, there[1])
	update(t, s, func(tx *Tx) error { return tx.Vanish(d.run, there[1:]) })
	where(1, 0)
}

// Traces are those of a run and, of what came, of those before it that did not look
// everywhere; what waits for a message that vanished earlier is looked for in all that
// came since.
func TestTraces(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	edit(t, s, func(tx *Tx) error { return tx.EditFlags([]MessageID{1}, "x", "") })
	ends := func(outcome string, exit int) {
		t.Helper()
		update(t, s, func(tx *Tx) error { return tx.EndRun(d.run, RunEnd{Outcome: outcome, Exit: exit}) })
	}
	ends(OutcomeOK, 0)
	d.nextRun()
	d.archive.run = d.run
	early := arrive(t, s, d.archive, 8, 9)
	ends(OutcomePartial, 0)
	update(t, s, func(tx *Tx) error { return tx.Vanish(d.run, []MessageID{1, 2}) })
	run := d.nextRun()
	mark, err := s.Mark(bg)
	if err != nil {
		t.Fatal(err)
	}
	want := func(gone, come []MessageID) {
		t.Helper()
		g, c, err := s.Traces(bg, d.acct, run, mark)
		if err != nil || !slices.Equal(traceIDs(g), gone) || !slices.Equal(traceIDs(c), come) {
			t.Errorf("gone %v, come %v, %v; want %v, %v", traceIDs(g), traceIDs(c), err, gone, come)
		}
	}
	want([]MessageID{1}, early)
	d.archive.run = run
	late := arrive(t, s, d.archive, 10)
	update(t, s, func(tx *Tx) error { return tx.Vanish(run, []MessageID{3}) })
	want([]MessageID{3, 1}, append(slices.Clone(early), late...))
	update(t, s, func(tx *Tx) error { return tx.Moved(run, 1, early[0]) })
	want([]MessageID{3}, []MessageID{early[1], late[0]})
	partly := func(receipt string) {
		update(t, s, func(tx *Tx) error {
			return tx.EndRun(run-1, RunEnd{Outcome: OutcomePartial, Exit: 3, Receipt: []byte(receipt)})
		})
	}
	partly(`{"held":[{"mailbox":"INBOX"}]}`) // and something else could not be had
	want([]MessageID{3}, []MessageID{early[1], late[0]})
	partly(`{}`)
	want([]MessageID{3}, late)
}

func traceIDs(list []Trace) (ids []MessageID) {
	for _, t := range list {
		ids = append(ids, t.ID)
	}
	return ids
}

// Without UIDPLUS a deletion leaves the message there, as everybody sees it.
func TestKept(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	edit(t, s, func(tx *Tx) error { return tx.ExpungeMessages([]MessageID{1}) })
	edit(t, s, func(tx *Tx) error { _, err := tx.MoveMessages([]MessageID{2}, d.archive.box); return err })
	var ids []IntentID
	if err := s.Intents(bg, d.acct, func(in Intent) error { ids = append(ids, in.ID); return nil }); err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx *Tx) error {
		return tx.IntentDone(d.run, ids[0], Outcome{Kept: `\Deleted \Seen`})
	})
	for uid := range uint32(2) { // first it is not known where the copy is
		update(t, s, func(tx *Tx) error {
			return tx.IntentDone(d.run, ids[1], Outcome{UID: uid * 8, Flags: `\Seen`, Kept: `\Deleted \Seen`})
		})
		checkClean(t, s)
	}
	if got := d.waits(); got != nil {
		t.Errorf("waits %q", got)
	}
	for _, id := range []MessageID{1, 2} {
		if m, err := s.Message(bg, id); err != nil || m.State != StatePresent || m.Flags != `\Deleted \Seen` {
			t.Errorf("message %d: %+v %v", id, m, err)
		}
	}
}

// What nobody refused is no try.
func TestTries(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	edit(t, s, func(tx *Tx) error { return tx.ExpungeMessages([]MessageID{1}) })
	for i, reason := range []string{"", "no", ""} {
		update(t, s, func(tx *Tx) error { return tx.IntentFailed(d.only().ID, reason, time.Time{}) })
		if got := d.only(); got.Tries != min(i, 1) || got.Reason != reason {
			t.Errorf("%+v", got)
		}
	}
}
