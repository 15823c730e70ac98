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

// steps returns those of some kinds that nothing failed stands in the way of; what
// the others were for has failed with it (I22).
func (p *pushing) steps(ops ...plan.Op) (out []plan.Step) {
	for _, s := range p.plan.Steps {
		if !slices.Contains(ops, s.Op) {
			continue
		}
		if slices.ContainsFunc(s.Needs, func(id int64) bool { return p.failed[id] }) {
			p.fails(s.Intents)
			continue
		}
		out = append(out, s)
	}
	return out
}

func (p *pushing) fails(ids []int64) {
	for _, id := range ids {
		p.failed[id] = true
	}
}

// done notes that the server has carried an intent out.
func (p *pushing) done(ctx context.Context, id int64, o localstore.Outcome) error {
	return p.commit(ctx, func(tx *localstore.Tx) error {
		return p.end(tx, id, o)
	})
}

// end is done within a transaction.
func (p *pushing) end(tx *localstore.Tx, id int64, o localstore.Outcome) error {
	in := p.intents[id]
	p.ended(in, o)
	return tx.IntentDone(p.run.id, in.ID, o)
}

// ended counts an intent that was carried out.
func (p *pushing) ended(in localstore.Intent, o localstore.Outcome) {
	p.forward = true
	if in.State != localstore.Done { // else it was counted when the server took it
		p.receipt.pushed(in.Kind)
	}
	if in.Kind == localstore.IntentExpunge {
		p.deleted[in.Message.ID] = true
	}
	p.bound[in.Target] = max(p.bound[in.Target], o.UID)
}

// commit is a transaction that makes progress.
func (p *pushing) commit(ctx context.Context, fn func(*localstore.Tx) error) error {
	if err := p.store.Update(ctx, fn); err != nil {
		return err
	}
	p.touched = true
	if p.forward {
		p.session.progress()
	}
	return nil
}

// sent notes, before commands leave, that they do and what the targets were like
// (I19).
func (p *pushing) sent(ctx context.Context, steps ...plan.Step) error {
	if len(steps) == 0 {
		return nil
	}
	return p.store.Edit(ctx, func(tx *localstore.Tx) error {
		for _, s := range steps {
			uidvalidity, uidnext := p.before(localstore.MailboxID(s.Target))
			if err := tx.IntentSent(intentIDs(s.Intents), uidvalidity, uidnext); err != nil {
				return err
			}
		}
		return nil
	})
}

// before is what a mailbox is like: its UIDVALIDITY, and the UID from which on lies
// what comes into it now.
func (p *pushing) before(id localstore.MailboxID) (uidvalidity, uidnext uint32) {
	g := p.boxes[id].Generation
	if g == nil {
		return 0, 0
	}
	return g.UIDValidity, max(g.Cursor.UIDNext, uint32(next(g.Cursor.Listed)), uint32(next(p.bound[id])))
}

func intentIDs(ids []int64) []localstore.IntentID {
	out := make([]localstore.IntentID, len(ids))
	for i, id := range ids {
		out[i] = localstore.IntentID(id)
	}
	return out
}
