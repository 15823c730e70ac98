package sync

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/plan"
)

// decide settles what the server did meanwhile to what the owner's edits are about
// by the rules of package conflict, before anything is sent.
func (p *pushing) decide(ctx context.Context) error {
	moved, err := p.moves(ctx)
	if err != nil {
		return err
	}
	ids := make([]int64, 0, len(p.intents))
	for id := range p.intents {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		in, err := p.store.Intent(ctx, localstore.IntentID(id))
		if cmp.Or(in.ID, 0) == 0 || in.State == localstore.Parked || in.State == localstore.Done {
			continue // decided together with another one, or waiting
		}
		if err != nil {
			return err
		}
		if err := p.decideOne(ctx, in, moved); err != nil {
			return err
		}
	}
	return nil
}

func (p *pushing) decideOne(ctx context.Context, in localstore.Intent, moved moves) error {
	c := p.caseOf(in, moved)
	d := conflict.Decide(c)
	if d.Action == conflict.Push && !d.Record {
		return nil
	}
	if p.opt.DryRun {
		return nil
	}
	return p.store.Edit(ctx, func(tx *localstore.Tx) error {
		if d.Record {
			if err := p.record(tx, in, c, d); err != nil {
				return err
			}
		}
		return p.act(tx, in, d, moved)
	})
}

// caseOf is an intent and what it meets.
func (p *pushing) caseOf(in localstore.Intent, moved moves) conflict.Case {
	c := conflict.Case{Policy: p.opt.Policy, Edit: conflict.Edit(in.Kind), Held: in.Message.ID == 0 || in.Message.HasBody}
	if in.Vanished {
		c.Message = moved.fate(in.Message.ID, p.fact(in.Mailbox).reset)
		c.Agrees = in.Kind == localstore.IntentMove && moved.to[in.Message.ID].box == in.Target
	}
	switch in.Kind {
	case localstore.IntentFlags, localstore.IntentExpunge:
	case localstore.IntentMove, localstore.IntentCopy, localstore.IntentAppend:
		if b := p.boxes[in.Target]; b.Detached && !b.Unborn {
			c.Mailbox = conflict.Deleted
		}
	default:
		c.Mailbox, c.Agrees = p.mailboxFate(in)
	}
	return c
}

// mailboxFate is what became of a mailbox that is itself edited.
func (p *pushing) mailboxFate(in localstore.Intent) (f conflict.Fate, agrees bool) {
	b, known := p.boxes[in.Mailbox], p.fact(in.Mailbox)
	switch {
	case b.Detached && !b.Unborn:
		return conflict.Deleted, false
	case known.renamed:
		return conflict.Renamed, b.Raw == in.Name
	case in.Kind == localstore.IntentRemove && known.arrived > 0:
		return conflict.Arrived, false
	case in.Kind == localstore.IntentRename && p.taken(in.Name, b.ID):
		return conflict.Taken, false
	}
	return conflict.Unchanged, false
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

// act carries a decision out in the mirror; what is left to send is planned then.
func (p *pushing) act(tx *localstore.Tx, in localstore.Intent, d conflict.Decision, moved moves) error {
	to := moved.to[in.Message.ID]
	switch d.Action {
	case conflict.Push, conflict.Wait, conflict.Keep:
		return nil
	case conflict.Park:
		return tx.ParkIntent(in.ID, d.Why)
	case conflict.Done:
		return p.end(tx, int64(in.ID), localstore.Outcome{UID: to.uid, Flags: to.flags})
	case conflict.Create:
		return p.recreate(tx, in.Target)
	}
	if d.Create {
		if err := p.recreate(tx, in.Target); err != nil {
			return err
		}
	}
	if d.Action == conflict.Follow && in.Kind == localstore.IntentFlags {
		return nil // they went along when the move was recognised
	}
	if _, err := tx.DropIntent(in.ID); err != nil {
		return err
	}
	return p.instead(tx, in, d.Action, to)
}

// instead puts in the place of an intent what it became.
func (p *pushing) instead(tx *localstore.Tx, in localstore.Intent, a conflict.Action, to place) (err error) {
	target := cmp.Or(in.Target, in.Mailbox)
	switch {
	case a == conflict.Follow && in.Kind == localstore.IntentMove:
		_, err = tx.MoveMessages([]localstore.MessageID{to.id}, target)
	case a == conflict.Follow && in.Kind == localstore.IntentExpunge:
		err = tx.ExpungeMessages([]localstore.MessageID{to.id})
	case a == conflict.Follow && in.Kind == localstore.IntentRename:
		err = tx.WantName(in.Mailbox, in.Name, p.boxes[in.Mailbox].WantedName)
	case a == conflict.Follow && in.Kind == localstore.IntentRemove:
		_, err = tx.RemoveMailbox(in.Mailbox)
	case a == conflict.Follow && in.Kind == localstore.IntentCopy, a == conflict.Copy:
		_, err = tx.CopyMessages([]localstore.MessageID{to.id}, target)
	case a == conflict.Recreate && in.Message.ID != 0:
		_, err = tx.RestoreMessages([]localstore.MessageID{in.Message.ID}, target)
	case a == conflict.Recreate:
		err = p.recreate(tx, in.Mailbox)
	}
	return err
}

// recreate takes a mailbox up again that the server has no more.
func (p *pushing) recreate(tx *localstore.Tx, id localstore.MailboxID) error {
	b := p.boxes[id]
	if !b.Detached || b.Unborn {
		return nil
	}
	_, err := tx.CreateMailbox(p.account, b.MailboxInfo)
	b.Unborn = true
	p.boxes[id] = b
	return err
}

// record lists a conflict, with both sides.
func (p *pushing) record(tx *localstore.Tx, in localstore.Intent, c conflict.Case, d conflict.Decision) error {
	box, target := p.boxes[in.Mailbox], p.boxes[in.Target]
	wanted, _ := json.Marshal(map[string]any{"edit": in.Kind, "flags": in.Message.Local, "target": target.Shown(), "name": in.Name})
	had, _ := json.Marshal(map[string]any{"message": c.Message, "mailbox": c.Mailbox, "answer": c.Answer, "flags": in.Message.Base})
	x := localstore.Conflict{Account: p.account, Run: p.run.id, Rule: d.Rule, Mailbox: cmp.Or(box.ID, target.ID),
		Message: cmp.Or(in.Message.ID, in.Result.ID), Wanted: string(wanted), Had: string(had), Decision: d.Side}
	if d.Action == conflict.Park {
		x.Intent = in.ID
	}
	p.receipt.Conflicts++
	p.observe(Event{Kind: Note, Mailbox: cmp.Or(box.Shown(), target.Shown()), Text: "conflict (" + d.Rule + "): " + d.Why})
	_, err := tx.RecordConflict(x)
	return err
}

// park leaves an intent to its owner.
func (p *pushing) park(tx *localstore.Tx, in localstore.Intent, d conflict.Decision, why string) error {
	if err := tx.ParkIntent(in.ID, why); err != nil {
		return err
	}
	d.Action = conflict.Park
	return p.record(tx, in, conflict.Case{Answer: conflict.Ambiguous}, d)
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
			in := p.intents[w.Intent]
			d := conflict.Decide(conflict.Case{Policy: p.opt.Policy, Edit: conflict.Edit(in.Kind), Answer: conflict.TooLarge, Held: true})
			p.fails(in, w.Why)
			if err := p.park(tx, in, d, w.Why); err != nil {
				return err
			}
		}
		for _, u := range alone {
			if err := tx.ParkIntent(localstore.IntentID(u.Intent), "the mailbox does not store these flags; they stay here"); err != nil {
				return err
			}
		}
		return nil
	})
}
