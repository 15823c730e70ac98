package sync_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/mailgen"
)

// emigrant is a source whose mail is to come to a target that a child can fill.
type emigrant struct {
	source, to *fixture
}

// leave looks at both sides, and closes the store for the child.
func leave(t *testing.T, server *dovecot.Server, name string) emigrant {
	e := emigrant{newFixtureOn(t, server, "from-"+name), newFixtureOn(t, server, name)}
	e.source.user.Create("Work")
	for i, x := range mailgen.New(9).Messages(10) {
		e.source.user.Append([]string{"INBOX", "Work"}[i%2], x.Flags, x.Date, x.Data)
	}
	if n := e.pass(t); n != 10 {
		t.Fatal(n)
	}
	e.to.store.Close()
	return e
}

// pass looks at both sides and returns how much the target lacks.
func (e emigrant) pass(t *testing.T) int {
	t.Helper()
	acct := e.source.account()
	acct.Name = "source"
	opt := e.source.opt
	opt.PullOnly = true
	if rc, err := mailsync.Pull(t.Context(), e.to.store, acct, opt); err != nil || rc.Exit != 0 {
		t.Fatal(err, rc)
	}
	e.to.pull(0)
	p, err := emigration(e.to.store)
	if err != nil {
		t.Fatal(err)
	}
	return len(p.Put)
}

// emigration is the plan for the accounts of an emigrant.
func emigration(store *localstore.Store) (mailsync.Migrated, error) {
	ids := map[string]localstore.AccountID{}
	accounts, err := store.Accounts(context.Background())
	if err != nil {
		return mailsync.Migrated{}, err
	}
	for _, a := range accounts {
		ids[a.Name] = a.ID
	}
	space := plan.Space{Delim: "/"}
	return mailsync.PlanMigration(context.Background(), store, mailsync.Migration{Source: ids["source"], Target: ids["work"], SourceSpace: space, TargetSpace: space})
}

// A migration whose process is killed, at any piece of what it says to the target or
// hears from it, ends with the next one: neither a duplicate nor a gap.
func TestMigrateIsKilled(t *testing.T) {
	t.Parallel()
	server := dovecot.Start(t)
	g := newGate(t, server)
	whole := leave(t, server, "u0")
	pieces := whole.to.killAt(g, 0, false, "bring")
	whole.to.open()
	whole.same(t)
	for _, at := range someOf(pieces) {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprint("piece ", at, " late ", late), func(t *testing.T) {
				e := leave(t, server, fmt.Sprintf("u%d%v", at, late))
				e.to.killAt(g, at, late, "bring")
				e.to.open()
				e.to.whole()
				e.pass(t)
				e.to.store.Close()
				e.to.killAt(g, 0, false, "bring")
				e.to.open()
				e.same(t)
			})
		}
	}
}

// same wants all to be there once, and nothing to be left.
func (e emigrant) same(t *testing.T) {
	t.Helper()
	if n := e.pass(t); n != 0 {
		t.Errorf("%d are missing", n)
	}
	if d := cmp.Diff(e.source.contents(), e.to.contents()); d != "" {
		t.Errorf("(-source +target):\n%s", d)
	}
}

// The same for a restore.
func TestRestoreIsKilled(t *testing.T) {
	server := dovecot.Start(t)
	g := newGate(t, server)
	deleted := func(t *testing.T, name string) (*fixture, map[string][]held) {
		f := newFixtureOn(t, server, name)
		f.user.Create("Work")
		f.noLimit()
		uids := f.seed("INBOX", 6)
		f.seed("Work", 3)
		f.pull(0)
		want := f.contents()
		f.user.Expunge("INBOX", uids[1:5]...)
		f.user.Delete("Work")
		f.pull(0)
		f.undo(f.lastRun())
		f.store.Close()
		return f, want
	}
	f, _ := deleted(t, "u0")
	pieces := f.killAt(g, 0, false)
	f.open()
	for _, at := range someOf(pieces) {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprint("piece ", at, " late ", late), func(t *testing.T) {
				f, want := deleted(t, fmt.Sprintf("u%d%v", at, late))
				f.killAt(g, at, late)
				f.open()
				f.whole()
				f.pull(0)
				if d := cmp.Diff(want, f.contents()); d != "" {
					t.Errorf("(-before +after):\n%s", d)
				}
				f.quiet()
			})
		}
	}
}

// someOf are the pieces at which a process is killed; in a short run it is one in the
// middle.
func someOf(pieces int) (all []int) {
	if testing.Short() {
		return []int{max(pieces/2, 1)}
	}
	for at := 1; at <= pieces; at += every(4) {
		all = append(all, at)
	}
	return all
}
