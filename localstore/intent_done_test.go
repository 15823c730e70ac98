package localstore

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// moved moves message 1 to Archive and gives its new id and the intent.
func (d desk) moved() (MessageID, IntentID) {
	d.t.Helper()
	var now []MessageID
	edit(d.t, d.s, func(tx *Tx) (err error) { now, err = tx.MoveMessages([]MessageID{1}, d.archive.box); return err })
	ids := intentIDs(d.t, d.s, d.acct)
	return now[0], ids[len(ids)-1]
}

func (d desk) done(id IntentID, o Outcome) {
	d.t.Helper()
	update(d.t, d.s, func(tx *Tx) error { return tx.IntentDone(d.run, id, o) })
}

func (d desk) arrives(box place, a Arrival) MessageID {
	d.t.Helper()
	var ids []MessageID
	update(d.t, d.s, func(tx *Tx) (err error) {
		if ids, err = tx.Arrive(d.run, box.gen, []Arrival{a}); err != nil {
			return err
		}
		return tx.SetCursor(box.gen, Cursor{Listed: a.UID})
	})
	return ids[0]
}

// history is what happened to a message, in order.
func (d desk) history(id MessageID) (all []string) {
	d.t.Helper()
	rows, err := d.s.reader.Query(`SELECT kind, generation, ifnull(uid, 0), ifnull(old, ''), ifnull(new, ''), run IS NULL FROM event WHERE message = ? ORDER BY id`, id)
	if err != nil {
		d.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind, old, now string
		var gen, uid int
		var owner bool
		if err := rows.Scan(&kind, &gen, &uid, &old, &now, &owner); err != nil {
			d.t.Fatal(err)
		}
		line := fmt.Sprintf("%s %d/%d [%s>%s]", kind, gen, uid, old, now)
		if owner {
			line += " owner"
		}
		all = append(all, line)
	}
	return all
}

// COPYUID names the UID at once; the listing that follows finds the row there.
func TestMoveDone(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	now, in := d.moved()
	edit(t, s, func(tx *Tx) error { return tx.EditFlags([]MessageID{now}, "Work", "") })
	edit(t, s, func(tx *Tx) error { return tx.IntentSent([]IntentID{in}, 9, 8) })
	if got, err := s.Intent(bg, in); err != nil || got.State != Sent || got.UIDValidity != 9 || got.UIDNext != 8 || !got.Due(testDate) {
		t.Errorf("%+v %v", got, err)
	}
	d.done(in, Outcome{UIDValidity: 9, UID: 8, Flags: `\Seen`})
	want(t, "people", d.people(), with("INBOX #1", ` => Archive #6/8 [\Seen Work] present`))
	want(t, "queue", d.waits(), []string{`flags box 2 target 0 message 6 [\Seen>\Seen Work]`}) // it went without
	want(t, "server", d.server(), []string{`2/20 [\Seen>\Seen]`, `3/30 [\Seen>\Seen]`, `4/40 [\Seen>\Seen]`, `5/7 [\Seen>\Seen]`, `6/8 [\Seen>\Seen Work]`})
	want(t, "history", d.history(1), []string{`arrived 1/10 [>\Seen]`, `flags 1/10 [\Seen>\Seen Work] owner`, `moved 1/10 [\Seen Work>6]`})
	want(t, "history", d.history(6), []string{`arrived 2/0 [>\Seen] owner`, `flags 2/0 [\Seen>\Seen Work] owner`, `rebound 2/8 [\Seen Work>\Seen Work]`})
	rows := map[uint32]Row{}
	if err := s.Rows(bg, d.archive.gen, func(r Row) error { rows[r.UID] = r; return nil }); err != nil {
		t.Fatal(err)
	}
	if r := rows[8]; r.Size != -1 || !r.Date.IsZero() || !r.HasBody {
		t.Errorf("not listed yet: %+v", r)
	}
	checkClean(t, s)

	later := testDate.AddDate(0, 1, 0)
	if id := d.arrives(d.archive, Arrival{UID: 8, Flags: `\Answered`, Size: 100, Date: later, Identity: "E:1", Labels: "[]"}); id != 6 {
		t.Errorf("arrived as %d", id)
	}
	want(t, "people", d.people(), with("INBOX #1", ` => Archive #6/8 [\Answered Work] present`))
	want(t, "queue", d.waits(), []string{`flags box 2 target 0 message 6 [\Answered>\Answered Work]`})
	if m, err := s.Message(bg, 6); err != nil || m.InternalDate.String() != later.String() || m.Labels != "[]" || m.UID != 8 {
		t.Errorf("%+v %v", m, err)
	}
	if err := s.Update(bg, func(tx *Tx) error {
		_, err := tx.Arrive(d.run, d.archive.gen, []Arrival{{UID: 8, Size: 100}})
		return err
	}); err == nil {
		t.Error("arrived twice")
	}
}

// Without COPYUID, or with one of another UIDVALIDITY (I3), the message waits for
// its UID and is not sent again. The listing finds it, before or after it arrived.
func TestDoneWithoutUID(t *testing.T) {
	for name, o := range map[string]Outcome{"none": {}, "other UIDVALIDITY": {UIDValidity: 10, UID: 8}} {
		for _, first := range []string{"match", "arrival", "arrival with body"} {
			t.Run(name+", "+first+" first", func(t *testing.T) {
				s := newStore(t)
				d := newDesk(t, s)
				now, in := d.moved()
				edit(t, s, func(tx *Tx) error { return tx.IntentSent([]IntentID{in}, 9, 8) })
				d.done(in, o)
				want(t, "people", d.people(), with("INBOX #1", ` => Archive #6/0 [\Seen] local`))
				want(t, "queue", d.waits(), []string{`move box 1 target 2 message 1 [\Seen>\Seen] gone result 6 done`})
				edit(t, s, func(tx *Tx) error { return tx.EditFlags([]MessageID{now}, "Work", "") })
				for _, refused := range []func(*Tx) error{
					func(tx *Tx) error { return tx.IntentFailed(in, "", testDate) },
					func(tx *Tx) error { return tx.IntentSent([]IntentID{in}, 1, 1) },
					func(tx *Tx) error { _, err := tx.MoveMessages([]MessageID{now}, d.later); return err },
				} {
					if err := s.Edit(bg, refused); err == nil {
						t.Error("sent again")
					}
				}
				var sent []SentResult
				if err := s.SentResults(bg, d.archive.gen, false, func(r SentResult) error { sent = append(sent, r); return nil }); err != nil {
					t.Fatal(err)
				}
				sum := pack(t, "Subject: 1\n\n.")
				if len(sent) != 1 || sent[0].Intent != in || sent[0].State != Done || sent[0].Kind != IntentMove || sent[0].UIDNext != 8 ||
					sent[0].UIDValidity != 9 || sent[0].ID != now || sent[0].SHA256 != sum.SHA256 || sent[0].HeaderSHA256 != sum.HeaderSHA256 ||
					sent[0].Size != 100 || sent[0].BodySize != sum.Size || !sent[0].Date.Equal(testDate) {
					t.Errorf("%+v", sent)
				}
				id := now
				if first != "match" {
					if id = d.arrives(d.archive, Arrival{UID: 8, Flags: `\Answered`, Size: 100, Date: testDate}); id == now {
						t.Error("taken for the one that waits")
					}
				}
				if first == "arrival with body" {
					put(t, s, id, "Subject: 1\n\n.")
				}
				d.done(in, Outcome{UIDValidity: 9, UID: 8, Flags: `\Answered`})
				if first == "match" {
					d.arrives(d.archive, Arrival{UID: 8, Flags: `\Answered`, Size: 100, Date: testDate})
				}
				want(t, "people", d.people(), with("INBOX #1", fmt.Sprintf(` => Archive #%d/8 [\Answered Work] present`, id)))
				want(t, "queue", d.waits(), []string{fmt.Sprintf(`flags box 2 target 0 message %d [\Answered>\Answered Work]`, id)})
				wantBody(t, s, id, []byte("Subject: 1\n\n."))
				if id != now {
					if _, err := s.Message(bg, now); !errors.Is(err, ErrNotFound) {
						t.Error(err)
					}
					if h := d.history(now); h[len(h)-1] != fmt.Sprintf(`moved 2/0 [\Seen Work>%d]`, id) {
						t.Errorf("%v", h)
					}
				}
			})
		}
	}
}

// A server that changes what is appended: the bytes sent stay in history, what
// it has is fetched, and what the owner wanted of the one is wanted of the other.
func TestAppendRewritten(t *testing.T) {
	for _, first := range []string{"bound", "arrival"} {
		t.Run(first+" first", func(t *testing.T) {
			s := newStore(t)
			d := newDesk(t, s)
			draft := pack(t, "Subject: sent\n\n")
			edit(t, s, func(tx *Tx) error {
				_, err := tx.AppendMessage(d.archive.box, draft, `\Draft`, testDate)
				return err
			})
			edit(t, s, func(tx *Tx) error { return tx.IntentSent([]IntentID{1}, 9, 8) })
			edit(t, s, func(tx *Tx) error { return tx.EditFlags([]MessageID{6}, "late", "") }) // not sent with it
			a := Arrival{UID: 8, Flags: `\Draft other`, Size: 1000, Date: testDate}
			if first == "bound" {
				d.done(1, Outcome{UID: 8, Flags: `\Draft`})
				edit(t, s, func(tx *Tx) error { _, err := tx.MoveMessages([]MessageID{6}, d.later); return err })
				want(t, "queue", d.waits(), []string{`flags box 2 target 0 message 6 [\Draft>\Draft late]`, `move box 2 target 3 message 6 [\Draft>\Draft late] result 7`})
				d.arrives(d.archive, a)
				want(t, "queue", d.waits(), []string{`move box 2 target 3 message 8 [\Draft other>\Draft late other] result 7`, `flags box 2 target 0 message 8 [\Draft other>\Draft late other]`})
				want(t, "people", d.people(), with(` => Later #7/0 [\Draft late other] local`))
				checkClean(t, s)
			} else {
				d.arrives(d.archive, a)
				d.done(1, Outcome{UID: 8, Flags: `\Draft`})
				want(t, "queue", d.waits(), []string{`flags box 2 target 0 message 7 [\Draft other>\Draft late other]`})
				want(t, "people", d.people(), with(` => Archive #7/8 [\Draft late other] missing`))
			}
			missing, err := s.Missing(bg, d.archive.gen, 0, testDate, 10)
			if err != nil || len(missing) != 1 || missing[0].UID != 8 {
				t.Errorf("%+v %v", missing, err)
			}
			if m, err := s.Message(bg, 6); err != nil || m.State != StateVanished {
				t.Errorf("%+v %v", m, err)
			}
			wantBody(t, s, 6, []byte("Subject: sent\n\n"))
		})
	}
}

// The other outcomes: what was sent and did not arrive waits again; what nobody
// can decide waits for a person, who sends it after all or drops it.
func TestFailedParkedQueued(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	_, in := d.moved()
	edit(t, s, func(tx *Tx) error { return tx.IntentSent([]IntentID{in}, 9, 8) })
	update(t, s, func(tx *Tx) error { return tx.IntentFailed(in, "NO quota", testDate) })
	got, err := s.Intent(bg, in)
	if err != nil || got.State != Queued || got.Tries != 1 || got.Reason != "NO quota" || got.UIDNext != 0 || got.Due(testDate.Add(-1)) {
		t.Errorf("%+v %v", got, err)
	}
	edit(t, s, func(tx *Tx) error { return tx.QueueIntent(in) })
	if got, err = s.Intent(bg, in); err != nil || !got.Due(testDate.Add(-1)) || got.Reason != "NO quota" {
		t.Errorf("%+v %v", got, err)
	}
	d.done(in, Outcome{})
	update(t, s, func(tx *Tx) error { return tx.ParkIntent(in, "two of them are there") })
	if got, err = s.Intent(bg, in); err != nil || got.State != Parked || got.Due(testDate) || !got.Vanished {
		t.Errorf("%+v %v", got, err)
	}
	checkClean(t, s)
	edit(t, s, func(tx *Tx) error { return tx.QueueIntent(in) })
	checkClean(t, s)
	update(t, s, func(tx *Tx) error { return tx.ParkIntent(in, "again") })
	edit(t, s, func(tx *Tx) error { _, err := tx.DropIntent(in); return err })
	want(t, "people", d.people(), with("INBOX #1"))
	if m, err := s.Message(bg, 1); err != nil || m.State != StateVanished {
		t.Errorf("%+v %v", m, err)
	}
}

func TestExpungeDone(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	edit(t, s, func(tx *Tx) error {
		if err := tx.EditFlags([]MessageID{1, 2}, "x", ""); err != nil {
			return err
		}
		return tx.ExpungeMessages([]MessageID{1, 2})
	})
	update(t, s, func(tx *Tx) error { return tx.Vanish(d.run, []MessageID{2}) }) // the pull saw it first
	want(t, "queue", d.waits(), []string{`flags box 1 target 0 message 1 [\Seen>\Seen x]`, `flags box 1 target 0 message 2 [\Seen>\Seen x] gone`,
		`delete box 1 target 0 message 1 [\Seen>\Seen x]`, `delete box 1 target 0 message 2 [\Seen>\Seen x] gone`})
	d.done(3, Outcome{})
	d.done(4, Outcome{})
	want(t, "queue", d.waits(), nil)
	want(t, "people", d.people(), with("INBOX #1", "INBOX #2"))
	want(t, "history", d.history(1)[2:], []string{`vanished 1/10 [\Seen x>]`})
	want(t, "history", d.history(2)[2:], []string{`vanished 1/20 [\Seen x>]`})
}

// What vanishes keeps its intents, for the engine to decide on; the edit of its
// flags stays in history even when its intent is dropped, and is wanted again
// should the message come back before.
func TestVanishKeepsIntents(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	edit(t, s, func(tx *Tx) error {
		if err := tx.EditFlags([]MessageID{2, 3}, `\Flagged`, ""); err != nil {
			return err
		}
		_, err := tx.MoveMessages([]MessageID{1, 3}, d.later)
		return err
	})
	update(t, s, func(tx *Tx) error { return tx.Vanish(d.run, []MessageID{1, 2, 3}) })
	want(t, "queue", d.waits(), []string{
		`flags box 1 target 0 message 2 [\Seen>\Flagged \Seen] gone`, `flags box 1 target 0 message 3 [\Seen>\Flagged \Seen] gone`,
		`move box 1 target 3 message 1 [\Seen>\Seen] gone result 6`, `move box 1 target 3 message 3 [\Seen>\Flagged \Seen] gone result 7`})
	want(t, "people", d.people(), with("INBOX #1", "INBOX #2", "INBOX #3", ` => Later #6/0 [\Seen] local`, ` => Later #7/0 [\Flagged \Seen] local`))
	edit(t, s, func(tx *Tx) error { return tx.EditFlags([]MessageID{6}, "x", "") })
	checkClean(t, s)

	update(t, s, func(tx *Tx) error {
		ids, err := tx.Arrive(d.run, d.inbox.gen, []Arrival{{UID: 20, Flags: "y", Size: 200, Date: testDate}, {UID: 30, Flags: "y", Size: 300, Date: testDate}})
		if !slices.Equal(ids, []MessageID{2, 3}) {
			t.Errorf("%v came back", ids)
		}
		return err
	})
	want(t, "people", d.people(), with("INBOX #1", `INBOX #2 => INBOX #2/20 [\Flagged y] present`, "INBOX #3", ` => Later #6/0 [\Seen x] local`, ` => Later #7/0 [\Flagged y] local`))
	update(t, s, func(tx *Tx) error { return tx.Vanish(d.run, []MessageID{2, 3}) })
	for _, id := range intentIDs(t, s, d.acct) {
		edit(t, s, func(tx *Tx) error { _, err := tx.DropIntent(id); return err })
	}
	want(t, "people", d.people(), with("INBOX #1", "INBOX #2", "INBOX #3"))
	for id, flags := range map[MessageID]string{1: `\Seen`, 2: `\Flagged y`, 3: `\Flagged y`} {
		if m, err := s.Message(bg, id); err != nil || m.Flags != flags || m.State != StateVanished {
			t.Errorf("%+v %v", m, err)
		}
	}
	var back []MessageID
	edit(t, s, func(tx *Tx) (err error) { back, err = tx.RestoreMessages([]MessageID{2}, d.later); return err })
	want(t, "people", d.people(), with("INBOX #1", "INBOX #2", "INBOX #3", fmt.Sprintf(` => Later #%d/0 [\Flagged y] local`, back[0])))
}

// Another client's move takes flags edited here along.
func TestMovedByOthers(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	edit(t, s, func(tx *Tx) error { return tx.EditFlags([]MessageID{1}, "x", "") })
	id := d.arrives(d.archive, Arrival{UID: 8, Flags: `\Answered`, Size: 100, Date: testDate})
	update(t, s, func(tx *Tx) error { return tx.Moved(d.run, 1, id) })
	want(t, "people", d.people(), with("INBOX #1", ` => Archive #6/8 [\Answered x] missing`))
	want(t, "queue", d.waits(), []string{`flags box 2 target 0 message 6 [\Answered>\Answered x]`})
	want(t, "history", d.history(1)[2:], []string{`moved 1/10 [\Seen x>6]`})
}

// A new UIDVALIDITY: intents follow their messages to their new places, and what
// is not on the server comes along (I2).
func TestResetKeepsIntents(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	edit(t, s, func(tx *Tx) error {
		if err := tx.EditFlags([]MessageID{5}, "x", ""); err != nil {
			return err
		}
		if _, err := tx.MoveMessages([]MessageID{1}, d.archive.box); err != nil {
			return err
		}
		_, err := tx.MoveMessages([]MessageID{5}, d.later)
		return err
	})
	var gen GenerationID
	update(t, s, func(tx *Tx) error { return tx.RetireGeneration(d.archive.gen, d.run) })
	checkClean(t, s) // a kill in between
	update(t, s, func(tx *Tx) (err error) {
		gen, err = tx.OpenGeneration(d.archive.box, 10, d.run)
		return err
	})
	checkClean(t, s)
	update(t, s, func(tx *Tx) error {
		if err := tx.Rebind(d.run, []Rebind{{ID: 5, Generation: gen, UID: 1, Base: "y", Local: "x y"}}); err != nil {
			return err
		}
		return tx.SetCursor(gen, Cursor{Listed: 1})
	})
	want(t, "people", d.people(), with("INBOX #1", "Archive #5", ` => Archive #6/0 [\Seen] local`, ` => Later #7/0 [x y] local`))
	want(t, "queue", d.waits(), []string{`flags box 2 target 0 message 5 [y>x y]`,
		`move box 1 target 2 message 1 [\Seen>\Seen] result 6`, `move box 2 target 3 message 5 [y>x y] result 7`})
	update(t, s, func(tx *Tx) error {
		return tx.Rebind(d.run, []Rebind{{ID: 5, Generation: gen, UID: 2, Base: "y", Local: "y"}})
	})
	if n := len(d.waits()); n != 2 {
		t.Errorf("%d intents", n)
	}
	update(t, s, func(tx *Tx) error { return tx.SetCursor(gen, Cursor{Listed: 2}) })
}

// The flags of a message are edited after it was copied, and reach the server
// first: the copy begins with them, and keeps those it was made with.
func TestCopyStartsWithPushedFlags(t *testing.T) {
	for _, order := range []string{"flags, sent, done", "sent, flags, done", "sent, flags, done without UID, done"} {
		t.Run(order, func(t *testing.T) {
			s := newStore(t)
			d := newDesk(t, s)
			edit(t, s, func(tx *Tx) error {
				if _, err := tx.CopyMessages([]MessageID{1}, d.archive.box); err != nil {
					return err
				}
				return tx.EditFlags([]MessageID{1}, "x", `\Seen`)
			})
			edit(t, s, func(tx *Tx) error { return tx.EditFlags([]MessageID{6}, "own", "") })
			for _, step := range strings.Split(order, ", ") {
				switch step {
				case "flags":
					update(t, s, func(tx *Tx) error { return tx.SetFlags(d.run, []FlagChange{{1, "x", "x"}}) })
				case "sent":
					edit(t, s, func(tx *Tx) error { return tx.IntentSent([]IntentID{1}, 9, 8) })
				case "done without UID":
					d.done(1, Outcome{})
				case "done":
					d.done(1, Outcome{UID: 8, Flags: "other x"}) // another client was there already
				}
			}
			want(t, "people", d.people(), with(`INBOX #1 => INBOX #1/10 [x] present`, ` => Archive #6/8 [\Seen other own] present`))
			want(t, "queue", d.waits(), []string{`flags box 2 target 0 message 6 [other x>\Seen other own]`})
		})
	}
}

// A reset finds a message that no listing had shown yet: now one has.
func TestReboundIsListed(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	now, in := d.moved()
	d.done(in, Outcome{UID: 8, Flags: `\Seen`})
	var gen GenerationID
	update(t, s, func(tx *Tx) (err error) {
		if err := tx.RetireGeneration(d.archive.gen, d.run); err != nil {
			return err
		}
		if gen, err = tx.OpenGeneration(d.archive.box, 10, d.run); err != nil {
			return err
		}
		if err := tx.Rebind(d.run, []Rebind{{ID: now, Generation: gen, UID: 1, Base: "", Local: ""}}); err != nil {
			return err
		}
		return tx.SetCursor(gen, Cursor{Listed: 1})
	})
	n := 0
	err := s.Rows(bg, gen, func(r Row) error {
		if n++; r.ID != now || r.Size != 100 || !r.Date.Equal(testDate) {
			t.Errorf("%+v", r)
		}
		return nil
	})
	if err != nil || n != 1 {
		t.Errorf("%d rows, %v", n, err)
	}
}

// The server found a message's body damaged: what waits to be sent keeps what it
// has, and is whole again with the message it came from.
func TestDamagedWhileWaiting(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	_, in := d.moved()
	var lost []MessageID
	update(t, s, func(tx *Tx) (err error) { lost, err = tx.MarkDamaged(1); return err })
	if !slices.Equal(lost, []MessageID{1}) {
		t.Errorf("lost %v", lost)
	}
	if found := findings(t, s); len(found) != 1 || found[0].Message != 6 || found[0].Kind != FoundBody {
		t.Errorf("%+v", found)
	}
	put(t, s, 1, "Subject: 1\n\n.")
	checkClean(t, s)
	wantBody(t, s, 6, []byte("Subject: 1\n\n."))
	edit(t, s, func(tx *Tx) error { _, err := tx.DropIntent(in); return err })
}

// The same with a message that moves on unedited: the row that stands for it has
// the flags that the server says, too.
func TestRewrittenThatMoves(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	draft := pack(t, "Subject: sent\n\n")
	edit(t, s, func(tx *Tx) error { _, err := tx.AppendMessage(d.archive.box, draft, "", testDate); return err })
	d.done(1, Outcome{UID: 8})
	edit(t, s, func(tx *Tx) error { _, err := tx.MoveMessages([]MessageID{6}, d.later); return err })
	d.arrives(d.archive, Arrival{UID: 8, Flags: "other", Size: 1000, Date: testDate})
	want(t, "queue", d.waits(), []string{`move box 2 target 3 message 8 [other>other] result 7`})
	want(t, "people", d.people(), with(` => Later #7/0 [other] local`))
}
