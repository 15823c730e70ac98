package sync

import (
	"context"
	"slices"
	"strings"

	"mailstow/localstore"
	"mailstow/sync/plan"
)

// PassingBudget is how many octets of bodies are on their way at a time where none are
// kept, unless one message has more.
const PassingBudget = 64 << 20

const (
	// maxBarren is how many messages in a row may be refused before a pass ends.
	maxBarren = 16
	// maxFull is the same where the target says that there is no room: one of them may
	// just be larger than others for which there is.
	maxFull = 4
)

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

	store *localstore.Store
	tried map[int64]bool // what was made due by this process: once is enough
	// Messages in a row that did not come, and those among them for want of room.
	barren, full int
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
	if p.Look || len(p.After.Delete) == 0 {
		return nil
	}
	return p.bring(ctx) // what is to be deleted was not, before all came
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
	return p.accepted(ctx)
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
	if p.barren += len(before.Put); sum > 0 {
		p.barren, p.full = 0, 0
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

// unwanted: the target does not take it, and has nothing of it. What may be there all
// the same waits for its owner: without its bytes, and with all that came since, no later
// pass could tell (I19).
func unwanted(in localstore.Intent) bool {
	switch {
	case in.Kind != localstore.IntentAppend:
		return false
	case in.State == localstore.Parked:
		return in.UIDValidity == 0 // it was never sent, or refused for sure
	}
	return in.State == localstore.Queued && in.Tries > 0
}

// noRoom: RFC 5530 section 3 has a code for it. A limit for each message has another.
func noRoom(in localstore.Intent) bool { return strings.Contains(in.Reason, "[OVERQUOTA]") }

// refused takes what the target does not take out of its queue: it is fetched again
// when its time has come, after all else.
func (p *Passage) refused(ctx context.Context) error {
	var all []localstore.Intent
	err := p.store.Intents(ctx, p.Want.Target, func(in localstore.Intent) error {
		if unwanted(in) {
			all = append(all, in)
			if noRoom(in) {
				p.full++
			}
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
				of.Kind, of.Reason = localstore.KindRefused, "the target does not take it: "+in.Reason
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

// accepted forgets that the target refused what it has now.
func (p *Passage) accepted(ctx context.Context) error {
	if p.Look || len(p.After.Accepted) == 0 {
		return nil
	}
	all, err := p.store.Problems(ctx, p.Want.Source)
	if err != nil {
		return err
	}
	return p.store.Update(ctx, func(tx *localstore.Tx) error {
		for _, x := range all {
			if x.Kind != localstore.KindRefused || !slices.Contains(p.After.Accepted, int64(x.Message)) {
				continue
			}
			if err := tx.ClearProblem(x); err != nil {
				return err
			}
		}
		return nil
	})
}

// portion fetches what comes next, and reports whether there is anything: first what of
// the target is to be read, then what of the source is to be sent. Where what waits at
// the target takes all room, it is one message at a time.
func (p *Passage) portion(ctx context.Context) (bool, error) {
	if p.barren >= maxBarren || p.full >= maxFull {
		return false, nil
	}
	var next []plan.Fetching
	run := func() error { return p.Sides.Target(nil) }
	err := p.store.Update(ctx, func(tx *localstore.Tx) error {
		left, err := tx.Drop()
		if err != nil {
			return err
		}
		room := max(p.Budget-left, 0)
		if next = plan.Take(p.After.Read, room, p.tried); len(next) == 0 {
			next, run = plan.Take(p.After.Fetch, room, p.tried), p.Sides.Source
		}
		var ids []localstore.MessageID
		for _, x := range next {
			ids = append(ids, localstore.MessageID(x.ID))
		}
		return tx.SetDue(ids)
	})
	if err != nil || len(next) == 0 {
		return false, err
	}
	for _, x := range next {
		p.tried[x.ID] = true
	}
	return true, run()
}
