package localstore

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Each invariant of what waits for the server, broken behind the store's back, is
// found.
func TestCheckFindsBrokenIntents(t *testing.T) {
	for _, test := range []struct{ query, kind, what string }{
		{"UPDATE message SET leaving = 99 WHERE id = 2", FoundRow, "leaves by intent"},
		{"UPDATE message SET leaving = 2 WHERE id = 2", FoundRow, "leaves by intent"},
		{"DELETE FROM intent WHERE kind = 'delete'", FoundRow, "leaves by intent"},
		{"UPDATE message SET leaving = NULL WHERE id = 3", FoundRow, "takes a message away"},
		{"UPDATE message SET leaving = NULL WHERE id = 1", FoundRow, "takes a message away"},
		{"DELETE FROM intent WHERE kind = 'append'", FoundRow, "no intent brings it"},
		{"UPDATE message SET uid = 99 WHERE id = 6", FoundRow, "is there or was given up"},
		{"UPDATE message SET vanished_run = 1 WHERE id = 6", FoundRow, "is there or was given up"},
		{"UPDATE intent SET sent_uidnext = 5", FoundRow, "queued as if it had been sent"},
		{"UPDATE intent SET target = 1 WHERE kind = 'move'", FoundRow, "to another mailbox"},
		{"INSERT INTO generation(mailbox, uidvalidity, opened_run, retired_run) VALUES (2, 1, 1, 1)", FoundRow, "an old generation"},
		{"UPDATE message SET body = NULL WHERE uid IS NULL", FoundBody, "no body to send"},
		{"DELETE FROM intent WHERE kind = 'flags'", FoundRow, "edited flags and no intent"},
		{"UPDATE message SET base = local", FoundRow, "or one for nothing"},
		{"UPDATE intent SET message = 6 WHERE kind = 'flags' AND message = 5", FoundRow, "that is not on the server"},
		{"UPDATE message SET base = 'zz' WHERE id = 6", FoundRow, "different flags"},
		{"UPDATE intent SET account = 77 WHERE kind = 'append'", FoundRow, "of another account"},
		{"UPDATE intent SET account = 77 WHERE kind = 'flags'", FoundRow, "of another account"},
		{"UPDATE intent SET account = 77 WHERE kind = 'subscribe'", FoundRow, "of another account"},
		{"UPDATE generation SET local = 1 WHERE id = 1", FoundRow, "was made here and holds"},
		{"UPDATE mailbox SET unborn = 0", FoundRow, "made here without an intent"},
		{"UPDATE mailbox SET unborn = 1 WHERE id = 2", FoundRow, "made here without an intent"},
		{"UPDATE mailbox SET leaving = 1 WHERE id = 2", FoundRow, "leaves without an intent"},
		{"UPDATE mailbox SET leaving = NULL", FoundRow, "leaves without an intent"},
		{"UPDATE mailbox SET subscribed = 1", FoundRow, "a subscription that is there"},
		{"UPDATE mailbox SET wanted = NULL, wanted_name = NULL", FoundRow, "under another name"},
		{"UPDATE mailbox SET wanted_name = 'x' WHERE id = 2", FoundRow, "under another name"},
	} {
		s := openStore(t, filepath.Join(t.TempDir(), "mail.db"), Options{Create: true})
		d := newDesk(t, s)
		d.moved()                            // 6
		removed := d.listed(info("Removed")) // mailbox 4
		made := d.make("New")
		d.rename(d.later, "Sooner")
		draft := pack(t, "draft")
		edit(t, s, func(tx *Tx) error {
			if err := tx.EditFlags([]MessageID{6, 5}, "x", ""); err != nil {
				return err
			}
			if _, err := tx.AppendMessage(made, draft, "", testDate); err != nil {
				return err
			}
			if _, err := tx.RemoveMailbox(removed); err != nil {
				return err
			}
			return errors.Join(tx.ExpungeMessages([]MessageID{3}), tx.WantSubscribed(d.archive.box, true))
		})
		checkClean(t, s)
		tamper(t, s, test.query)
		found := findings(t, s)
		if !slices.ContainsFunc(found, func(f Finding) bool { return f.Kind == test.kind && strings.Contains(f.What, test.what) }) {
			t.Errorf("%s: found %+v, want %s %q", test.query, found, test.kind, test.what)
		}
		s.Close()
	}
}

// The engine compares what has a UID; nothing that waits confuses it.
func TestEngineSeesTheServer(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	edit(t, s, func(tx *Tx) error {
		if _, err := tx.MoveMessages([]MessageID{4, 5}, d.later); err != nil { // 4 has no body
			return err
		}
		if _, err := tx.CopyMessages([]MessageID{1}, d.inbox.box); err != nil {
			return err
		}
		_, err := tx.MoveMessages([]MessageID{2}, d.archive.box)
		return err
	})
	want(t, "rows", d.server(), []string{`1/10 [\Seen>\Seen]`, `2/20 [\Seen>\Seen]`, `3/30 [\Seen>\Seen]`, `4/40 [\Seen>\Seen]`, `5/7 [\Seen>\Seen]`})
	later, err := s.Generations(bg, d.later)
	if err != nil || len(later) != 0 {
		t.Errorf("%+v %v", later, err)
	}
	var local GenerationID
	if err := s.reader.QueryRow("SELECT id FROM generation WHERE local = 1").Scan(&local); err != nil {
		t.Fatal(err)
	}
	for gen, want := range map[GenerationID][2]int{d.inbox.gen: {4, 1}, d.archive.gen: {1, 0}, local: {0, 0}} {
		n := 0
		err := s.Fingerprints(bg, []GenerationID{gen}, func(f Fingerprint) error { n++; return nil })
		if err != nil || n != want[0] {
			t.Errorf("generation %d: %d fingerprints, %v", gen, n, err)
		}
		page, err := s.Missing(bg, gen, 0, testDate, 10)
		total, _, terr := s.MissingTotal(bg, gen, testDate)
		if err != nil || terr != nil || len(page) != want[1] || total != int64(want[1]) {
			t.Errorf("generation %d: missing %+v, %d, %v %v", gen, page, total, err, terr)
		}
	}
	update(t, s, func(tx *Tx) error { return tx.RetireGeneration(d.archive.gen, d.run) })
	n := 0
	if err := s.Stale(bg, d.archive.box, func(Row) error { n++; return nil }); err != nil || n != 1 {
		t.Errorf("%d stale, %v", n, err)
	}
}

// People find what is not on the server yet at the end, where new mail is.
func TestListWithLocal(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	edit(t, s, func(tx *Tx) error {
		if _, err := tx.MoveMessages([]MessageID{5}, d.inbox.box); err != nil { // 6
			return err
		}
		if err := tx.ExpungeMessages([]MessageID{2}); err != nil {
			return err
		}
		_, err := tx.CopyMessages([]MessageID{1}, d.inbox.box) // 7
		return err
	})
	update(t, s, func(tx *Tx) error { return tx.Vanish(d.run, []MessageID{3}) })
	for name, test := range map[string]struct {
		q    ListQuery
		want []MessageID
	}{
		"all":     {ListQuery{Mailbox: d.inbox.box}, []MessageID{1, 4, 6, 7}},
		"last":    {ListQuery{Mailbox: d.inbox.box, Limit: 3}, []MessageID{4, 6, 7}},
		"deleted": {ListQuery{Mailbox: d.inbox.box, Deleted: true, Limit: 4}, []MessageID{3, 4, 6, 7}},
		"subject": {ListQuery{Subject: "5"}, []MessageID{6}},
		"since":   {ListQuery{Since: testDate.Add(-time.Hour), Mailbox: d.archive.box}, nil},
	} {
		var got []MessageID
		err := s.List(bg, test.q, func(m Mail) error { got = append(got, m.ID); return nil })
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v, %v", name, got, test.want, err)
		}
	}
	folders, err := s.Folders(bg, d.acct)
	if err != nil || folders[1].Messages != 4 || folders[1].Local != 2 || folders[1].Missing != 1 || folders[0].Messages != 0 {
		t.Errorf("%+v %v", folders, err)
	}
}

func TestConflicts(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	c := Conflict{Account: d.acct, Run: d.run, Rule: "moved-expunged", Mailbox: d.inbox.box, Message: 1, Intent: 3,
		Wanted: `{"kind":"move"}`, Had: `{}`, Decision: "parked"}
	update(t, s, func(tx *Tx) error {
		for range 2 {
			if _, err := tx.RecordConflict(c); err != nil {
				return err
			}
		}
		return nil
	})
	open, err := s.Conflicts(bg, d.acct, false)
	if err != nil || len(open) != 2 || open[0].At.IsZero() {
		t.Fatalf("%+v %v", open, err)
	}
	c.ID, c.At = open[0].ID, open[0].At
	if open[0] != c {
		t.Errorf("%+v, want %+v", open[0], c)
	}
	update(t, s, func(tx *Tx) error { return tx.ResolveConflict(c.ID, "local") })
	if again := s.Update(bg, func(tx *Tx) error { return tx.ResolveConflict(c.ID, "server") }); !errors.Is(again, ErrNotFound) {
		t.Error(again)
	}
	if one, err := s.Conflict(bg, c.ID); err != nil || one.Resolution != "local" || one.Resolved.IsZero() || one.Intent != 0 {
		t.Errorf("%+v %v", one, err)
	}
	open, err = s.Conflicts(bg, d.acct, false)
	all, aerr := s.Conflicts(bg, d.acct, true)
	if err != nil || aerr != nil || len(open) != 1 || len(all) != 2 || open[0].ID == c.ID {
		t.Errorf("%+v %+v %v %v", open, all, err, aerr)
	}
	if _, err := s.Conflict(bg, 99); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}
