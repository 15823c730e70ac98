package localstore

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// plain is a state without generations, which people do not see.
func plain(st state) state {
	out := state{}
	for k, flags := range st {
		_, k, _ = strings.Cut(k, "/")
		out[k] = flags
	}
	return out
}

// asked compares what can be asked of the past with what the model remembers: the
// list at every moment, and what differs between any two.
func (m *model) asked() {
	cuts := slices.Sorted(maps.Keys(m.past))
	for i, at := range cuts {
		want := plain(m.past[at])
		if got := listedAt(m.t, m.s, m.p.box, cut(int64(at))); !maps.Equal(got, want) {
			m.t.Fatalf("listed at %d: %v\nwant %v", at, got, want)
		}
		before := cuts[i/2]
		if got, want := m.differing(cut(int64(before)), cut(int64(at))), differences(m.past[before], m.past[at]); !maps.Equal(got, want) {
			m.t.Fatalf("from %d to %d: %v\nwant %v", before, at, got, want)
		}
	}
}

func listedAt(t tb, s *Store, box MailboxID, at Cut) state {
	t.Helper()
	got := state{}
	err := s.List(bg, ListQuery{Mailbox: box, At: at}, func(m Mail) error {
		got[fmt.Sprintf("%v #%v", m.UID, m.ID)] = m.Flags
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// differing is what Diff says, by id: what a message was and is.
func (m *model) differing(from, to Cut) map[string]string {
	got := map[string]string{}
	err := m.s.Diff(bg, m.p.acct, from, to, func(d Difference) error {
		was, is := "-", "-"
		if d.Was {
			was = d.WasFlags
		}
		if d.Is {
			is = d.New
		}
		got[fmt.Sprint(d.Message)] = was + " > " + is
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return got
}

func differences(from, to state) map[string]string {
	id := func(k string) string { _, id, _ := strings.Cut(k, "#"); return id }
	was, is, out := map[string]string{}, map[string]string{}, map[string]string{}
	for k, flags := range from {
		was[id(k)] = flags
	}
	for k, flags := range to {
		is[id(k)] = flags
		if old, ok := was[id(k)]; !ok {
			out[id(k)] = "- > " + flags
		} else if old != flags {
			out[id(k)] = old + " > " + flags
		}
	}
	for id, flags := range was {
		if _, ok := is[id]; !ok {
			out[id] = flags + " > -"
		}
	}
	return out
}

// A time is cut where the times of events first pass it; clocks may jump.
func TestCutAt(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "mail.db"), Options{Create: true})
	defer s.Close()
	p := newPlace(t, s, "INBOX")
	first := count(t, s, "SELECT max(id) FROM event")
	tamper(t, s, "UPDATE event SET at = 1")
	for i := range 40 {
		ids := arrive(t, s, p, uint32(i+1))
		tamper(t, s, "UPDATE event SET at = ? WHERE message = ?", 100+10*i, ids[0])
	}
	for _, test := range []struct{ at, want int64 }{
		{0, int64(CutNever)}, {1, int64(first)}, {99, int64(first)}, {100, int64(first + 1)}, {109, int64(first + 1)}, {110, int64(first + 2)},
		{489, int64(first + 39)}, {490, int64(first + 40)}, {1 << 40, int64(first + 40)},
	} {
		if got, err := s.CutAt(bg, time.Unix(test.at, 0)); err != nil || int64(got) != test.want {
			t.Errorf("at %d: %d %v, want %d", test.at, got, err, test.want)
		}
	}
	tamper(t, s, "DELETE FROM event WHERE id % 3 = 0") // ids may have gaps
	if got, err := s.CutAt(bg, time.Unix(300, 0)); err != nil || len(listedAt(t, s, p.box, got)) > 21 {
		t.Errorf("%d %v", got, err)
	}
	tamper(t, s, "DELETE FROM event")
	if got, err := s.CutAt(bg, time.Unix(300, 0)); err != nil || got != CutNever {
		t.Errorf("without history: %d %v", got, err)
	}
}

// What a run changed is counted, in all and in a mailbox, and can be read.
func TestChanges(t *testing.T) {
	s := newStore(t)
	inbox, other := sampleMail(t, s)
	all, err := s.Changes(bg, inbox.run, 0)
	if want := (Changes{Arrived: 6, Vanished: 1, Mailboxes: 2}); err != nil || all != want {
		t.Errorf("%+v %v, want %+v", all, err, want)
	}
	some, err := s.Changes(bg, inbox.run, other.box)
	if want := (Changes{Arrived: 1, Mailboxes: 1}); err != nil || some != want {
		t.Errorf("%+v %v, want %+v", some, err, want)
	}
	if none, err := s.Changes(bg, 99, 0); err != nil || none != (Changes{}) {
		t.Errorf("%+v %v", none, err)
	}
	var text []string
	err = s.RunEvents(bg, inbox.run, func(e Event) error {
		text = append(text, fmt.Sprintf("%s %s %d %s", e.Kind, e.Folder, e.UID, e.Subject))
		return nil
	})
	if last := text[len(text)-1]; err != nil || len(text) != 11 || last != "vanished INBOX 25 weg" {
		t.Errorf("%v %q", err, text)
	}
}

// The history of a message leads on to what it became, and back.
func TestMessageEvents(t *testing.T) {
	s := newStore(t)
	inbox, _ := sampleMail(t, s)
	var moved MessageID
	var box MailboxID
	edit(t, s, func(tx *Tx) error {
		made, err := tx.CreateMailbox(inbox.acct, info("Neu"))
		if err != nil {
			return err
		}
		box = made
		ids, err := tx.MoveMessages([]MessageID{1}, made)
		if err == nil {
			moved = ids[0]
		}
		return err
	})
	// What waits was not on the server; what waits to leave was.
	for _, box := range []MailboxID{inbox.box, box} {
		want := map[bool]int{true: 4}[box == inbox.box]
		if got := listedAt(t, s, box, Cut(count(t, s, "SELECT max(id) FROM event"))); len(got) != want {
			t.Errorf("in mailbox %d: %v, want %d", box, got, want)
		}
	}
	update(t, s, func(tx *Tx) error {
		in, _, err := tx.pending("result = ?", moved)
		if err != nil {
			return err
		}
		return tx.IntentDone(inbox.run, in.id, Outcome{})
	})
	all, err := s.MessageEvents(bg, 1)
	if err != nil || len(all) != 2 || all[1].Kind != EventMoved || all[1].New != fmt.Sprint(moved) || all[1].Folder != "INBOX" {
		t.Errorf("%v %+v", err, all)
	}
	if id, err := s.Predecessor(bg, moved); err != nil || id != 1 {
		t.Errorf("before %d: %d %v", moved, id, err)
	}
	if id, err := s.Predecessor(bg, 2); err != nil || id != 0 {
		t.Errorf("before 2: %d %v", id, err)
	}
}
