package sync

import (
	"context"
	"errors"
	"iter"
	"sync"

	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// DefaultConnections is how many connections download at a time unless the account
// says otherwise. Requests are pipelined, so that more of them help only where the
// server or the path gives each connection a share of its own, or where TLS keeps a
// processor busy; see BenchmarkConnections.
const DefaultConnections = 2

// connectionPays is how many octets must be missing for another connection to be
// worth its login.
const connectionPays = 16 << 20

// stock is what is missing in some mailboxes, for all connections to take from.
type stock struct {
	mu   sync.Mutex
	list []*supply
}

// supply is what is missing in one mailbox: requests, made as they are taken.
type supply struct {
	m    *mailbox
	next func() ([]plan.Due, bool)
	stop func()
	f    *fetcher // leaves out what is held already
	open int      // connections whose requests are not all answered
	err  error
}

// stock lists what is missing in the mailboxes that are listed; nil: nothing.
func (r *run) stock(ctx context.Context, boxes []*mailbox) (*stock, error) {
	all := &stock{}
	for _, m := range boxes {
		if m.done || m.settled || m.gen == nil {
			continue
		}
		n, err := m.expect(ctx)
		if err != nil {
			return nil, err
		}
		if m.asked, m.done = true, n == 0; n > 0 {
			all.list = append(all.list, m.supply(ctx))
		}
	}
	return all, nil
}

func (m *mailbox) supply(ctx context.Context) *supply {
	s := &supply{m: m, f: &fetcher{m: m, out: m.writer}}
	s.next, s.stop = iter.Pull(func(yield func([]plan.Due) bool) {
		s.err = s.f.missing(ctx, func(batches [][]plan.Due) error {
			for _, due := range batches {
				if !yield(due) {
					return errFound
				}
			}
			return nil
		})
	})
	return s
}

// take returns the next request for a mailbox.
func (k *stock) take(s *supply) ([]plan.Due, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return s.next()
}

// opened counts connections whose answers from a mailbox are to come.
func (k *stock) opened(s *supply, n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s.open += n
}

// close ends the supplies. A mailbox of which everything was had is done.
func (k *stock) close() (failed error) {
	for _, s := range k.list {
		_, more := k.take(s)
		s.stop()
		s.m.done = !more && s.open == 0 && !s.f.putOff && s.err == nil
		if !errors.Is(s.err, errFound) {
			failed = errors.Join(failed, s.err)
		}
	}
	return failed
}

// collect downloads the stock, over several connections where that pays. What was
// refused or not answered is left to visits of the mailboxes one by one.
func (r *run) collect(ctx context.Context, stock *stock) error {
	var others sync.WaitGroup
	failed := make([]error, r.helpers(), 2+r.helpers())
	dialing, enough := context.WithCancel(ctx) // nobody waits for a connection that is of no more use
	defer enough()
	for i := range failed {
		others.Go(func() { failed[i] = r.help(ctx, dialing, stock) })
	}
	_, err := r.once(ctx, func(ctx context.Context, c *remote.Conn) error { return r.lane(ctx, c, stock) })
	enough()
	others.Wait()
	return cause(append(failed, err, stock.close())...)
}

// cause is the error that explains the others: who fails for a reason of his own
// ends the context of all.
func cause(errs ...error) (first error) {
	for _, err := range errs {
		if first == nil || err != nil && remote.ClassOf(first) == remote.Canceled {
			first = err
		}
	}
	return first
}

// helpers is how many more connections are worth it.
func (r *run) helpers() int {
	return min(r.opt.connections()-1, int(r.counter.missing()/connectionPays))
}

// help downloads on a connection of its own. Servers limit how many there may be:
// when this one is refused or lost, the others do its work.
func (r *run) help(ctx, dialing context.Context, stock *stock) error {
	c, err := r.acct.Dial(dialing)
	if err != nil {
		if dialing.Err() == nil {
			r.observe(Event{Kind: Note, Text: "no further connection: " + err.Error()})
		}
		return nil
	}
	err = r.lane(ctx, c, stock)
	if err == nil {
		leave(ctx, c)
	}
	r.session.count(c)
	c.Close()
	if r.ends(ctx, err) {
		return err
	}
	return nil
}

// lane takes requests from the stock and asks one connection for them, mailbox
// after mailbox.
func (r *run) lane(ctx context.Context, c *remote.Conn, stock *stock) error {
	var rounds []*round
	err := c.BodiesAll(ctx, func(yield func(remote.BodyVisit) bool) {
		for _, s := range stock.list {
			first, ok := stock.take(s)
			if !ok {
				continue
			}
			round := (&fetcher{m: s.m, conn: c, out: r.writer, shared: true}).newRound(nil)
			rounds = append(rounds, round)
			if !yield(round.visit(ctx, stock, s, first)) {
				return
			}
		}
	})
	var failed []error
	for _, round := range rounds {
		round.abandon(ctx)
		failed = append(failed, round.own)
	}
	return cause(append(failed, err)...)
}

// visit is what one connection asks of a mailbox.
func (r *round) visit(ctx context.Context, stock *stock, s *supply, first []plan.Due) remote.BodyVisit {
	stock.opened(s, 1)
	return remote.BodyVisit{Raw: r.m.info.Raw, UIDValidity: r.m.gen.UIDValidity,
		Sets: func(yield func(remote.BodySet) bool) {
			for due, ok := first, true; ok; due, ok = stock.take(s) {
				if !yield(r.add(due)) {
					return
				}
			}
		},
		Fn:       r.take,
		Answered: func(set int, err error) error { return r.answered(ctx, set, err) },
		Done: func(err error) error {
			if err == nil && len(r.refused)+len(r.unanswered) == 0 {
				stock.opened(s, -1)
			}
			return nil
		},
	}
}
