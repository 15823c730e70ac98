package sync

import (
	"context"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// maxPushRounds bounds how often a run plans, sends and looks again. One round
// does nearly everything; a mailbox made, a flag that changed meanwhile, or an
// answer that was lost, takes another.
const maxPushRounds = 8

// pushing is one round of the second half of a run: what the owner did offline
// goes to the server.
type pushing struct {
	*run
	intents map[int64]localstore.Intent
	boxes   map[localstore.MailboxID]localstore.Mailbox
	plan    plan.PushPlan
	failed  map[int64]bool                          // intents that were not carried out
	base    map[localstore.MessageID]conflict.Flags // what the server has since this round
	found   map[int64]uint32                        // moves whose copy is in the target already
	touched bool                                    // something was committed
	stop    bool                                    // the rest is planned anew
}

// push carries out what waits, and looks at the outcome: afterwards mirror and
// server agree, as far as the server let them.
func (r *run) push(ctx context.Context) error {
	for range maxPushRounds {
		p, err := r.nextPush(ctx)
		if err != nil || p == nil {
			return err
		}
		if r.opt.DryRun || p.plan.Empty() {
			return p.tell(ctx)
		}
		whole, err := r.once(ctx, p.send)
		if err != nil {
			return err
		}
		if whole && !p.touched {
			return p.tell(ctx)
		}
		if err := r.lookAgain(ctx); err != nil {
			return err
		}
	}
	return nil
}

// nextPush settles and decides what can be, and plans the rest; nil when nothing
// waits.
func (r *run) nextPush(ctx context.Context) (*pushing, error) {
	p := &pushing{run: r, failed: map[int64]bool{}, base: map[localstore.MessageID]conflict.Flags{}, found: map[int64]uint32{}}
	for _, step := range []func(context.Context) error{p.load, p.settle, p.decide, p.load} {
		if err := step(ctx); err != nil || len(p.intents) == 0 {
			return nil, err
		}
	}
	caps, err := r.caps(ctx)
	if err != nil {
		return nil, err
	}
	in, err := p.input(ctx, caps)
	if err != nil {
		return nil, err
	}
	p.plan = plan.Push(in)
	return p, p.aside(ctx)
}

// load reads the queue and the mailboxes.
func (p *pushing) load(ctx context.Context) error {
	p.intents, p.boxes = map[int64]localstore.Intent{}, map[localstore.MailboxID]localstore.Mailbox{}
	err := p.store.Intents(ctx, p.account, func(in localstore.Intent) error {
		p.intents[int64(in.ID)] = in
		return nil
	})
	if err != nil || len(p.intents) == 0 {
		return err
	}
	boxes, err := p.store.Mailboxes(ctx, p.account)
	for _, b := range boxes {
		p.boxes[b.ID] = b
	}
	return err
}

// caps is what the server offers for a push.
func (r *run) caps(ctx context.Context) (caps plan.Caps, err error) {
	err = r.session.do(ctx, func(ctx context.Context, c *remote.Conn) error {
		caps = plan.Caps{UIDPlus: c.Has("UIDPLUS"), Move: c.Has("MOVE"), CondStore: c.Has("CONDSTORE"), AppendLimit: c.AppendLimit()}
		return nil
	})
	return caps, err
}

// lookAgain brings the mirror up to date with what was sent.
func (r *run) lookAgain(ctx context.Context) error {
	r.again = true
	boxes, err := r.mailboxes(ctx)
	if err != nil {
		return err
	}
	return r.each(ctx, boxes)
}
