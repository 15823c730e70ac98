package localstore

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// What makes no sense is refused, with an error that says which it is, and
// nothing of the whole Edit is kept.
func TestRefused(t *testing.T) {
	s := newStore(t)
	d := newDesk(t, s)
	var other AccountID
	var elsewhere, noMail, detached MailboxID
	update(t, s, func(tx *Tx) (err error) {
		if other, err = tx.Account("other", "imaps://other"); err != nil {
			return err
		}
		if elsewhere, err = tx.PutMailbox(other, info("INBOX"), d.run); err != nil {
			return err
		}
		if noMail, err = tx.PutMailbox(d.acct, MailboxInfo{Raw: "Names", Name: "Names", Delim: "/"}, d.run); err != nil {
			return err
		}
		if detached, err = tx.PutMailbox(d.acct, info("Gone"), d.run); err != nil {
			return err
		}
		gone, err := tx.OpenGeneration(detached, 1, d.run)
		if err != nil {
			return err
		}
		if _, err := tx.Arrive(d.run, gone, []Arrival{{UID: 1, Size: 1}}); err != nil { // message 6
			return err
		}
		if err := tx.SetCursor(gone, Cursor{Listed: 1}); err != nil {
			return err
		}
		if err := tx.DetachMailbox(detached, d.run); err != nil {
			return err
		}
		return tx.Vanish(d.run, []MessageID{3})
	})
	edit(t, s, func(tx *Tx) error {
		if err := tx.ExpungeMessages([]MessageID{2}); err != nil {
			return err
		}
		if _, err := tx.MoveMessages([]MessageID{1}, d.later); err != nil { // message 7
			return err
		}
		return tx.IntentSent([]IntentID{2}, 0, 0)
	})
	move := func(id MessageID, target MailboxID) func(*Tx) error {
		return func(tx *Tx) error { _, err := tx.MoveMessages([]MessageID{5, id}, target); return err }
	}
	flags := func(id MessageID) func(*Tx) error {
		return func(tx *Tx) error { return tx.EditFlags([]MessageID{5, id}, "x", "") }
	}
	for name, test := range map[string]struct {
		do   func(*Tx) error
		want error
	}{
		"flags of nothing":         {flags(99), ErrNotFound},
		"flags of vanished":        {flags(3), ErrVanished},
		"flags of deleted":         {flags(2), ErrVanished},
		"flags in gone mailbox":    {flags(6), ErrVanished},
		"move nothing":             {move(99, d.later), ErrNotFound},
		"move vanished":            {move(3, d.later), ErrVanished},
		"move to nowhere":          {move(4, 99), ErrNotFound},
		"move to name":             {move(4, noMail), ErrNotSelectable},
		"move to gone":             {move(4, detached), ErrVanished},
		"move out of gone":         {move(6, d.later), ErrVanished},
		"move to other account":    {move(4, elsewhere), ErrNotSynced},
		"move sent":                {move(7, d.archive.box), ErrUnsettled},
		"move sent back":           {move(1, d.inbox.box), ErrUnsettled},
		"expunge sent":             {func(tx *Tx) error { return tx.ExpungeMessages([]MessageID{7}) }, ErrUnsettled},
		"drop sent":                {func(tx *Tx) error { _, err := tx.DropIntent(2); return err }, ErrUnsettled},
		"queue sent":               {func(tx *Tx) error { return tx.QueueIntent(2) }, ErrUnsettled},
		"drop nothing":             {func(tx *Tx) error { _, err := tx.DropIntent(99); return err }, ErrNotFound},
		"copy missing of gone":     {func(tx *Tx) error { _, err := tx.CopyMessages([]MessageID{6}, d.later); return err }, ErrNotHeld},
		"restore missing":          {func(tx *Tx) error { _, err := tx.RestoreMessages([]MessageID{4}, d.later); return err }, ErrNotHeld},
		"create existing":          {func(tx *Tx) error { _, err := tx.CreateMailbox(d.acct, info("Later")); return err }, ErrExists},
		"create inbox":             {func(tx *Tx) error { _, err := tx.CreateMailbox(d.acct, info("inbox")); return err }, ErrExists},
		"rename to existing":       {func(tx *Tx) error { return tx.WantName(d.later, "Archive", "Archive") }, ErrExists},
		"rename inbox":             {func(tx *Tx) error { return tx.WantName(d.inbox.box, "x", "x") }, ErrImpossible},
		"rename to inbox":          {func(tx *Tx) error { return tx.WantName(d.later, "Inbox", "Inbox") }, ErrImpossible},
		"rename below itself":      {func(tx *Tx) error { return tx.WantName(d.later, "Later/x", "Later/x") }, ErrImpossible},
		"rename gone":              {func(tx *Tx) error { return tx.WantName(detached, "x", "x") }, ErrVanished},
		"remove inbox":             {func(tx *Tx) error { _, err := tx.RemoveMailbox(d.inbox.box); return err }, ErrImpossible},
		"remove with unsent mail":  {func(tx *Tx) error { _, err := tx.RemoveMailbox(d.later); return err }, ErrNotEmpty},
		"remove gone":              {func(tx *Tx) error { _, err := tx.RemoveMailbox(detached); return err }, ErrVanished},
		"subscribe to nothing":     {func(tx *Tx) error { return tx.WantSubscribed(99, true) }, ErrNotFound},
		"sent again when nowhere":  {func(tx *Tx) error { return tx.IntentSent([]IntentID{99}, 1, 1) }, ErrNotFound},
		"done with nothing":        {func(tx *Tx) error { return tx.IntentDone(d.run, 99, Outcome{}) }, ErrNotFound},
		"failed with nothing":      {func(tx *Tx) error { return tx.IntentFailed(99, "", testDate) }, ErrNotFound},
		"park nothing":             {func(tx *Tx) error { return tx.ParkIntent(99, "") }, ErrNotFound},
		"flags that are not a set": {func(tx *Tx) error { return tx.EditFlags([]MessageID{5}, "b a", "") }, errAny},
		"append not a set":         {func(tx *Tx) error { _, err := tx.AppendMessage(d.later, pack(t, "x"), "b a", testDate); return err }, errAny},
		"UID without generation":   {func(tx *Tx) error { return tx.IntentDone(d.run, 2, Outcome{UID: 1}) }, errAny},
	} {
		before, queue := d.people(), d.waits()
		err := s.Edit(bg, test.do)
		if err == nil || test.want != errAny && !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		want(t, name, d.people(), before)
		want(t, name, d.waits(), queue)
	}
	// Two accounts, both synced.
	update(t, s, func(tx *Tx) error { _, err := tx.BeginRun(other, testDate); return err })
	if err := s.Edit(bg, move(4, elsewhere)); !errors.Is(err, ErrOtherAccount) {
		t.Error(err)
	}
}

var errAny = errors.New("any error")

// A store opened by somebody who edits no flags, and then does, says what is
// missing instead of losing one side's flags.
func TestMergeNotGiven(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.db")
	s := openStore(t, path, Options{Create: true})
	d := newDesk(t, s)
	_, in := d.moved()
	s.Close()
	s, err := Open(bg, path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, do := range map[string]func(*Tx) error{
		"edit": func(tx *Tx) error { return tx.EditFlags([]MessageID{2}, "x", "") },
		"done": func(tx *Tx) error { return tx.IntentDone(d.run, in, Outcome{UID: 8}) },
	} {
		if err := s.Edit(bg, do); err == nil || !strings.Contains(err.Error(), "Options.Merge") {
			t.Errorf("%s: %v", name, err)
		}
	}
	checkClean(t, s)
}
