package sync

import (
	"context"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// names makes and renames mailboxes and sets subscriptions. What is made must be
// looked at before anything is put into it.
func (p *pushing) names(ctx context.Context, c *remote.Conn) error {
	for _, s := range p.steps(plan.OpCreate, plan.OpRename, plan.OpSubscribe, plan.OpUnsubscribe) {
		if p.failed[s.Intents[0]] || p.needs(s) {
			continue
		}
		if err := p.name(ctx, c, s); err != nil {
			return err
		}
		p.stop = p.stop || s.Op == plan.OpCreate || s.Op == plan.OpRename
	}
	return nil
}

// needs reports whether something that a step needs has failed meanwhile.
func (p *pushing) needs(s plan.Step) bool {
	for _, id := range s.Needs {
		if p.failed[id] {
			p.fails(s.Intents)
			return true
		}
	}
	return false
}

func (p *pushing) name(ctx context.Context, c *remote.Conn, s plan.Step) error {
	box := p.boxes[localstore.MailboxID(s.Mailbox)]
	switch s.Op {
	case plan.OpCreate:
		return p.one(ctx, s, c.Create(ctx, s.Name, box.Role))
	case plan.OpSubscribe:
		return p.one(ctx, s, c.Subscribe(ctx, box.Raw))
	case plan.OpUnsubscribe:
		return p.one(ctx, s, c.Unsubscribe(ctx, box.Raw))
	}
	if err := p.sent(ctx, s); err != nil {
		return err
	}
	if err := p.one(ctx, s, c.Rename(ctx, box.Raw, s.Name)); err != nil {
		return err
	}
	return p.loadBoxes(ctx) // what lies below has other names, too
}

// removals take mailboxes away whose mail the mirror has.
func (p *pushing) removals(ctx context.Context, c *remote.Conn) error {
	for _, s := range p.steps(plan.OpRemove) {
		if p.needs(s) {
			continue
		}
		if err := p.remove(ctx, c, s); err != nil {
			return err
		}
	}
	return nil
}

// remove looks once more: mail that came meanwhile must not go unseen.
func (p *pushing) remove(ctx context.Context, c *remote.Conn, s plan.Step) error {
	box := p.boxes[localstore.MailboxID(s.Mailbox)]
	now, err := c.Examine(ctx, box.Raw)
	if err == nil && !asKnown(box.Generation, now) {
		p.touched = true // the next look shows what happened
		p.fails(s.Intents)
		return nil
	}
	if err == nil {
		err = c.Delete(ctx, box.Raw)
	}
	return p.one(ctx, s, err)
}

// asKnown reports whether nothing came into a mailbox since it was looked at.
func asKnown(g *localstore.Generation, now remote.Selected) bool {
	if g == nil {
		return now.Messages == 0
	}
	return now.UIDValidity == g.UIDValidity && uint32(now.UIDNext) <= max(g.Cursor.UIDNext, uint32(next(g.Cursor.Listed))) &&
		now.Messages <= g.Cursor.Messages
}

// one notes the outcome of a step that is one command.
func (p *pushing) one(ctx context.Context, s plan.Step, err error) error {
	switch {
	case err == nil:
		return p.done(ctx, s.Intents[0], localstore.Outcome{})
	case remote.ClassOf(err) == remote.Refused:
		return p.refused(ctx, err, s.Intents...)
	}
	p.dying = append(p.dying, s.Intents...)
	return err // the list tells next time whether it was done
}
