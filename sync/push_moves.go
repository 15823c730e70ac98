package sync

import (
	"context"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/plan"
)

// place is where a message is now; its id is 0 where nobody knows.
type place struct {
	id    localstore.MessageID
	box   localstore.MailboxID
	uid   uint32
	flags string
	with  []localstore.MessageID // of a mailbox that is gone: what went with it
}

// where follows a message that vanished.
func (p *pushing) where(ctx context.Context, id localstore.MessageID) (place, error) {
	row, box, err := p.store.MovedTo(ctx, id)
	return place{id: row.ID, box: box, uid: row.UID, flags: row.Base}, err
}

// fate is what became of a message that vanished.
func (p *pushing) fate(in localstore.Intent, to place) conflict.Fate {
	box := p.boxes[in.Mailbox]
	switch {
	case to.id != 0:
		return conflict.MovedAway
	case !box.Detached && box.Generation != nil && box.Generation.ID != in.Message.Generation:
		return conflict.Unmatched // left over from before a UIDVALIDITY change: what is like it may be it
	case p.like[in.Message.ID]:
		return conflict.Lookalike
	}
	return conflict.Expunged
}

// elsewhere: a message that vanished may be in a mailbox that this run has not looked
// at. Nothing is decided about it before one has looked at all of them.
func (p *pushing) elsewhere(in localstore.Intent, to place) bool {
	return in.Vanished && to.id == 0 && !p.everywhere()
}

// everywhere: every mailbox that may hold mail has been looked at.
func (p *pushing) everywhere() bool {
	if p.opt.PushOnly || p.opt.Narrow {
		return false
	}
	for _, b := range p.boxes {
		if b.Selectable && !b.Detached && !b.Unborn && !p.looked[b.ID] && p.selected(b.ID, b.Name, b.Delim) {
			return false
		}
	}
	return true
}

// recognise pairs what vanished with what arrived: other clients' moves, which
// history keeps. What waits for a message follows it there.
func (r *run) recognise(ctx context.Context) error {
	if r.opt.DryRun || r.receipt.Vanished == 0 && !r.queued {
		return nil
	}
	gone, come, err := r.store.Traces(ctx, r.account, r.id, r.mark)
	if err != nil {
		return err
	}
	g, c := r.traces(gone), r.traces(come)
	clear(r.like)
	for _, id := range plan.Lookalikes(g, c) {
		r.like[localstore.MessageID(id)] = true
	}
	pairs := plan.Moves(g, c)
	if len(pairs) == 0 {
		return nil
	}
	return r.store.Update(ctx, func(tx *localstore.Tx) error {
		for _, x := range pairs {
			if err := tx.Moved(r.id, localstore.MessageID(x.From), localstore.MessageID(x.To)); err != nil {
				return err
			}
		}
		return nil
	})
}

// traces leaves out what this run has deleted itself.
func (r *run) traces(list []localstore.Trace) []plan.Trace {
	out := make([]plan.Trace, 0, len(list))
	for _, t := range list {
		if r.deleted[t.ID] {
			continue
		}
		out = append(out, plan.Trace{ID: int64(t.ID), ContentID: t.Identity,
			Fixed: plan.Fixed{Size: t.Size, Date: t.Date.Unix()}, Header: t.HeaderSHA256})
	}
	return out
}
