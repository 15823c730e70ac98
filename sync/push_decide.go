package sync

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/plan"
)

// decide settles what the server did meanwhile to what the owner's edits are about
// by the rules of package conflict, before anything is sent.
func (p *pushing) decide(ctx context.Context) error {
	acted := false
	for _, id := range p.order() {
		in := p.intents[id]
		if acted { // another decision may have ended it
			var err error
			if in, err = p.store.Intent(ctx, localstore.IntentID(id)); errors.Is(err, localstore.ErrNotFound) {
				continue
			} else if err != nil {
				return err
			}
		}
		if in.State != localstore.Queued || p.along(in) != 0 {
			continue // waits for a person, or to be found; or goes with another one
		}
		did, err := p.decideOne(ctx, in)
		if err != nil {
			return err
		}
		acted = acted || did
	}
	p.outrun = p.outrun || acted
	return nil
}

// order is that in which intents are decided: what becomes of mailboxes comes before
// what becomes of the mail that goes into them.
func (p *pushing) order() []int64 {
	return slices.SortedFunc(maps.Keys(p.intents), func(a, b int64) int {
		mail := func(id int64) int { return min(1, int(p.intents[id].Message.ID+p.intents[id].Result.ID)) }
		return cmp.Or(cmp.Compare(mail(a), mail(b)), cmp.Compare(a, b))
	})
}

func (p *pushing) decideOne(ctx context.Context, in localstore.Intent) (acted bool, err error) {
	c, to, err := p.caseOf(ctx, in)
	if err != nil || c.Message == conflict.MovedAway && to.uid == 0 {
		return false, err // on its way, by ourselves
	}
	if p.elsewhere(in, to) {
		return false, nil
	}
	d := conflict.Decide(c)
	if d.Action == conflict.Push && !d.Record || d.Action == conflict.Wait {
		return false, nil
	}
	if in.Kind == localstore.IntentRename && d.Action == conflict.Recreate {
		if to.with, err = p.store.LostWith(ctx, in.Mailbox); err != nil {
			return false, err
		}
	}
	err = p.store.Edit(ctx, func(tx *localstore.Tx) error {
		if err := p.record(tx, in, c, d, to); err != nil {
			return err
		}
		if id := p.flagsOf(in); id != 0 { // they are part of what is decided
			if _, err := tx.DropIntent(id); err != nil {
				return err
			}
		}
		return p.act(tx, in, d, to)
	})
	if errors.Is(err, errImpossible) || refusedHere(err) {
		return true, p.parkInstead(ctx, in, c, d, to, err)
	}
	return true, err
}

// along is the intent that takes a message away whose flags were changed as well,
// when it has vanished: what becomes of the one becomes of the other.
func (p *pushing) along(in localstore.Intent) localstore.IntentID {
	return p.about(in, localstore.IntentFlags, localstore.IntentMove, localstore.IntentExpunge)
}

// flagsOf is the reverse.
func (p *pushing) flagsOf(in localstore.Intent) localstore.IntentID {
	if in.Kind == localstore.IntentFlags || in.Kind == localstore.IntentCopy {
		return 0
	}
	return p.about(in, in.Kind, localstore.IntentFlags)
}

// about finds an intent of some kinds about the message of one that has vanished.
func (p *pushing) about(in localstore.Intent, kind localstore.IntentKind, others ...localstore.IntentKind) localstore.IntentID {
	if !in.Vanished || in.Kind != kind {
		return 0
	}
	for _, x := range p.vanished[in.Message.ID] {
		if slices.Contains(others, x.Kind) {
			return x.ID
		}
	}
	return 0
}

// refusals are why the store does not take what a rule says.
var refusals = []error{localstore.ErrVanished, localstore.ErrNotSelectable, localstore.ErrExists, localstore.ErrNotEmpty,
	localstore.ErrImpossible, localstore.ErrUnsettled, localstore.ErrOtherAccount, localstore.ErrNotHeld, localstore.ErrNotFound}

// errImpossible: there is nothing that a rule could be carried out with.
var errImpossible = errors.New("not possible as things are")

func refusedHere(err error) bool {
	return slices.ContainsFunc(refusals, func(r error) bool { return errors.Is(err, r) })
}

// parkInstead leaves to the owner what cannot be done as the rule says.
func (p *pushing) parkInstead(ctx context.Context, in localstore.Intent, c conflict.Case, d conflict.Decision, to place, why error) error {
	d.Action, d.Side, d.Record = conflict.Park, "parked", true
	return p.store.Update(ctx, func(tx *localstore.Tx) error {
		if err := p.record(tx, in, c, d, to); err != nil {
			return err
		}
		return tx.ParkIntent(in.ID, d.Why+": "+why.Error())
	})
}

// caseOf is an intent and what it meets.
func (p *pushing) caseOf(ctx context.Context, in localstore.Intent) (c conflict.Case, to place, err error) {
	c = conflict.Case{Policy: p.opt.Policy, Edit: conflict.Edit(in.Kind), Held: in.Message.ID == 0 || in.Message.HasBody}
	switch {
	case in.Vanished:
		if to, err = p.where(ctx, in.Message.ID); err != nil {
			return c, to, err
		}
		c.Message = p.fate(in, to)
		c.Agrees = in.Kind == localstore.IntentMove && to.box == in.Target
	case in.Kind == localstore.IntentExpunge:
		m, err := p.store.Meanwhile(ctx, in.ID)
		if err != nil {
			return c, to, err
		}
		// Whoever marks it as deleted, be it a run of ours that was cut short, wants what
		// its owner wants.
		if m.Flags && !conflict.Flags(in.Message.Base).Has(imap.FlagDeleted) {
			c.Message = conflict.FlagsChanged
		}
	}
	switch in.Kind {
	case localstore.IntentMove, localstore.IntentCopy, localstore.IntentAppend:
		if b := p.boxes[in.Target]; b.Detached && !b.Unborn {
			c.Mailbox = conflict.Deleted
		}
	case localstore.IntentRename, localstore.IntentRemove, localstore.IntentSubscribe:
		c.Mailbox, c.Agrees, err = p.mailboxFate(ctx, in)
	}
	return c, to, err
}

// mailboxFate is what became of a mailbox that is itself edited.
func (p *pushing) mailboxFate(ctx context.Context, in localstore.Intent) (f conflict.Fate, agrees bool, err error) {
	b := p.boxes[in.Mailbox]
	if b.Detached && !b.Unborn {
		return conflict.Deleted, false, nil
	}
	if in.Kind == localstore.IntentSubscribe {
		return conflict.Unchanged, false, nil
	}
	m, err := p.store.Meanwhile(ctx, in.ID)
	switch {
	case err != nil:
		return "", false, err
	case m.Renamed:
		return conflict.Renamed, b.Raw == in.Name, nil
	case in.Kind == localstore.IntentRemove && m.Arrived > 0:
		return conflict.Arrived, false, nil
	case in.Kind == localstore.IntentRename && p.taken(in.Name, b.ID):
		return conflict.Taken, false, nil
	}
	return conflict.Unchanged, false, nil
}

// taken reports whether another mailbox on the server has a name, and no intent of
// the owner's takes it away.
func (p *pushing) taken(raw string, but localstore.MailboxID) bool {
	for _, b := range p.boxes {
		if b.Raw == raw && b.ID != but && !b.Detached && b.Wanted == "" && b.Leaving == 0 {
			return true
		}
	}
	return false
}

// aside parks what the plan says cannot be sent as things are.
func (p *pushing) aside(ctx context.Context) error {
	var alone []plan.Unpushable
	for _, u := range p.plan.Unpushable {
		if u.Alone {
			alone = append(alone, u)
		}
	}
	if p.opt.DryRun || len(p.plan.Parked)+len(alone) == 0 {
		return nil
	}
	return p.store.Update(ctx, func(tx *localstore.Tx) error {
		for _, w := range p.plan.Parked {
			if err := p.park(tx, p.intents[w.Intent], conflict.TooLarge, w.Why); err != nil {
				return err
			}
		}
		for _, u := range alone {
			p.note(u.Mailbox, u.String())
			if err := tx.ParkIntent(localstore.IntentID(u.Intent), unstorable); err != nil {
				return err
			}
		}
		return nil
	})
}

// unstorable is why flags stay here alone.
const unstorable = "the mailbox does not store these flags; they stay here"
