package sync

import (
	"context"
	"slices"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// send carries the plan out, step after step. Each outcome is committed before the
// next step begins; one that stays unknown is found out by looking (I19).
func (p *pushing) send(ctx context.Context, c *remote.Conn) error {
	for _, phase := range []func(context.Context, *remote.Conn) error{p.names, p.appends, p.edits, p.erases, p.removals} {
		if err := phase(ctx, c); err != nil || p.stop {
			return err
		}
	}
	return nil
}

// steps returns those of some kinds that nothing failed stands in the way of.
func (p *pushing) steps(ops ...plan.Op) (out []plan.Step) {
	for _, s := range p.plan.Steps {
		if slices.Contains(ops, s.Op) && !slices.ContainsFunc(s.Needs, func(id int64) bool { return p.failed[id] }) {
			out = append(out, s)
		}
	}
	return out
}

// names makes and renames mailboxes and sets subscriptions. What is made must be
// looked at before anything is put into it.
func (p *pushing) names(ctx context.Context, c *remote.Conn) error {
	for _, s := range p.steps(plan.OpCreate, plan.OpRename, plan.OpSubscribe, plan.OpUnsubscribe) {
		box := p.boxes[localstore.MailboxID(s.Mailbox)]
		var err error
		switch s.Op {
		case plan.OpCreate:
			err = c.Create(ctx, s.Name, box.Role)
		case plan.OpRename:
			err = c.Rename(ctx, box.Raw, s.Name)
		case plan.OpSubscribe:
			err = c.Subscribe(ctx, box.Raw)
		case plan.OpUnsubscribe:
			err = c.Unsubscribe(ctx, box.Raw)
		}
		if err := p.one(ctx, s, err); err != nil {
			return err
		}
		p.stop = p.stop || s.Op == plan.OpCreate || s.Op == plan.OpRename
		if s.Op == plan.OpRename { // the next may start from the names this one gave
			if err := p.load(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// removals take mailboxes away whose mail the mirror has.
func (p *pushing) removals(ctx context.Context, c *remote.Conn) error {
	for _, s := range p.steps(plan.OpRemove) {
		if err := p.one(ctx, s, c.Delete(ctx, p.boxes[localstore.MailboxID(s.Mailbox)].Raw)); err != nil {
			return err
		}
	}
	return nil
}

// one notes the outcome of a step that is one command.
func (p *pushing) one(ctx context.Context, s plan.Step, err error) error {
	switch remote.ClassOf(err) {
	case remote.Refused:
		return p.refused(ctx, err, s.Intents...)
	case remote.Other:
		if err == nil {
			return p.done(ctx, s.Intents[0], localstore.Outcome{})
		}
	}
	return err // the list tells next time whether it was done
}

// done notes that the server has carried an intent out.
func (p *pushing) done(ctx context.Context, id int64, o localstore.Outcome) error {
	return p.commit(ctx, func(tx *localstore.Tx) error {
		return p.end(tx, id, o)
	})
}

// end is done within a transaction.
func (p *pushing) end(tx *localstore.Tx, id int64, o localstore.Outcome) error {
	p.receipt.pushed(p.intents[id].Kind)
	return tx.IntentDone(p.run.id, localstore.IntentID(id), o)
}

// commit is a transaction that makes progress.
func (p *pushing) commit(ctx context.Context, fn func(*localstore.Tx) error) error {
	if err := p.store.Update(ctx, fn); err != nil {
		return err
	}
	p.touched = true
	p.session.progress()
	return nil
}

// sent notes, before commands leave, that they do and what the target was like
// (I19).
func (p *pushing) sent(ctx context.Context, target localstore.Mailbox, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	var uidvalidity, uidnext uint32
	if g := target.Generation; g != nil {
		uidvalidity, uidnext = g.UIDValidity, g.Cursor.UIDNext
	}
	return p.store.Edit(ctx, func(tx *localstore.Tx) error {
		return tx.IntentSent(intentIDs(ids), uidvalidity, uidnext)
	})
}

func intentIDs(ids []int64) []localstore.IntentID {
	out := make([]localstore.IntentID, len(ids))
	for i, id := range ids {
		out[i] = localstore.IntentID(id)
	}
	return out
}
