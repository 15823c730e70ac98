package sync

import (
	"context"
	"slices"

	"github.com/emersion/go-imap/v2"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// edits changes flags, copies and moves in all mailboxes. Copies are known to be
// there before the originals go (I22).
func (p *pushing) edits(ctx context.Context, c *remote.Conn) error {
	todo := p.steps(plan.OpStore, plan.OpCopy, plan.OpMove)
	for len(todo) > 0 {
		now, later := ready(todo)
		if err := p.change(ctx, c, now); err != nil {
			return err
		}
		todo = slices.DeleteFunc(later, p.needs)
	}
	return p.verify(ctx, c)
}

// ready parts steps into those that can be sent together, and those that need some of
// them done.
func ready(steps []plan.Step) (now, later []plan.Step) {
	pending := map[int64]bool{}
	for _, s := range steps {
		for _, id := range s.Intents {
			pending[id] = true
		}
	}
	for _, s := range steps {
		if slices.ContainsFunc(s.Needs, func(id int64) bool { return pending[id] }) {
			later = append(later, s)
		} else {
			now = append(now, s)
		}
	}
	if len(now) == 0 {
		return later, nil
	}
	return now, later
}

func (p *pushing) change(ctx context.Context, c *remote.Conn, steps []plan.Step) error {
	leaving := slices.DeleteFunc(slices.Clone(steps), func(s plan.Step) bool { return s.Op == plan.OpStore }) // twice is as once
	if err := p.sent(ctx, leaving...); err != nil {
		return err
	}
	return p.inMailboxes(ctx, c, steps, p.edit, p.edited)
}

func (p *pushing) edit(steps []plan.Step) remote.Edits {
	e := p.within(steps)
	e.Known, e.Confirm = map[imap.UID]remote.Fingerprint{}, true
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

// within names the mailbox that steps are done in.
func (p *pushing) within(steps []plan.Step) remote.Edits {
	box := p.boxes[localstore.MailboxID(steps[0].Mailbox)]
	e := remote.Edits{Raw: box.Raw}
	if box.Generation != nil {
		e.UIDValidity = box.Generation.UIDValidity
	}
	return e
}

// edited notes what became of the steps in one mailbox.
func (p *pushing) edited(tx *localstore.Tx, steps []plan.Step, e remote.Edited) error {
	p.opened(steps, e)
	if e.Err != nil {
		return p.unopened(tx, steps, e.Err)
	}
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
}

// opened notes what SELECT said of a mailbox, for the rounds to come.
func (p *pushing) opened(steps []plan.Step, e remote.Edited) {
	if e.Selected.UIDValidity == 0 {
		return // not reached
	}
	f := p.fact(localstore.MailboxID(steps[0].Mailbox))
	f.permanent, f.readOnly = e.Selected.PermanentFlags, e.Selected.ReadOnly
}

// unopened: nothing was done in a mailbox.
func (p *pushing) unopened(tx *localstore.Tx, steps []plan.Step, cause error) error {
	var ids []int64
	for _, s := range steps {
		for _, id := range s.Intents {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return p.refuseAll(tx, cause, ids)
}
