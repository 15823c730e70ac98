package localstore

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// desk is a store with mail to work on offline: INBOX with messages 1 to 4 (UIDs
// 10 to 40, the last without its body), Archive with message 5 (UID 7), and Later,
// which was listed and never opened.
type desk struct {
	t       tb
	s       *Store
	acct    AccountID
	run     RunID
	inbox   place
	archive place
	later   MailboxID
}

func newDesk(t tb, s *Store) desk {
	t.Helper()
	p := newPlace(t, s, "INBOX")
	d := desk{t: t, s: s, acct: p.acct, run: p.run, inbox: p, archive: p}
	for i, id := range arrive(t, s, p, 10, 20, 30, 40) {
		if i < 3 {
			put(t, s, id, fmt.Sprintf("Subject: %d\n\n%s", id, strings.Repeat(".", int(id))))
		}
	}
	update(t, s, func(tx *Tx) (err error) {
		if d.archive.box, err = tx.PutMailbox(d.acct, info("Archive"), d.run); err != nil {
			return err
		}
		if d.archive.gen, err = tx.OpenGeneration(d.archive.box, 9, d.run); err != nil {
			return err
		}
		d.later, err = tx.PutMailbox(d.acct, info("Later"), d.run)
		return err
	})
	put(t, s, arrive(t, s, d.archive, 7)[0], "Subject: 5\n\nfive")
	return d
}

func info(name string) MailboxInfo {
	return MailboxInfo{Raw: name, Name: name, Delim: "/", Selectable: true}
}

func edit(t tb, s *Store, fn func(*Tx) error) {
	t.Helper()
	if err := s.Edit(bg, fn); err != nil {
		t.Fatal(err)
	}
}

// people is what the view shows, one line a message: folder, id, UID, flags and
// state. List and Folders must show the same.
func (d desk) people() (all []string) {
	d.t.Helper()
	rows, err := d.s.reader.Query("SELECT folder, id, ifnull(uid, 0), flags, state FROM mail WHERE state <> 'vanished' ORDER BY folder, id")
	if err != nil {
		d.t.Fatal(err)
	}
	defer rows.Close()
	type message struct {
		folder       string
		id, uid      int
		flags, state string
	}
	counts := map[string]int64{}
	seen := map[message]bool{}
	for rows.Next() {
		var m message
		if err := rows.Scan(&m.folder, &m.id, &m.uid, &m.flags, &m.state); err != nil {
			d.t.Fatal(err)
		}
		seen[m] = true
		counts[m.folder]++
		all = append(all, fmt.Sprintf("%s #%d/%d [%s] %s", m.folder, m.id, m.uid, m.flags, m.state))
	}
	listed := map[message]bool{}
	err = d.s.List(bg, ListQuery{Account: d.acct}, func(m Mail) error {
		listed[message{m.Folder, int(m.ID), int(m.UID), m.Flags, m.State}] = true
		return nil
	})
	if err != nil || !maps.Equal(seen, listed) {
		d.t.Errorf("list %v, view %v, %v", listed, seen, err)
	}
	folders, err := d.s.Folders(bg, d.acct)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, f := range folders {
		counts[f.Shown()] -= f.Messages
	}
	for name, n := range counts {
		if n != 0 {
			d.t.Errorf("the view has %d messages more than the count in %s", n, name)
		}
	}
	return all
}

// waits is the queue, one line an intent.
func (d desk) waits() (all []string) {
	d.t.Helper()
	err := d.s.Intents(bg, d.acct, func(in Intent) error {
		line := fmt.Sprintf("%s box %d target %d", in.Kind, in.Mailbox, in.Target)
		if in.Message.ID != 0 {
			line += fmt.Sprintf(" message %d [%s>%s]", in.Message.ID, in.Message.Base, in.Message.Local)
		}
		if in.Vanished {
			line += " gone"
		}
		if in.Result.ID != 0 {
			line += fmt.Sprintf(" result %d", in.Result.ID)
		}
		if in.Name != "" {
			line += " name " + in.Name
		}
		if in.Needs != 0 {
			line += " needs"
		}
		if in.State != Queued {
			line += " " + string(in.State)
		}
		all = append(all, line)
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return all
}

// server is what the engine compares with the server: the rows with a UID.
func (d desk) server() (all []string) {
	d.t.Helper()
	for _, g := range []GenerationID{d.inbox.gen, d.archive.gen} {
		err := d.s.Rows(bg, g, func(r Row) error {
			all = append(all, fmt.Sprintf("%d/%d [%s>%s]", r.ID, r.UID, r.Base, r.Local))
			return nil
		})
		if err != nil {
			d.t.Fatal(err)
		}
	}
	return all
}

func want(t tb, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

var untouched = []string{
	`Archive #5/7 [\Seen] present`,
	`INBOX #1/10 [\Seen] present`,
	`INBOX #2/20 [\Seen] present`,
	`INBOX #3/30 [\Seen] present`,
	`INBOX #4/40 [\Seen] missing`,
}

// with is untouched with some lines instead of those that begin like them.
func with(change ...string) []string {
	all := slices.Clone(untouched)
	for _, c := range change {
		old, now, _ := strings.Cut(c, " => ")
		all = slices.DeleteFunc(all, func(line string) bool { return old != "" && strings.HasPrefix(line, old) })
		if now != "" {
			all = append(all, now)
		}
	}
	slices.Sort(all)
	return all
}

func TestEditFlags(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	flags := func(add, remove string, ids ...MessageID) {
		t.Helper()
		edit(t, s, func(tx *Tx) error { return tx.EditFlags(ids, add, remove) })
	}
	flags(`\Flagged`, `\Seen`, 1, 5)
	want(t, "people", d.people(), with(`INBOX #1 => INBOX #1/10 [\Flagged] present`, `Archive #5 => Archive #5/7 [\Flagged] present`))
	want(t, "queue", d.waits(), []string{
		`flags box 1 target 0 message 1 [\Seen>\Flagged]`, `flags box 2 target 0 message 5 [\Seen>\Flagged]`})
	flags("Work", "", 1) // the same intent
	flags(`\Seen`, `\Flagged`, 5)
	want(t, "queue", d.waits(), []string{`flags box 1 target 0 message 1 [\Seen>\Flagged Work]`})
	want(t, "people", d.people(), with(`INBOX #1 => INBOX #1/10 [\Flagged Work] present`))
	flags(`\Seen`, `\Flagged Work x`, 1)
	want(t, "queue", d.waits(), nil)
	want(t, "people", d.people(), untouched)
	if n := count(t, s, "SELECT count(*) FROM event WHERE kind = 'flags' AND run IS NULL"); n != 5 {
		t.Errorf("%d events", n)
	}
}

// Flags intents wait again from the start when the flags are edited again, and
// end wherever the flags come to be as on the server.
func TestFlagsIntentEnds(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	edit(t, s, func(tx *Tx) error { return tx.EditFlags([]MessageID{1, 2}, "Work", "") })
	update(t, s, func(tx *Tx) error { return tx.IntentFailed(1, "no such keyword", testDate) })
	in, err := s.Intent(bg, 1)
	if err != nil || in.Tries != 1 || in.Reason != "no such keyword" || !in.RetryAt.Equal(testDate) || in.Due(testDate.Add(-1)) || !in.Due(testDate) {
		t.Errorf("%+v %v", in, err)
	}
	edit(t, s, func(tx *Tx) error { return tx.EditFlags([]MessageID{1}, `\Flagged`, "Work") })
	if in, err = s.Intent(bg, 1); err != nil || in.Tries != 0 || in.Reason != "" || !in.Due(time.Unix(0, 0)) {
		t.Errorf("%+v %v", in, err)
	}
	update(t, s, func(tx *Tx) error {
		return tx.SetFlags(d.run, []FlagChange{{1, `\Flagged \Seen`, `\Flagged \Seen`}, {2, `\Answered`, `\Answered Work`}})
	})
	want(t, "queue", d.waits(), []string{`flags box 1 target 0 message 2 [\Answered>\Answered Work]`})
	// A keyword in another case is the same.
	update(t, s, func(tx *Tx) error { return tx.SetFlags(d.run, []FlagChange{{2, `\Answered work`, `\Answered Work`}}) })
	want(t, "queue", d.waits(), nil)
}

func TestMoveMessages(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	move := func(target MailboxID, ids ...MessageID) (now []MessageID) {
		t.Helper()
		edit(t, s, func(tx *Tx) (err error) { now, err = tx.MoveMessages(ids, target); return err })
		return now
	}
	if now := move(d.archive.box, 1, 5); !slices.Equal(now, []MessageID{6, 5}) {
		t.Errorf("now %v", now)
	}
	want(t, "people", d.people(), with("INBOX #1", ` => Archive #6/0 [\Seen] local`))
	want(t, "queue", d.waits(), []string{`move box 1 target 2 message 1 [\Seen>\Seen] result 6`})
	want(t, "server", d.server(), []string{`1/10 [\Seen>\Seen]`, `2/20 [\Seen>\Seen]`, `3/30 [\Seen>\Seen]`, `4/40 [\Seen>\Seen]`, `5/7 [\Seen>\Seen]`})
	wantBody(t, s, 6, []byte("Subject: 1\n\n."))
	a, _ := s.Message(bg, 1)
	b, err := s.Message(bg, 6)
	if err != nil || b.Size != a.Size || b.InternalDate.String() != a.InternalDate.String() {
		t.Errorf("%+v\n%+v %v", a, b, err)
	}

	// On to a mailbox that was never opened, by the old id; the edit of flags shows.
	if now := move(d.later, 1); !slices.Equal(now, []MessageID{6}) {
		t.Errorf("now %v", now)
	}
	edit(t, s, func(tx *Tx) error { return tx.EditFlags([]MessageID{6, 4}, `\Flagged`, "") })
	want(t, "people", d.people(), with("INBOX #1", ` => Later #6/0 [\Flagged \Seen] local`, `INBOX #4 => INBOX #4/40 [\Flagged \Seen] missing`))
	want(t, "queue", d.waits(), []string{
		`move box 1 target 3 message 1 [\Seen>\Flagged \Seen] result 6`,
		`flags box 1 target 0 message 1 [\Seen>\Flagged \Seen]`,
		`flags box 1 target 0 message 4 [\Seen>\Flagged \Seen]`})

	// Back: the edit stays, the move never was.
	if now := move(d.inbox.box, 6); !slices.Equal(now, []MessageID{1}) {
		t.Errorf("now %v", now)
	}
	want(t, "people", d.people(), with(`INBOX #1 => INBOX #1/10 [\Flagged \Seen] present`, `INBOX #4 => INBOX #4/40 [\Flagged \Seen] missing`))
	if n := count(t, s, "SELECT count(*) FROM message"); n != 5 {
		t.Errorf("%d rows", n)
	}
}

// A message that waits to be moved gets its body for both rows.
func TestMoveOfMissing(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	edit(t, s, func(tx *Tx) error { _, err := tx.MoveMessages([]MessageID{4}, d.later); return err })
	want(t, "people", d.people(), with("INBOX #4", ` => Later #6/0 [\Seen] local`))
	missing, err := s.Missing(bg, d.inbox.gen, 0, testDate, 10)
	if err != nil || len(missing) != 1 || missing[0].ID != 4 {
		t.Errorf("%+v %v", missing, err)
	}
	put(t, s, 4, "late")
	wantBody(t, s, 6, []byte("late"))
	edit(t, s, func(tx *Tx) error { _, err := tx.DropIntent(1); return err })
	wantBody(t, s, 4, []byte("late"))
}

func TestCopyAppendExpunge(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	text := "Subject: draft\n\n" + noise(3<<20, 1)
	staged, err := s.Stage(bg, NewPacker(), strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var copies, more []MessageID
	var draft MessageID
	edit(t, s, func(tx *Tx) (err error) {
		for range 2 {
			twice, err := tx.CopyMessages([]MessageID{1, 1}, d.inbox.box)
			if err != nil || twice[0] != twice[1] {
				t.Errorf("%v %v", twice, err)
			}
			copies = append(copies, twice[0])
		}
		if draft, err = tx.AppendMessage(d.later, staged, `\Draft`, testDate); err != nil {
			return err
		}
		more, err = tx.CopyMessages([]MessageID{draft}, d.archive.box)
		return err
	})
	if !slices.Equal(append(append(copies, draft), more...), []MessageID{6, 7, 8, 9}) {
		t.Errorf("%v %v %v", copies, draft, more)
	}
	edit(t, s, func(tx *Tx) error { return tx.EditFlags([]MessageID{7, 8}, "x", "") })
	want(t, "people", d.people(), with(` => INBOX #6/0 [\Seen] local`, ` => INBOX #7/0 [\Seen x] local`,
		` => Later #8/0 [\Draft x] local`, ` => Archive #9/0 [\Draft] local`))
	want(t, "queue", d.waits(), []string{
		`copy box 1 target 1 message 1 [\Seen>\Seen] result 6`, `copy box 1 target 1 message 1 [\Seen>\Seen] result 7`,
		`append box 0 target 3 result 8`, `append box 0 target 2 result 9`})
	wantBody(t, s, 8, []byte(text))
	wantBody(t, s, 9, []byte(text))
	if m, err := s.Message(bg, 8); err != nil || m.Subject != "draft" || m.Size != int64(len(text)) || m.InternalDate.String() != testDate.String() {
		t.Errorf("%+v %v", m, err)
	}

	edit(t, s, func(tx *Tx) error { return tx.ExpungeMessages([]MessageID{2, 6, 8, 9}) })
	want(t, "people", d.people(), with("INBOX #2", ` => INBOX #7/0 [\Seen x] local`))
	want(t, "queue", d.waits(), []string{`copy box 1 target 1 message 1 [\Seen>\Seen] result 7`, `delete box 1 target 0 message 2 [\Seen>\Seen]`})
	// Of the two rows that had the draft's bytes one is kept; the other one is no loss.
	if m, err := s.Message(bg, 9); err != nil || m.State != StateVanished {
		t.Errorf("%+v %v", m, err)
	}
	if _, err := s.Message(bg, 8); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	wantBody(t, s, 9, []byte(text))

	// What waits to be moved is deleted where it is.
	edit(t, s, func(tx *Tx) error {
		moved, err := tx.MoveMessages([]MessageID{3}, d.later)
		if err != nil {
			return err
		}
		return tx.ExpungeMessages([]MessageID{3, moved[0], 3})
	})
	want(t, "people", d.people(), with("INBOX #2", "INBOX #3", ` => INBOX #7/0 [\Seen x] local`))
	var back []MessageID
	edit(t, s, func(tx *Tx) (err error) { back, err = tx.RestoreMessages([]MessageID{9, 3}, d.archive.box); return err })
	want(t, "queue", d.waits()[2:], []string{`delete box 1 target 0 message 3 [\Seen>\Seen]`,
		fmt.Sprintf(`append box 0 target 2 result %d`, back[0]), fmt.Sprintf(`append box 0 target 2 result %d`, back[1])})
	wantBody(t, s, back[0], []byte(text))
}

// Dropped, an intent has left no trace in what people see.
func TestDropIntent(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	for _, do := range []func(tx *Tx) error{
		func(tx *Tx) error { return tx.EditFlags([]MessageID{1, 4}, "x", `\Seen`) },
		func(tx *Tx) error { _, err := tx.MoveMessages([]MessageID{1, 5}, d.later); return err },
		func(tx *Tx) error { _, err := tx.CopyMessages([]MessageID{1, 4}, d.later); return err },
		func(tx *Tx) error { return tx.ExpungeMessages([]MessageID{1, 4}) },
		func(tx *Tx) error {
			_, err := tx.AppendMessage(d.later, pack(t, "Subject: new\n\n"), "", testDate)
			return err
		},
		func(tx *Tx) error { _, err := tx.CreateMailbox(d.acct, info("New")); return err },
		func(tx *Tx) error { return tx.WantName(d.archive.box, "Old", "Old") },
		func(tx *Tx) error { _, err := tx.RemoveMailbox(d.archive.box); return err },
		func(tx *Tx) error { return tx.WantSubscribed(d.archive.box, true) },
		func(tx *Tx) error {
			if _, err := tx.MoveMessages([]MessageID{1}, d.later); err != nil {
				return err
			}
			return tx.EditFlags([]MessageID{1}, "x", "")
		},
	} {
		before, _ := s.Folders(bg, d.acct)
		edit(t, s, do)
		checkClean(t, s)
		ids := intentIDs(t, s, d.acct)
		if len(ids) == 0 {
			t.Error("nothing waits")
		}
		for _, id := range ids {
			edit(t, s, func(tx *Tx) error {
				dropped, err := tx.DropIntent(id)
				if !slices.Equal(dropped, []IntentID{id}) {
					t.Errorf("dropped %v", dropped)
				}
				return err
			})
		}
		want(t, "queue", d.waits(), nil)
		want(t, "people", d.people(), untouched)
		after, _ := s.Folders(bg, d.acct)
		for _, f := range before {
			i := slices.IndexFunc(after, func(g Folder) bool { return g.ID == f.ID })
			if i < 0 || after[i].Messages != f.Messages || after[i].Shown() != f.Shown() || after[i].WantsSubscribed != f.WantsSubscribed {
				t.Errorf("folder %+v", f)
			}
		}
		if len(after) != len(before) {
			t.Errorf("%d folders, were %d", len(after), len(before))
		}
		checkClean(t, s)
	}
}

func intentIDs(t tb, s *Store, acct AccountID) (ids []IntentID) {
	t.Helper()
	if err := s.Intents(bg, acct, func(in Intent) error { ids = append(ids, in.ID); return nil }); err != nil {
		t.Fatal(err)
	}
	return ids
}

// What the owner wants is on the disk when the command returns, and only then:
// a change that might be lost is refused.
func TestEditIsDurable(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	level := func(tx *Tx) (n int) {
		// A PRAGMA would say what was so when it was prepared.
		if _, err := tx.get("SELECT synchronous FROM pragma_synchronous", nil, &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for range 2 {
		edit(t, s, func(tx *Tx) error {
			if n := level(tx); n != 2 {
				t.Errorf("Edit with synchronous %d", n)
			}
			return nil
		})
		update(t, s, func(tx *Tx) error {
			if n := level(tx); n != 1 {
				t.Errorf("Update with synchronous %d", n)
			}
			return nil
		})
	}
	for name, do := range map[string]func(*Tx) error{
		"flags":     func(tx *Tx) error { return tx.EditFlags([]MessageID{1}, "x", "") },
		"move":      func(tx *Tx) error { _, err := tx.MoveMessages([]MessageID{1}, d.later); return err },
		"copy":      func(tx *Tx) error { _, err := tx.CopyMessages([]MessageID{1}, d.later); return err },
		"expunge":   func(tx *Tx) error { return tx.ExpungeMessages([]MessageID{1}) },
		"append":    func(tx *Tx) error { _, err := tx.AppendMessage(d.later, pack(t, "x"), "", testDate); return err },
		"restore":   func(tx *Tx) error { _, err := tx.RestoreMessages([]MessageID{1}, d.later); return err },
		"create":    func(tx *Tx) error { _, err := tx.CreateMailbox(d.acct, info("New")); return err },
		"rename":    func(tx *Tx) error { return tx.WantName(d.later, "New", "New") },
		"remove":    func(tx *Tx) error { _, err := tx.RemoveMailbox(d.later); return err },
		"subscribe": func(tx *Tx) error { return tx.WantSubscribed(d.later, true) },
		"found":     func(tx *Tx) error { _, err := tx.PutFound(d.acct, nil); return err },
		"drop":      func(tx *Tx) error { _, err := tx.DropIntent(1); return err },
		"queue":     func(tx *Tx) error { return tx.QueueIntent(1) },
		"sent":      func(tx *Tx) error { return tx.IntentSent(nil, 0, 0) },
	} {
		if err := s.Update(bg, do); err == nil || !strings.Contains(err.Error(), "belong into Edit") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What a run may have sent, and never heard of, is on the server for all that is
// known: taking it back is to be sent as well, and the flags there are read anew.
func TestFlagsTakenBackLate(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	flags := func(add, remove string) {
		t.Helper()
		edit(t, s, func(tx *Tx) error { return tx.EditFlags([]MessageID{1}, add, remove) })
	}
	flags("Work", "")
	d.nextRun()
	update(t, s, func(tx *Tx) error { return tx.SetCursor(1, Cursor{UIDNext: 100, HighestModSeq: 7}) })
	flags(`\Flagged`, "Work")
	want(t, "queue", d.waits(), []string{`flags box 1 target 0 message 1 [\Seen Work>\Flagged \Seen]`})
	if n := count(t, s, "SELECT highestmodseq FROM generation WHERE id = 1"); n != 0 {
		t.Errorf("flags are read again from %d on", n)
	}
	update(t, s, func(tx *Tx) error { return tx.SetFlags(d.run, []FlagChange{{1, `\Seen`, `\Flagged \Seen`}}) })
	want(t, "queue", d.waits(), []string{`flags box 1 target 0 message 1 [\Seen>\Flagged \Seen]`})
}
