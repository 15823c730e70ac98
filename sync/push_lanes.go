package sync

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// lanes are the appends of a round, parted by mailbox. Each mailbox is filled by one
// connection, so that what comes into it comes in order and behind what was noted of
// it (I19); while one connection waits for the store another sends.
type lanes struct {
	mu    sync.Mutex // around what a pushing remembers, too
	boxes [][]plan.Step
	lost  error // a further connection, over something
}

// newLanes begins with the mailboxes that take longest.
func newLanes(steps []plan.Step) *lanes {
	at, l := map[int64]int{}, &lanes{}
	for _, s := range steps {
		i, ok := at[s.Target]
		if !ok {
			i = len(l.boxes)
			at[s.Target], l.boxes = i, append(l.boxes, nil)
		}
		l.boxes[i] = append(l.boxes[i], s)
	}
	slices.SortStableFunc(l.boxes, func(a, b []plan.Step) int { return cmp.Compare(octets(b), octets(a)) })
	return l
}

func octets(steps []plan.Step) (n int64) {
	for _, s := range steps {
		n += s.Bytes
	}
	return n
}

// next is a mailbox that nobody fills yet; nil: none is left.
func (l *lanes) next() []plan.Step {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.boxes) == 0 {
		return nil
	}
	first := l.boxes[0]
	l.boxes = l.boxes[1:]
	return first
}

// alone runs f while no other lane touches what a pushing remembers.
func (l *lanes) alone(f func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return f()
}

// assistants is how many more connections are worth their logins.
func (p *pushing) assistants(l *lanes) int {
	if p.alone {
		return 0
	}
	var n int64
	for _, steps := range l.boxes {
		n += octets(steps)
	}
	return min(p.opt.connections()-1, len(l.boxes)-1, int(n/connectionPays))
}

// appends puts new messages on the server.
func (p *pushing) appends(ctx context.Context, c *remote.Conn) error {
	l := newLanes(p.steps(plan.OpAppend))
	var others sync.WaitGroup
	failed := make([]error, max(p.assistants(l), 0))
	dialing, enough := context.WithCancel(ctx)
	defer enough()
	for i := range failed {
		others.Go(func() { failed[i] = p.assist(ctx, dialing, l) })
	}
	err := p.lane(ctx, c, l)
	enough()
	others.Wait()
	if p.strayed = l.lost; l.lost != nil {
		p.alone = true
	}
	return cause(append(failed, err)...)
}

// assist fills mailboxes over a connection of its own. When that is refused or lost,
// the others go on, and this run does without.
func (p *pushing) assist(ctx, dialing context.Context, l *lanes) error {
	err := p.further(ctx, dialing, func(c *remote.Conn) error { return p.lane(ctx, c, l) })
	if err == nil || p.ends(ctx, err) {
		return err
	}
	return l.alone(func() error {
		l.lost = err
		return nil
	})
}

// lane fills mailbox after mailbox.
func (p *pushing) lane(ctx context.Context, c *remote.Conn, l *lanes) error {
	for steps := l.next(); steps != nil; steps = l.next() {
		for _, s := range steps {
			for _, s := range p.portions(s) {
				if err := p.append(ctx, c, l, s); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
