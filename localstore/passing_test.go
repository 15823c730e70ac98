package localstore

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// newPassing is the state of migrations.
func newPassing(t testing.TB) *Store {
	t.Helper()
	return newStoreOf(t, Options{Create: true, Passing: true})
}

func drop(t tb, s *Store) (left int64) {
	t.Helper()
	update(t, s, func(tx *Tx) (err error) { left, err = tx.Drop(); return err })
	return left
}

func setDue(t tb, s *Store, ids ...MessageID) {
	t.Helper()
	update(t, s, func(tx *Tx) error { return tx.SetDue(ids) })
}

func missingIDs(t tb, s *Store, p place) (ids []MessageID) {
	t.Helper()
	page, err := s.Missing(bg, p.gen, 0, time.Now(), 100)
	for _, m := range page {
		ids = append(ids, m.ID)
	}
	n, _, terr := s.MissingTotal(bg, p.gen, time.Now())
	owing, oerr := s.Owing(bg, p.acct, time.Now())
	if err := errors.Join(err, terr, oerr); err != nil || n != int64(len(ids)) || owing[p.box] != (n > 0) {
		t.Errorf("%v; %d missing of %v; owing %v", err, n, ids, owing)
	}
	return ids
}

// Which file is opened for what: a store keeps bodies, and the state of migrations
// never becomes one.
func TestPassingKind(t *testing.T) {
	dir := t.TempDir()
	files := map[bool]string{false: filepath.Join(dir, "mail.db"), true: filepath.Join(dir, "state.db")}
	for passing, path := range files {
		openStore(t, path, Options{Create: true, Passing: passing}).Close()
	}
	for passing, path := range files {
		for _, o := range []Options{{}, {Create: true}, {Passing: true}, {ReadOnly: true}} {
			s, err := Open(bg, path, o)
			want := map[bool]error{false: nil, true: ErrPassing}[passing]
			switch {
			case o.ReadOnly:
				want = nil
			case o.Passing:
				want = map[bool]error{false: ErrKeeping, true: nil}[passing]
			}
			if !errors.Is(err, want) || want == nil && err != nil {
				t.Errorf("passing %v, opened with %+v: %v, want %v", passing, o, err, want)
			}
			if err == nil {
				if s.Passing() != passing {
					t.Errorf("passing %v: said %v", passing, s.Passing())
				}
				s.Close()
			}
		}
	}
}

// A store drops nothing: not by its methods, nor by whatever statement.
func TestStoreDropsNothing(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	id := arrive(t, s, p, 1)[0]
	put(t, s, id, "text\r\n")
	for name, fn := range map[string]func(*Tx) error{
		"Drop":   func(tx *Tx) error { _, err := tx.Drop(); return err },
		"SetDue": func(tx *Tx) error { return tx.SetDue([]MessageID{id}) },
		"column": func(tx *Tx) error { _, err := tx.exec("UPDATE body SET damaged = 1, dropped = 1"); return err },
		"mark":   func(tx *Tx) error { _, err := tx.exec("INSERT INTO passing VALUES (1)"); return err },
	} {
		if err := s.Update(bg, fn); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	wantBody(t, s, id, []byte("text\r\n"))
	guard := texts(t, s, "SELECT sql FROM sqlite_schema WHERE name = 'body_dropped'")[0]
	tamper(t, s, "DROP TRIGGER body_dropped; UPDATE body SET damaged = 1, dropped = 1")
	if all := findings(t, s); !slices.ContainsFunc(all, func(f Finding) bool { return f.Kind == FoundRow && f.Message == id }) {
		t.Errorf("found %+v", all)
	}
	tamper(t, s, "UPDATE body SET damaged = 0, dropped = 0; "+guard)
}

// A body that was dropped is known by what it was, and is not there: nobody takes it
// for held. The same bytes bring it back.
func TestDrop(t *testing.T) {
	s := newPassing(t)
	p := newPlace(t, s, "INBOX")
	ids := arrive(t, s, p, 1, 2, 3)
	text := "Message-ID: <a@b>\r\nSubject: secret\r\n\r\ntext\r\n"
	setDue(t, s, ids...)
	put(t, s, ids[0], text)
	put(t, s, ids[1], text)
	before, _ := s.Message(bg, ids[0])
	if left := drop(t, s); left != 0 {
		t.Errorf("%d bytes left", left)
	}
	after, err := s.Message(bg, ids[0])
	if err != nil || after.State != StateDropped || after.SHA256 != before.SHA256 || after.Size != before.Size || after.Subject != "" {
		t.Errorf("%+v %v", after, err)
	}
	if _, err := read(s, ids[0]); !errors.Is(err, ErrDropped) {
		t.Errorf("read: %v", err)
	}
	if ok := linked(t, s, ids[2], pack(t, text).SHA256); ok {
		t.Error("linked what is not there")
	}
	err = s.Edit(bg, func(tx *Tx) error { _, err := tx.RestoreMessages(ids[:1], p.box); return err })
	if !errors.Is(err, ErrNotHeld) {
		t.Errorf("restored: %v", err)
	}
	if got := missingIDs(t, s, p); !cmp.Equal(got, ids[2:]) {
		t.Errorf("missing %v, want %v", got, ids[2:])
	}
	setDue(t, s, ids[1])
	put(t, s, ids[1], text)
	wantBody(t, s, ids[1], []byte(text))
	wantBody(t, s, ids[0], []byte(text)) // it has the same
}

func linked(t tb, s *Store, id MessageID, sha [32]byte) (ok bool) {
	t.Helper()
	update(t, s, func(tx *Tx) (err error) { ok, err = tx.LinkBody(id, sha); return err })
	return ok
}

// What waits to be sent keeps its bytes, until it is there, or waits for a person.
func TestDropKeepsWhatWaits(t *testing.T) {
	s := newPassing(t)
	p := newPlace(t, s, "INBOX")
	ids := arrive(t, s, p, 1, 2)
	setDue(t, s, ids...)
	put(t, s, ids[0], "one\r\n")
	put(t, s, ids[1], "two\r\n")
	var made []MessageID
	if err := s.Edit(bg, func(tx *Tx) (err error) { made, err = tx.RestoreMessages(ids, p.box); return err }); err != nil {
		t.Fatal(err)
	}
	queued := func(result MessageID) (id IntentID) {
		err := s.Intents(bg, p.acct, func(in Intent) error {
			if in.Result.ID == result {
				id = in.ID
			}
			return nil
		})
		if err != nil || id == 0 {
			t.Fatal(id, err)
		}
		return id
	}
	if left := drop(t, s); left != 10 {
		t.Errorf("%d bytes left, want both bodies", left)
	}
	if err := s.Edit(bg, func(tx *Tx) error { return tx.IntentSent([]IntentID{queued(made[0])}, 7, 3) }); err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx *Tx) error { return tx.ParkIntent(queued(made[1]), "too large") })
	if left := drop(t, s); left != 5 {
		t.Errorf("%d bytes left, want those of the one that was sent", left)
	}
	update(t, s, func(tx *Tx) error {
		return tx.IntentDone(p.run, queued(made[0]), Outcome{UIDValidity: 7, UID: 3, Flags: `\Seen`})
	})
	if left := drop(t, s); left != 0 {
		t.Errorf("%d bytes left, and nothing waits", left)
	}
}

// Who sent it stays known of what was let go of, as long as something is on its way to
// its mailbox that it may be; of what was there before, and of anything else, it does not.
func TestDropKeepsHeadings(t *testing.T) {
	s := newPassing(t)
	p := newPlace(t, s, "INBOX")
	other := p
	other.box = putMailbox(t, s, p, MailboxInfo{Raw: "other", Name: "other", Delim: "/", Selectable: true})
	update(t, s, func(tx *Tx) (err error) { other.gen, err = tx.OpenGeneration(other.box, 9, p.run); return err })
	read := func(p place, uid uint32, subject string) MessageID {
		id := arrive(t, s, p, uid)[0]
		setDue(t, s, id)
		put(t, s, id, "Subject: "+subject+"\r\n\r\ntext\r\n")
		return id
	}
	subjects := func() (all []string) {
		for _, id := range []MessageID{1, 2, 3, 4, 5} {
			if m, err := s.Message(bg, id); err == nil && m.Subject != "" {
				all = append(all, m.Subject)
			}
		}
		return all
	}
	read(p, 1, "before")
	from := read(other, 1, "sent")
	var sent []Intent
	err := s.Edit(bg, func(tx *Tx) (err error) {
		sent, err = tx.RestoreSent([]Restoring{{Message: from}}, p.box, 7, 2)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	read(p, 2, "since")
	read(other, 2, "elsewhere")
	drop(t, s)
	want := []string{"sent", "sent", "since"}
	if got := subjects(); !cmp.Equal(got, want) {
		t.Errorf("on its way: %v, want %v", got, want)
	}
	update(t, s, func(tx *Tx) error { return tx.IntentDone(p.run, sent[0].ID, Outcome{}) })
	if left := drop(t, s); left != 0 || !cmp.Equal(subjects(), want) {
		t.Errorf("taken, and not found: %d bytes left, %v, want %v", left, subjects(), want)
	}
	update(t, s, func(tx *Tx) error {
		return tx.IntentDone(p.run, sent[0].ID, Outcome{UIDValidity: 7, UID: 3})
	})
	drop(t, s)
	if got := subjects(); len(got) != 0 {
		t.Errorf("nothing is on its way any more, and known is %v", got)
	}
}

// What arrives where something waits to come is missing, whatever else is due: its
// bytes may tell what became of that. What was there before is not.
func TestDueWhereSomethingWaits(t *testing.T) {
	s := newPassing(t)
	p := newPlace(t, s, "INBOX")
	other := p
	other.box = putMailbox(t, s, p, MailboxInfo{Raw: "other", Name: "other", Delim: "/", Selectable: true})
	update(t, s, func(tx *Tx) (err error) { other.gen, err = tx.OpenGeneration(other.box, 9, p.run); return err })
	old := arrive(t, s, p, 1)
	from := arrive(t, s, other, 1)
	setDue(t, s, from...)
	put(t, s, from[0], "text\r\n")
	if err := s.Edit(bg, func(tx *Tx) error { _, err := tx.RestoreMessages(from, p.box); return err }); err != nil {
		t.Fatal(err)
	}
	now := arrive(t, s, p, 2)
	elsewhere := arrive(t, s, other, 2)
	for range 2 {
		if got := missingIDs(t, s, p); !cmp.Equal(got, now) {
			t.Errorf("missing %v, want %v", got, now)
		}
		if got := missingIDs(t, s, other); len(got) != 0 {
			t.Errorf("missing elsewhere: %v", got)
		}
		setDue(t, s)
	}
	setDue(t, s, old[0], elsewhere[0])
	if got := missingIDs(t, s, p); len(got) != 2 {
		t.Errorf("missing %v", got)
	}
}

// What is parked is looked for no more: nothing that arrives is due for it, and others
// may go where it was to go.
func TestDueWhereSomethingIsParked(t *testing.T) {
	s := newPassing(t)
	p := newPlace(t, s, "INBOX")
	from := arrive(t, s, p, 1)
	setDue(t, s, from...)
	put(t, s, from[0], "text\r\n")
	if err := s.Edit(bg, func(tx *Tx) error { _, err := tx.RestoreMessages(from, p.box); return err }); err != nil {
		t.Fatal(err)
	}
	before := arrive(t, s, p, 2)
	for _, parked := range []bool{false, true} {
		if parked {
			all := intentIDs(t, s, p.acct)
			update(t, s, func(tx *Tx) error { return tx.ParkIntent(all[0], "one like it is there") })
			setDue(t, s)
			before = nil
		}
		arrive(t, s, p, map[bool]uint32{false: 3, true: 4}[parked])
		if got := missingIDs(t, s, p); (len(got) > 0) == parked || !parked && got[0] != before[0] {
			t.Errorf("parked %v: missing %v", parked, got)
		}
		if waiting, err := s.Waiting(bg, p.acct); err != nil || waiting[p.box] == parked {
			t.Errorf("parked %v: %v %v", parked, waiting, err)
		}
	}
}

// A part of a body is not let go of, and is not what waits to be sent. What another
// server does not take is known of when its bytes come again.
func TestDropKeepsParts(t *testing.T) {
	s := newPassing(t)
	p := newPlace(t, s, "INBOX")
	ids := arrive(t, s, p, 1, 2)
	setDue(t, s, ids...)
	x := partial(t, s, ids[0])
	write(t, x, []byte("the begin"))
	keepAll(t, x)
	if left := drop(t, s); left != 0 {
		t.Errorf("%d bytes left", left)
	}
	if begun, err := s.Begun(bg); err != nil || !cmp.Equal(begun, map[MessageID]bool{ids[0]: true}) {
		t.Errorf("begun: %v %v", begun, err)
	}
	for _, kind := range []string{KindRefused, "message"} {
		update(t, s, func(tx *Tx) error {
			return tx.PutProblem(Problem{Account: p.acct, Mailbox: p.box, Message: ids[1], Kind: kind, Reason: "x"}, time.Now().Add(-time.Hour))
		})
	}
	put(t, s, ids[1], "text\r\n")
	if all, err := s.Problems(bg, p.acct); err != nil || len(all) != 1 || all[0].Kind != KindRefused {
		t.Errorf("%+v %v", all, err)
	}
	if left := drop(t, s); left != 0 {
		t.Errorf("%d bytes left", left)
	}
}

// The file is small again when all bodies have gone, and holds nothing of them.
func TestShrink(t *testing.T) {
	s := newPassing(t)
	p := newPlace(t, s, "INBOX")
	const secret = "what nobody may read later"
	for uid := range uint32(40) {
		id := arrive(t, s, p, uid+1)[0]
		setDue(t, s, id)
		put(t, s, id, secret+noise(64<<10, uint64(uid)))
	}
	drop(t, s)
	if err := s.Shrink(bg); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(s.Path())
	if err != nil || len(data) > 2<<20 || bytes.Contains(data, []byte(secret)) {
		t.Errorf("%d bytes, %v; the text is in it: %v", len(data), err, bytes.Contains(data, []byte(secret)))
	}
}
