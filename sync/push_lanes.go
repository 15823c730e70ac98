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
	boxes []filling
	lost  error // a further connection, over something
}

// filling is what goes into one mailbox.
type filling struct {
	octets int64
	fill   func(context.Context, *remote.Conn, *lanes) error
}

// newLanes begins with the mailboxes that take longest.
func newLanes(boxes []filling) *lanes {
	slices.SortStableFunc(boxes, func(a, b filling) int { return cmp.Compare(b.octets, a.octets) })
	return &lanes{boxes: boxes}
}

// fillings are the steps of a plan.
func (p *pushing) fillings() (boxes []filling) {
	var parts [][]plan.Step
	at := map[int64]int{}
	for _, s := range p.steps(plan.OpAppend) {
		i, ok := at[s.Target]
		if !ok {
			i = len(parts)
			at[s.Target], parts = i, append(parts, nil)
		}
		parts[i] = append(parts[i], s)
	}
	for _, steps := range parts {
		f := filling{fill: func(ctx context.Context, c *remote.Conn, l *lanes) error { return p.follow(ctx, c, l, steps) }}
		for _, s := range steps {
			f.octets += s.Bytes
		}
		boxes = append(boxes, f)
	}
	return boxes
}

// next is a mailbox that nobody fills yet.
func (l *lanes) next() (first filling, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.boxes) == 0 {
		return first, false
	}
	first, l.boxes = l.boxes[0], l.boxes[1:]
	return first, true
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
	for _, b := range l.boxes {
		n += b.octets
	}
	return min(p.opt.connections()-1, len(l.boxes)-1, int(n/connectionPays))
}

// appends puts new messages on the server.
func (p *pushing) appends(ctx context.Context, c *remote.Conn) error {
	return p.fill(ctx, c, newLanes(p.fillings()))
}

// fill is done over several connections where that pays.
func (p *pushing) fill(ctx context.Context, c *remote.Conn, l *lanes) error {
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
	for box, ok := l.next(); ok; box, ok = l.next() {
		if err := box.fill(ctx, c, l); err != nil {
			return err
		}
	}
	return nil
}

// follow carries out the steps of one mailbox.
func (p *pushing) follow(ctx context.Context, c *remote.Conn, l *lanes, steps []plan.Step) error {
	for _, s := range steps {
		for _, s := range p.portions(s) {
			if err := p.append(ctx, c, l, s); err != nil {
				return err
			}
		}
	}
	return nil
}
