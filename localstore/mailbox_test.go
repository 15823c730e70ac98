package localstore

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"
)

func events(t tb, s *Store, where string) (kinds []string) {
	t.Helper()
	rows, err := s.reader.Query("SELECT kind FROM event WHERE " + where + " ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind string
		if err := rows.Scan(&kind); err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, kind)
	}
	return kinds
}

func putMailbox(t tb, s *Store, p place, m MailboxInfo) (id MailboxID) {
	t.Helper()
	update(t, s, func(tx *Tx) (err error) { id, err = tx.PutMailbox(p.acct, m, p.run); return err })
	return id
}

// The raw name is the key, byte for byte (I23, failure table 25); the name for
// people may be the same for several and found if that is clear.
func TestMailboxNames(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	raws := []string{"a", "A", "../../x", "x\x00y", "\xff\xfe", "&Jjo-", "a\u0301", "\u00e1", "'; DROP TABLE mailbox; --", "\x1b[31m"}
	ids := map[MailboxID]string{}
	for range 2 {
		for _, raw := range raws {
			ids[putMailbox(t, s, p, MailboxInfo{Raw: raw, Name: raw})] = raw
		}
	}
	all, err := s.Mailboxes(bg, p.acct)
	if err != nil || len(all) != len(raws)+1 || len(ids) != len(raws) {
		t.Fatalf("%d mailboxes, %d ids, %v", len(all), len(ids), err)
	}
	for _, m := range all {
		if m.ID != p.box && ids[m.ID] != m.Raw {
			t.Errorf("mailbox %d is %q, want %q", m.ID, m.Raw, ids[m.ID])
		}
	}
	putMailbox(t, s, p, MailboxInfo{Raw: "one", Name: "same"})
	putMailbox(t, s, p, MailboxInfo{Raw: "two", Name: "same"})
	for name, want := range map[string]string{"inbox": "INBOX", "Inbox": "INBOX", "a": "a", "A": "A", "two": "two", "&Jjo-": "&Jjo-"} {
		if m, err := s.MailboxByName(bg, p.acct, name); err != nil || m.Raw != want {
			t.Errorf("%q: %q %v", name, m.Raw, err)
		}
	}
	for _, name := range []string{"same", "none"} {
		if m, err := s.MailboxByName(bg, p.acct, name); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %q %v", name, m.Raw, err)
		}
	}
}

// Listing a mailbox again as it was writes nothing: a second run changes no row.
func TestPutMailboxWritesChangesAlone(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	m := MailboxInfo{Raw: "x", Name: "x", Delim: "/", Attrs: `\HasNoChildren`, Role: "sent", Selectable: true, Subscribed: true}
	id := putMailbox(t, s, p, m)
	update(t, s, func(tx *Tx) error {
		var before, after int
		tx.get("SELECT total_changes()", nil, &before)
		again, err := tx.PutMailbox(p.acct, m, p.run)
		tx.get("SELECT total_changes()", nil, &after)
		if again != id || after != before {
			t.Errorf("mailbox %d, %d rows written", again, after-before)
		}
		return err
	})
	m.Role = "drafts"
	putMailbox(t, s, p, m)
	if found, err := s.MailboxByName(bg, p.acct, "x"); err != nil || found.MailboxInfo != m || found.ID != id {
		t.Errorf("%+v %v", found, err)
	}
}

// Failure table 14: a mailbox that goes keeps its messages, comes back as the
// same, and a new one may take its name.
func TestMailboxDetachedRenamedBack(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "Old")
	id := arrive(t, s, p, 1)[0]
	detach := func(box MailboxID) {
		update(t, s, func(tx *Tx) error { return errors.Join(tx.DetachMailbox(box, p.run), tx.DetachMailbox(box, p.run)) })
	}
	detach(p.box)
	if m, err := s.Message(bg, id); err != nil || m.State != StateMissing || m.Folder != "Old" {
		t.Errorf("%+v %v", m, err)
	}
	if back := putMailbox(t, s, p, MailboxInfo{Raw: "Old", Name: "Old"}); back != p.box {
		t.Errorf("came back as %d, was %d", back, p.box)
	}
	want := []string{"created", "opened", "detached", "back"}
	if got := events(t, s, "mailbox = 1"); !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
	other := putMailbox(t, s, p, MailboxInfo{Raw: "New", Name: "New"})
	detach(other)
	update(t, s, func(tx *Tx) error { return tx.RenameMailbox(p.box, "New", p.run) })
	putMailbox(t, s, p, MailboxInfo{Raw: "New", Name: "New"})
	if m, err := s.MailboxByName(bg, p.acct, "New"); err != nil || m.ID != p.box || m.Detached {
		t.Errorf("%+v %v", m, err)
	}
	if err := s.Update(bg, func(tx *Tx) error { return tx.RenameMailbox(99, "x", p.run) }); !errors.Is(err, ErrNotFound) {
		t.Errorf("rename of nothing: %v", err)
	}
}

// Two mailboxes that swapped names on the server: the first rename makes the
// other mailbox give way, the second gives it the name that got free.
func TestMailboxesSwapNames(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "A")
	b := putMailbox(t, s, p, MailboxInfo{Raw: "B", Name: "B"})
	update(t, s, func(tx *Tx) error {
		if err := tx.RenameMailbox(p.box, "B", p.run); err != nil {
			return err
		}
		return tx.RenameMailbox(b, "A", p.run)
	})
	if got := putMailbox(t, s, p, MailboxInfo{Raw: "B", Name: "B"}); got != p.box {
		t.Errorf("B is mailbox %d, want %d", got, p.box)
	}
	if got := putMailbox(t, s, p, MailboxInfo{Raw: "A", Name: "A"}); got != b {
		t.Errorf("A is mailbox %d, want %d", got, b)
	}
}

// A generation is one UIDVALIDITY era; one is current, the cursor is its own,
// and what it leaves behind is Stale until it is rebound or vanishes.
func TestGenerations(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	ids := arrive(t, s, p, 1, 2, 3)
	put(t, s, ids[0], "one\r\n\r\nbody")
	c := Cursor{UIDNext: math.MaxUint32, Messages: 3, HighestModSeq: math.MaxInt64, MailboxID: "F1", Listed: 3}
	update(t, s, func(tx *Tx) error { return tx.SetCursor(p.gen, c) })
	box, err := s.MailboxByName(bg, p.acct, "INBOX")
	if err != nil || *box.Generation != (Generation{ID: p.gen, Mailbox: p.box, UIDValidity: 7, Opened: p.run, Cursor: c}) {
		t.Errorf("%+v %v", box.Generation, err)
	}
	c.HighestModSeq = math.MaxUint64 // not a MODSEQ (RFC 7162 3.1)
	update(t, s, func(tx *Tx) error { return tx.SetCursor(p.gen, c) })
	if box, _ = s.MailboxByName(bg, p.acct, "INBOX"); box.Generation.Cursor.HighestModSeq != 0 {
		t.Errorf("%+v", box.Generation)
	}
	if err := s.Update(bg, func(tx *Tx) error { _, err := tx.OpenGeneration(p.box, 8, p.run); return err }); err == nil {
		t.Error("two current generations")
	}
	update(t, s, func(tx *Tx) error { return tx.SetCursor(p.gen, Cursor{HighestModSeq: 5, Listed: 3}) })
	var next GenerationID
	update(t, s, func(tx *Tx) (err error) {
		uid := Problem{Account: p.acct, Mailbox: p.box, UID: 9, Kind: "k", Reason: "r"}
		if err := errors.Join(tx.PutProblem(uid, testDate), tx.RetireGeneration(p.gen, p.run)); err != nil {
			return err
		}
		next, err = tx.OpenGeneration(p.box, 7, p.run)
		return err
	})
	if problems, _ := s.Problems(bg, p.acct); len(problems) != 0 {
		t.Errorf("a UID of the old generation still counts: %+v", problems)
	}
	var f []Fingerprint
	if err := s.Fingerprints(bg, []GenerationID{p.gen, next}, func(x Fingerprint) error { f = append(f, x); return nil }); err != nil {
		t.Fatal(err)
	}
	b := pack(t, "one\r\n\r\nbody")
	if len(f) != 3 || f[0].SHA256 != b.SHA256 || f[0].HeaderSHA256 != b.HeaderSHA256 || f[0].BodySize != b.Size || f[0].Size != 10 ||
		!f[0].Date.Equal(testDate) || f[1].BodySize != -1 || f[1].SHA256 != [32]byte{} {
		t.Errorf("%+v", f)
	}
	update(t, s, func(tx *Tx) error {
		return errors.Join(tx.Rebind(p.run, []Rebind{{ID: ids[0], Generation: next, UID: 100, Base: "a", Local: "b"}}), tx.Vanish(p.run, ids[1:2]), tx.SetCursor(next, Cursor{Listed: 100}))
	})
	var stale []Row
	if err := s.Stale(bg, p.box, func(r Row) error { stale = append(stale, r); return nil }); err != nil || len(stale) != 1 || stale[0].ID != ids[2] {
		t.Errorf("%+v %v", stale, err)
	}
	wantBody(t, s, ids[0], []byte("one\r\n\r\nbody"))
	gens, err := s.Generations(bg, p.box)
	if err != nil || len(gens) != 2 || !gens[0].Retired || gens[0].Cursor.HighestModSeq != 0 || gens[1].Retired || gens[1].ID != next {
		t.Errorf("%+v %v", gens, err)
	}
	var rows []Row
	if err := s.RowsFrom(bg, next, 100, func(r Row) error { rows = append(rows, r); return nil }); err != nil || len(rows) != 1 {
		t.Fatalf("%+v %v", rows, err)
	}
	if _, zone := rows[0].Date.Zone(); zone != -(5*3600+30*60) || !rows[0].Date.Equal(testDate) || rows[0].Base != "a" || rows[0].Local != "b" || !rows[0].HasBody {
		t.Errorf("%+v", rows[0])
	}
}

// What the server did not say stays unknown; a UID that shows again with another
// size is another message.
func TestArriveUnknown(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	arriveOne := func(a Arrival) (id MessageID) {
		update(t, s, func(tx *Tx) error {
			ids, err := tx.Arrive(p.run, p.gen, []Arrival{a})
			if err != nil {
				return err
			}
			id = ids[0]
			return tx.SetCursor(p.gen, Cursor{Listed: a.UID})
		})
		return id
	}
	vanish := func(id MessageID) {
		update(t, s, func(tx *Tx) error { return tx.Vanish(p.run, []MessageID{id}) })
	}
	first := arriveOne(Arrival{UID: 1, Size: -1})
	var row Row
	if err := s.Rows(bg, p.gen, func(r Row) error { row = r; return nil }); err != nil || row.Size != -1 || !row.Date.IsZero() {
		t.Errorf("%+v %v", row, err)
	}
	vanish(first)
	if back := arriveOne(Arrival{UID: 1, Size: 50}); back != first {
		t.Errorf("came back as %d, was %d", back, first)
	}
	vanish(first)
	sized := arriveOne(Arrival{UID: 2, Size: 50, Date: testDate})
	vanish(sized)
	if other := arriveOne(Arrival{UID: 2, Size: 51, Date: testDate}); other == sized {
		t.Error("another size is the same message")
	}
	if err := s.Update(bg, func(tx *Tx) error { return tx.SetFlags(p.run, []FlagChange{{sized, "", ""}}) }); !errors.Is(err, ErrNotFound) {
		t.Errorf("flags of a vanished message: %v", err)
	}
	if err := s.Update(bg, func(tx *Tx) error { _, err := tx.Arrive(p.run, p.gen, []Arrival{{UID: 0}}); return err }); err == nil {
		t.Error("UID 0 was taken")
	}
}

// A problem is tried again later and later; what it is about decides when it ends.
func TestProblems(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	ids := arrive(t, s, p, 1, 2, 3)
	about := Problem{Account: p.acct, Mailbox: p.box, Message: ids[0], UID: 1, Kind: "message", Reason: "no"}
	now := testDate
	for _, wait := range []time.Duration{15, 30, 60, 120, 240, 480, 960, 1440, 1440} {
		update(t, s, func(tx *Tx) error { return tx.PutProblem(about, now) })
		due := now.Add(wait * time.Minute)
		for at, want := range map[time.Time]int{due.Add(-time.Second): 2, due: 3} {
			if m, err := s.Missing(bg, p.gen, 0, at, 10); err != nil || len(m) != want {
				t.Errorf("%v: %d missing, want %d, %v", at.Sub(now), len(m), want, err)
			}
		}
		now = due
	}
	all, err := s.Problems(bg, p.acct)
	if err != nil || len(all) != 1 || all[0].Tries != 9 || all[0].UID != 1 || all[0].Folder != "INBOX" || all[0].Delim != "/" || !all[0].First.Equal(testDate) {
		t.Fatalf("%+v %v", all, err)
	}
	left := func(want int) {
		t.Helper()
		if all, err := s.Problems(bg, p.acct); err != nil || len(all) != want {
			t.Errorf("%d problems, want %d, %v", len(all), want, err)
		}
	}
	update(t, s, func(tx *Tx) error {
		box := Problem{Account: p.acct, Mailbox: p.box, Kind: "mailbox", Reason: "no"}
		other := Problem{Account: p.acct, Mailbox: p.box, Message: ids[1], Kind: "message", Reason: "no"}
		third := Problem{Account: p.acct, Mailbox: p.box, Message: ids[2], Kind: "message", Reason: "no"}
		return errors.Join(tx.PutProblem(box, now), tx.PutProblem(other, now), tx.PutProblem(third, now))
	})
	left(4)
	update(t, s, func(tx *Tx) error { return tx.ClearMailboxProblems(p.box) })
	left(3)
	put(t, s, ids[0], "it came")
	left(2)
	update(t, s, func(tx *Tx) error { return tx.Vanish(p.run, ids[1:2]) })
	left(1)
	update(t, s, func(tx *Tx) error {
		return tx.ClearProblem(Problem{Account: p.acct, Mailbox: p.box, Message: ids[2], Kind: "message"})
	})
	left(0)
}

// Runs: the last, the last good one, and what became of one that was killed.
func TestRuns(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX") // begins a run that never ends
	begin := func() (run RunID) {
		update(t, s, func(tx *Tx) (err error) { run, err = tx.BeginRun(p.acct, time.Unix(2000, 0)); return err })
		return run
	}
	end := func(run RunID, outcome string) {
		update(t, s, func(tx *Tx) error {
			return tx.EndRun(run, RunEnd{At: time.Unix(3000, 0), Outcome: outcome, Exit: 3, Receipt: []byte(`{"new":1}`)})
		})
	}
	good := begin()
	end(good, OutcomeOK)
	end(begin(), OutcomePartial)
	open := begin()
	last, lastGood, err := s.LastRuns(bg, p.acct)
	if err != nil || last.ID != open || last.Outcome != "" || !last.Ended.IsZero() || lastGood.ID != good ||
		string(lastGood.Receipt) != `{"new":1}` || lastGood.Ended.Unix() != 3000 || lastGood.Exit != 3 {
		t.Errorf("%+v %+v %v", last, lastGood, err)
	}
	runs, err := s.Runs(bg, p.acct, 0)
	if err != nil || len(runs) != 4 || runs[3].Outcome != OutcomeInterrupted || !runs[3].Ended.IsZero() {
		t.Errorf("%+v %v", runs, err)
	}
	if last, good, err := s.LastRuns(bg, 99); last != nil || good != nil || err != nil {
		t.Errorf("%v %v %v", last, good, err)
	}
	if err := s.Update(bg, func(tx *Tx) error { return tx.EndRun(99, RunEnd{Outcome: OutcomeOK}) }); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	update(t, s, func(tx *Tx) error {
		again, err := tx.Account("work", "imaps://elsewhere")
		if again != p.acct {
			t.Errorf("account %d, was %d", again, p.acct)
		}
		return err
	})
	accounts, err := s.Accounts(bg)
	if err != nil || !slices.Equal(accounts, []Account{{p.acct, "work", "imaps://elsewhere"}}) {
		t.Errorf("%+v %v", accounts, err)
	}
}

// A clock that was years ahead when a message failed used to put the next try
// off for those years.
func TestProblemFromTheFuture(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	id := arrive(t, s, p, 1)[0]
	now := time.Unix(1_700_000_000, 0)
	fail := func(at time.Time) {
		update(t, s, func(tx *Tx) error {
			return tx.PutProblem(Problem{Account: p.acct, Mailbox: p.box, Message: id, Kind: "message", Reason: "no"}, at)
		})
	}
	due := func() int {
		page, err := s.Missing(bg, p.gen, 0, now, 10)
		if err != nil {
			t.Fatal(err)
		}
		n, _, err := s.MissingTotal(bg, p.gen, now)
		if err != nil || int(n) != len(page) {
			t.Fatalf("%d due in total, %d in pages, %v", n, len(page), err)
		}
		return len(page)
	}
	if fail(now); due() != 0 {
		t.Error("tried again at once")
	}
	if fail(now.AddDate(10, 0, 0)); due() != 1 {
		t.Error("put off by a clock that was wrong")
	}
}
