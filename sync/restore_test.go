package sync_test

import (
	"slices"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"

	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/testkit/mailgen"
)

// undo queues what puts back what a run saw vanish.
func (f *fixture) undo(run localstore.RunID) mailsync.Restored {
	f.Helper()
	from, err := f.store.CutBefore(f.Context(), run)
	if err != nil {
		f.Fatal(err)
	}
	to, err := f.store.CutAfter(f.Context(), run)
	if err != nil {
		f.Fatal(err)
	}
	want, err := mailsync.Undo(f.Context(), f.store, f.accountID(), 0, from, to)
	if err != nil {
		f.Fatal(err)
	}
	return f.restore(want)
}

// restore queues a plan.
func (f *fixture) restore(want mailsync.Restore) mailsync.Restored {
	f.Helper()
	r, err := mailsync.PlanRestore(f.Context(), f.store, want)
	if err != nil {
		f.Fatal(err)
	}
	f.edit(func(tx *localstore.Tx) error { _, err := r.Queue(tx, f.accountID()); return err })
	return r
}

func (f *fixture) lastRun() localstore.RunID {
	f.Helper()
	runs, err := f.store.Runs(f.Context(), f.accountID(), 1)
	if err != nil {
		f.Fatal(err)
	}
	return runs[0].ID
}

// contents are the messages of every mailbox of the server without their UIDs, in
// an order of their own.
func (f *fixture) contents() map[string][]held {
	f.Helper()
	all := map[string][]held{}
	for _, name := range f.user.Mailboxes() {
		for _, h := range f.served(name) {
			h.UID = 0
			all[name] = append(all[name], h)
		}
		slices.SortFunc(all[name], byContent)
	}
	return all
}

func byContent(a, b held) int {
	switch {
	case a.SHA256 != b.SHA256:
		return map[bool]int{true: -1, false: 1}[a.SHA256 < b.SHA256]
	case a.Date != b.Date:
		return int(a.Date - b.Date)
	}
	return len(a.Flags) - len(b.Flags)
}

// Somebody deletes 500 messages on the server, two of three folders among them; three
// runs later the owner notices. Undone, everything is as it was: the same bytes, dates,
// flags and folders, and nothing else is touched.
func TestUndo(t *testing.T) {
	f := newFixture(t)
	n := 500
	if testing.Short() {
		n = 60
	}
	f.user.Create("Archive")
	f.user.Create("Projects/Boat")
	f.user.Subscribe("Projects/Boat")
	f.user.Create("Projects/Empty")
	mail := mailgen.New(7).Messages(n + n/12)
	uids := map[string][]imap.UID{}
	for i, m := range mail {
		name := []string{"INBOX", "Archive", "Projects/Boat"}[i%3]
		uids[name] = append(uids[name], f.user.Append(name, m.Flags, m.Date, m.Data))
	}
	f.pull(0)
	before := f.contents()

	// The damage: all of a folder, folders themselves, and a part of another one.
	f.opt.MaxDeletes = plan.NoLimit
	f.user.Expunge("INBOX", uids["INBOX"]...)
	f.user.Expunge("Archive", uids["Archive"][:n-len(uids["INBOX"])-len(uids["Projects/Boat"])]...)
	f.user.Delete("Projects/Boat")
	f.user.Delete("Projects/Empty")
	f.pull(0)
	damage := f.lastRun()
	f.pull(0)
	later := f.user.Append("Archive", nil, day(1), message("later", 1)) // life goes on
	f.pull(0)
	f.pull(0)

	r := f.undo(damage)
	if len(r.Put) != n || len(r.Create) != 2 || len(r.Left) != 0 {
		t.Fatalf("%d put, %d created, left %v", len(r.Put), len(r.Create), r.Left)
	}
	f.restoredOnce(damage)
	rc := f.pull(0)
	if rc.Pushed.Appended != n || rc.New != 0 {
		t.Errorf("%+v", rc)
	}
	f.user.Expunge("Archive", later)
	if d := cmp.Diff(before, f.contents()); d != "" {
		t.Errorf("(-before +undone):\n%s", d)
	}
	if !f.box("Projects/Boat").Subscribed || f.box("Projects/Empty").Detached {
		t.Error("a subscription or an empty folder is missing")
	}
	f.pull(0)
	f.quiet()
	f.restoredOnce(damage)
}

// restoredOnce wants nothing to be left to put back.
func (f *fixture) restoredOnce(run localstore.RunID) {
	f.Helper()
	if again := f.undo(run); len(again.Put)+len(again.Create) != 0 {
		f.Errorf("again: %d put, %d created", len(again.Put), len(again.Create))
	}
}
