package sync

import (
	"context"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

const (
	// maxPushRounds bounds how often a run plans, sends and looks again. One round
	// does nearly everything; a mailbox made, a flag that changed meanwhile, or an
	// answer that was lost, takes another.
	maxPushRounds = 12
	// maxIdleRounds bounds those in a row that bring nothing but a lost connection.
	maxIdleRounds = 4
)

// queue is what a run remembers of its pushes from one round to the next.
type queue struct {
	queued   bool             // something waits, or did when the run began
	mark     int64            // where history stood then
	stale    string           // why the store seems to be an older copy of itself
	outdated bool             // and nothing has shown yet that it does not matter
	last     localstore.RunID // the run before this one
	facts    map[localstore.MailboxID]*facts
	extra    map[localstore.MailboxID]bool // mailboxes that edits put mail into
	own      map[localstore.MessageID]bool // what shall leave, or may have left, at the owner's wish
	deleted  map[localstore.MessageID]bool // deleted by this run
	doubted  map[localstore.MessageID]bool // said to be gone, which the guard does not believe
	like     map[localstore.MessageID]bool // gone, and something like it came
	mine     map[localstore.MessageID]bool // found to be what was sent
	refusals map[int64]error               // answers that leave open what was done
	retried  map[int64]bool                // intents that were tried again at once
	modified map[int64]int                 // how often an intent met flags changed meanwhile
	absent   map[int64]int                 // how often what an intent brings was looked for in vain
	deaths   map[int64]int                 // connections lost over an intent and nothing else
	lost     error                         // why the last round did not come to its end
	strayed  error                         // why a further connection of it did not
	alone    bool                          // no further connections: one was lost
}

func newQueue() queue {
	return queue{
		facts: map[localstore.MailboxID]*facts{}, extra: map[localstore.MailboxID]bool{},
		own: map[localstore.MessageID]bool{}, deleted: map[localstore.MessageID]bool{},
		doubted: map[localstore.MessageID]bool{}, like: map[localstore.MessageID]bool{},
		mine: map[localstore.MessageID]bool{}, refusals: map[int64]error{}, retried: map[int64]bool{}, modified: map[int64]int{}, absent: map[int64]int{}, deaths: map[int64]int{},
	}
}

// pushing is one round of the second half of a run: what the owner did offline
// goes to the server.
type pushing struct {
	*run
	intents map[int64]localstore.Intent
	boxes   map[localstore.MailboxID]localstore.Mailbox
	known   []localstore.Conflict // listed already
	// vanished are the intents about messages that are gone.
	vanished map[localstore.MessageID][]localstore.Intent
	plan     plan.PushPlan
	failed   map[int64]bool                          // intents that were not carried out
	dying    []int64                                 // those under way when the connection was lost
	base     map[localstore.MessageID]conflict.Flags // what the server has since this round
	found    map[int64]uint32                        // moves whose copy is in the target already
	bound    map[localstore.MailboxID]uint32         // the highest UID that this round put there
	outrun   bool                                    // the store knows more than what was loaded
	touched  bool                                    // something was committed
	forward  bool                                    // and something was carried out
	unsure   bool                                    // something must be looked for once more
	stop     bool                                    // the rest is planned anew
}

// push carries out what waits, and looks at the outcome: afterwards mirror and
// server agree, as far as the server let them.
func (r *run) push(ctx context.Context) error {
	idle := 0
	for range maxPushRounds {
		p, err := r.nextPush(ctx)
		if err != nil || p == nil {
			return err
		}
		if r.opt.DryRun || p.plan.Empty() && !p.unsure {
			p.tell()
			return nil
		}
		if err := p.round(ctx, p.send); err != nil {
			return err
		}
		if idle++; p.forward || p.unsure {
			idle = 0
		}
		if !p.touched && !p.unsure && r.lost == nil || idle == maxIdleRounds {
			break
		}
	}
	return r.giveUp(ctx)
}

// round sends, then looks what came of it.
func (p *pushing) round(ctx context.Context, send func(context.Context, *remote.Conn) error) error {
	var err error
	if p.lost, err = p.attempt(ctx, send); err != nil {
		return err
	}
	p.lost, p.strayed = cause(p.lost, p.strayed), nil
	if p.lost != nil && !p.forward {
		if err := p.blame(ctx); err != nil {
			return err
		}
	}
	if p.unsure {
		if err := p.session.rest(ctx); err != nil {
			return err
		}
	}
	if !p.touched && !p.unsure && p.lost == nil {
		return nil
	}
	return p.lookAgain(ctx)
}

// attempt runs f on a connection, and not again when that is lost, which lost tells.
func (r *run) attempt(ctx context.Context, f func(context.Context, *remote.Conn) error) (lost, err error) {
	whole, err := r.once(ctx, func(ctx context.Context, c *remote.Conn) error {
		lost = f(ctx, c)
		return lost
	})
	if whole {
		lost = nil
	}
	return lost, err
}

// giveUp ends a push that has come to no end.
func (r *run) giveUp(ctx context.Context) error {
	p, err := r.nextPush(ctx)
	if err != nil || p == nil {
		return err
	}
	p.tell()
	if p.plan.Empty() {
		return nil
	}
	why := "the server does not let what was planned come to an end; the next run goes on"
	if r.lost != nil {
		why = reason(r.lost) + "; not everything was sent, the next run goes on"
	}
	r.receipt.Failures = append(r.receipt.Failures, Failure{Reason: why})
	r.observe(Event{Kind: Failed, Text: why})
	return nil
}

func (r *run) newPushing() *pushing {
	return &pushing{run: r, intents: map[int64]localstore.Intent{}, failed: map[int64]bool{}, base: map[localstore.MessageID]conflict.Flags{},
		found: map[int64]uint32{}, bound: map[localstore.MailboxID]uint32{}}
}

// nextPush settles and decides what can be, and plans the rest; nil when nothing
// waits.
func (r *run) nextPush(ctx context.Context) (*pushing, error) {
	p := r.newPushing()
	steps := []func(context.Context) error{p.load, p.settle, p.reload, p.decide, p.reload}
	if r.opt.DryRun || r.acct.ReadOnly {
		steps = steps[:1]
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
		if len(p.intents) == 0 {
			r.outdated = false
			return nil, nil
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
