package sync

import (
	"context"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// edits changes flags, copies and moves in all mailboxes.
func (p *pushing) edits(ctx context.Context, c *remote.Conn) error {
	groups := byMailbox(p.steps(plan.OpStore, plan.OpCopy, plan.OpMove))
	if err := p.leave(ctx, groups); err != nil {
		return err
	}
	edits := make([]remote.Edits, len(groups))
	for i, steps := range groups {
		edits[i] = p.edit(steps)
	}
	if len(edits) == 0 {
		return nil
	}
	out, lost := c.Edit(ctx, edits, nil)
	for i, steps := range groups {
		if err := p.edited(ctx, steps, out[i]); err != nil {
			return err
		}
	}
	if lost != nil {
		return lost
	}
	return p.verify(ctx, c)
}

// byMailbox groups steps by the mailbox they are done in, in order.
func byMailbox(steps []plan.Step) (groups [][]plan.Step) {
	at := map[int64]int{}
	for _, s := range steps {
		i, ok := at[s.Mailbox]
		if !ok {
			i = len(groups)
			at[s.Mailbox], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], s)
	}
	return groups
}

// leave notes which copies and moves are about to be sent.
func (p *pushing) leave(ctx context.Context, groups [][]plan.Step) error {
	for _, s := range slices.Concat(groups...) {
		if s.Op == plan.OpStore {
			continue // doing it twice does nothing twice
		}
		if err := p.sent(ctx, p.boxes[localstore.MailboxID(s.Target)], s.Intents); err != nil {
			return err
		}
	}
	return nil
}

func (p *pushing) edit(steps []plan.Step) remote.Edits {
	box := p.boxes[localstore.MailboxID(steps[0].Mailbox)]
	e := remote.Edits{Raw: box.Raw, Known: map[imap.UID]remote.Fingerprint{}}
	if box.Generation != nil {
		e.UIDValidity = box.Generation.UIDValidity
	}
	for _, s := range steps {
		to := p.boxes[localstore.MailboxID(s.Target)].Raw
		switch s.Op {
		case plan.OpStore:
			e.Store = append(e.Store, remote.Change{UIDs: s.UIDs, Add: len(s.Add) > 0, Flags: slices.Concat(s.Add, s.Remove), UnchangedSince: s.UnchangedSince})
			for _, id := range s.Intents {
				row := p.intents[id].Message
				e.Known[uid(row)] = remote.Fingerprint{Size: row.Size, Date: row.Date}
			}
		case plan.OpCopy:
			e.Copy = append(e.Copy, remote.Relocation{UIDs: s.UIDs, To: to})
		case plan.OpMove:
			e.Move = append(e.Move, remote.Relocation{UIDs: s.UIDs, To: to})
		}
	}
	return e
}

// edited notes what became of the steps in one mailbox.
func (p *pushing) edited(ctx context.Context, steps []plan.Step, e remote.Edited) error {
	box := localstore.MailboxID(steps[0].Mailbox)
	if e.Err != nil {
		return p.unopened(ctx, steps, e.Err)
	}
	p.fact(box).permanent, p.fact(box).readOnly = e.Selected.PermanentFlags, e.Selected.ReadOnly
	return p.commit(ctx, func(tx *localstore.Tx) error {
		for _, s := range steps {
			var err error
			switch s.Op {
			case plan.OpStore:
				err = p.stored(tx, s, e.Stored[0])
				e.Stored = e.Stored[1:]
			case plan.OpCopy:
				err = p.relocated(tx, s, e.Copied[0])
				e.Copied = e.Copied[1:]
			case plan.OpMove:
				err = p.relocated(tx, s, e.Moved[0])
				e.Moved = e.Moved[1:]
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// unopened: nothing was done in a mailbox. One with another UIDVALIDITY is looked
// at again first.
func (p *pushing) unopened(ctx context.Context, steps []plan.Step, cause error) error {
	for _, s := range steps {
		if err := p.refused(ctx, cause, s.Intents...); err != nil {
			return err
		}
	}
	return nil
}

// stored notes new flags. What others changed meanwhile was left alone (I15): the
// next look merges it, and the next round sends what is left.
func (p *pushing) stored(tx *localstore.Tx, s plan.Step, st remote.Stored) error {
	var changes []localstore.FlagChange
	for _, id := range s.Intents {
		row := p.intents[id].Message
		switch {
		case st.Modified.Contains(uid(row)):
			continue
		case st.NotDone.Contains(uid(row)):
			if err := p.refuse(tx, id, st.Err); err != nil {
				return err
			}
			continue
		case !st.Done.Contains(uid(row)):
			continue
		}
		base := changed(p.flags(row), without(s.Add, st.Unkept), s.Remove)
		p.base[row.ID] = base
		changes = append(changes, localstore.FlagChange{ID: row.ID, Base: string(base), Local: row.Local})
		if base.Equal(conflict.Flags(row.Local)) && p.intents[id].Kind == localstore.IntentFlags {
			p.receipt.pushed(localstore.IntentFlags)
		}
	}
	return tx.SetFlags(p.run.id, changes)
}

// flags is what the server has on a message, as far as this round knows.
func (p *pushing) flags(row localstore.Row) conflict.Flags {
	if now, ok := p.base[row.ID]; ok {
		return now
	}
	return conflict.Flags(row.Base)
}

// relocated notes what became of copies and moves.
func (p *pushing) relocated(tx *localstore.Tx, s plan.Step, r remote.Relocated) error {
	for _, id := range s.Intents {
		in := p.intents[id]
		to, told := r.Map.To(uid(in.Message))
		var err error
		switch {
		case r.NotDone.Contains(uid(in.Message)):
			err = p.refuse(tx, id, r.Err)
		case !r.Done.Contains(uid(in.Message)):
			p.failed[id] = true // looked for in the next round
		case !told && len(r.Map) > 0: // it was not there any more
			p.failed[id] = true
			err = tx.IntentFailed(in.ID, "", time.Time{})
		case s.Verify:
			if told {
				p.found[id] = uint32(to)
			}
		default:
			err = p.end(tx, id, localstore.Outcome{UIDValidity: r.UIDValidity, UID: uint32(to), Flags: string(p.flags(in.Message))})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// changed is a set of flags after a store.
func changed(base conflict.Flags, add, remove []imap.Flag) conflict.Flags {
	return conflict.Canonical(without(append(base.List(), add...), remove))
}

// without returns the flags that are not among others.
func without(flags, others []imap.Flag) []imap.Flag {
	no := conflict.Canonical(others)
	return slices.DeleteFunc(slices.Clone(flags), no.Has)
}
