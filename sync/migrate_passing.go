package sync

import (
	"context"
	"time"

	"mailstow/localstore"
	"mailstow/sync/plan"
)

// PassingBudget is how many octets of bodies are on their way at a time where none are
// kept, unless one message has more.
const PassingBudget = 64 << 20

// barren is how many portions in a row may be refused whole: a target that is full
// takes nothing of the next one either.
const barren = 2

// Sides are runs over both accounts: over their metadata, and what is due of their
// bodies. With a plan that over the target is its Bring; nil: a Pull that sends nothing.
type Sides struct {
	Source func() error
	Target func(bring *Migrated) error
}

// Passage is a migration that keeps no mail. The store is the state of migrations: what
// it says of both sides was just brought up to date, without bodies.
type Passage struct {
	Want   Migration
	Sides  Sides
	Look   bool  // compare only: nothing is put anywhere
	Budget int64 // octets; 0: PassingBudget
	// After is the plan that is left.
	After Migrated
	// What was done, by source mailbox and in all.
	Copied         map[int64]int
	Flags, Deleted int

	store  *localstore.Store
	tried  map[int64]bool // what was made due by this process: once is enough
	barren int
}

// Do goes on until nothing is left that can be had, portion after portion. It may end
// anywhere: the next one goes on from what was committed.
func (p *Passage) Do(ctx context.Context, store *localstore.Store) error {
	p.store, p.tried, p.Copied = store, map[int64]bool{}, map[int64]int{}
	if p.Budget == 0 {
		p.Budget = PassingBudget
	}
	for more := true; more; {
		if err := p.bring(ctx); err != nil {
			return err
		}
		var err error
		if more, err = p.portion(ctx); err != nil {
			return err
		}
	}
	return nil
}

// bring sends what is here and lacks there, and lets go of what is done with.
func (p *Passage) bring(ctx context.Context) error {
	before, err := PlanMigration(ctx, p.store, p.Want)
	if err != nil {
		return err
	}
	if p.Look || before.Idle() && before.waits() == 0 {
		return p.let(ctx, before)
	}
	if err := p.Sides.Target(&before); err != nil {
		return err
	}
	return p.let(ctx, before)
}

// let lets go of what is at the target, or is refused there, and counts.
func (p *Passage) let(ctx context.Context, before Migrated) (err error) {
	if !p.Look {
		if err := p.refused(ctx); err != nil {
			return err
		}
	}
	if err := p.store.Update(ctx, func(tx *localstore.Tx) error { _, err := tx.Drop(); return err }); err != nil {
		return err
	}
	if p.After, err = PlanMigration(ctx, p.store, p.Want); err != nil {
		return err
	}
	p.count(before)
	return nil
}

// count notes what became of a plan.
func (p *Passage) count(before Migrated) {
	was, sum := map[int64]int{}, 0
	for _, f := range before.Folders {
		was[f.Source] = f.There
	}
	for _, f := range p.After.Folders {
		n := max(f.There-was[f.Source], 0)
		p.Copied[f.Source] += n
		sum += n
	}
	switch {
	case sum > 0:
		p.barren = 0
	case len(before.Put) > 0:
		p.barren++
	}
	p.Flags += max(len(before.Flags)-len(p.After.Flags), 0)
	p.Deleted += max(len(before.Delete)-len(p.After.Delete), 0)
}

// waits is how many messages are queued.
func (m Migrated) waits() (n int) {
	for _, f := range m.Folders {
		n += f.Waits
	}
	return n
}

// refused takes what the target does not take out of its queue: it is fetched again
// when its time has come.
func (p *Passage) refused(ctx context.Context) error {
	var all []localstore.Intent
	err := p.store.Intents(ctx, p.Want.Target, func(in localstore.Intent) error {
		if in.Kind == localstore.IntentAppend && in.State == localstore.Queued && in.Tries > 0 {
			all = append(all, in)
		}
		return nil
	})
	if err != nil || len(all) == 0 {
		return err
	}
	return p.store.Edit(ctx, func(tx *localstore.Tx) error {
		for _, in := range all {
			of, err := tx.MadeOf(in.Result.ID)
			if err != nil {
				return err
			}
			if of.Message != 0 {
				of.Kind, of.Reason = kindMessage, "the target does not take it: "+in.Reason
				err = tx.PutProblem(of, p.Want.now())
			}
			if err == nil {
				_, err = tx.DropIntent(in.ID)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// portion fetches what comes next, and reports whether there is anything: first what of
// the target is to be read, then what of the source is to be sent.
func (p *Passage) portion(ctx context.Context) (bool, error) {
	if p.barren >= barren {
		return false, nil
	}
	var read, fetch []plan.Fetching
	err := p.store.Update(ctx, func(tx *localstore.Tx) error {
		left, err := tx.Drop()
		if err != nil || left >= p.Budget {
			return err
		}
		if read = plan.Take(p.After.Read, p.Budget-left, p.tried); len(read) == 0 {
			fetch = plan.Take(p.After.Fetch, p.Budget-left, p.tried)
		}
		var ids []localstore.MessageID
		for _, x := range append(read, fetch...) {
			ids = append(ids, localstore.MessageID(x.ID))
		}
		return tx.SetDue(ids)
	})
	if err != nil {
		return false, err
	}
	for _, x := range append(read, fetch...) {
		p.tried[x.ID] = true
	}
	switch {
	case len(read) > 0:
		return true, p.Sides.Target(nil)
	case len(fetch) > 0:
		return true, p.Sides.Source()
	}
	return false, nil
}

func (m Migration) now() time.Time {
	if m.Now == nil {
		return time.Now()
	}
	return m.Now()
}

// asides are the messages that cannot be had before their time.
func asides(ctx context.Context, store *localstore.Store, m Migration) (map[localstore.MessageID]bool, error) {
	all := map[localstore.MessageID]bool{}
	if !store.Passing() {
		return all, nil
	}
	now := m.now()
	for _, acct := range []localstore.AccountID{m.Source, m.Target} {
		problems, err := store.Problems(ctx, acct)
		if err != nil {
			return nil, err
		}
		for _, x := range problems {
			if x.Message != 0 && !now.Before(x.Last) && now.Before(x.RetryAt) {
				all[x.Message] = true
			}
		}
	}
	return all, nil
}
