package sync

import (
	"context"
	"fmt"

	"mailstow/sync/plan"
)

const (
	// blameAfter is how often the connection may die on one message alone.
	blameAfter = 2
	// maxStreak is how many messages in a row may be blamed before the server
	// is: it dies on everything.
	maxStreak = 3
)

// poison finds the message that kills the connection: a server that crashes on
// it, or a proxy that cuts it, would else stop every run at the same place.
type poison struct {
	limit  int            // messages per request, halved by every loss
	deaths map[uint32]int // losses with that message alone
	streak int            // messages blamed since the last answer
}

func newPoison() poison { return poison{limit: plan.BatchMessages, deaths: map[uint32]int{}} }

// suspects reports whether requests must be sent one at a time, to see which of
// them the connection dies on.
func (p *poison) suspects() bool { return p.limit < plan.BatchMessages }

// survived notes an answered request.
func (p *poison) survived() {
	p.limit = min(p.limit*2, plan.BatchMessages)
	p.streak = 0
}

// advanced notes that part of a message came and is kept.
func (p *poison) advanced(uid uint32) {
	delete(p.deaths, uid)
	p.streak = 0
}

// died notes a request during which the connection was lost. It reports
// whether that is a step towards the culprit, and whether it is found.
func (p *poison) died(batch []plan.Due) (step, found bool) {
	if len(batch) > 1 {
		p.limit = len(batch) / 2
		return true, false
	}
	uid := batch[0].UID
	p.limit = 1
	p.deaths[uid]++
	if p.deaths[uid] < blameAfter {
		return false, false
	}
	p.streak++
	return p.streak < maxStreak, true
}

// blame narrows down which message the connection dies on and sets it aside
// when it is found; err is returned, for the session to connect again.
func (f *fetcher) blame(ctx context.Context, batch []plan.Due, err error) error {
	step, found := f.m.poison.died(batch)
	if found {
		why := fmt.Sprintf("the connection was lost %d times while it was fetched: %v", blameAfter, err)
		if err := f.aside(ctx, batch[0], why); err != nil {
			return err
		}
	}
	if step {
		f.m.session.progress()
	}
	return err
}
