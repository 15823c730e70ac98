package sync

import (
	"context"

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

// listingAhead is how many octets the connection that lists asks for in the same flight
// when others could have them at once, or it is needed elsewhere behind it: enough for
// it to go on without a pause, were it a fast and distant one.
const listingAhead = 4 << 20

// lane takes requests from the stock and asks one connection for them, mailbox
// after mailbox.
type lane struct {
	run     *run
	conn    *remote.Conn
	stock   *stock
	at      int // the mailbox in the stock to look at next
	rounds  []*round
	crew    *crew // whose mailboxes the connection lists as well; nil: none
	listing int   // of these, those that it is yet to list
	alone   bool  // some others are to be visited alone when that is done
	asked   int64 // octets
}

func (r *run) newLane(c *remote.Conn, stock *stock) *lane {
	return &lane{run: r, conn: c, stock: stock}
}

// leaves reports whether what is in the stock is left to others, or for later.
func (l *lane) leaves() bool {
	return (l.alone || l.listing > 0 && l.crew.hired > 0) && l.asked >= listingAhead
}

// over reports whether that holds for the rest of the flight.
func (l *lane) over() bool { return l.listing == 0 && l.leaves() }

// next is what is asked of one more mailbox; nil when nothing is to be had so far.
func (l *lane) next(ctx context.Context) *remote.BodyVisit {
	for !l.leaves() {
		s := l.stock.at(l.at)
		if s == nil {
			break
		}
		if first, ok := l.take(s); ok {
			round := (&fetcher{m: s.m, conn: l.conn, out: l.run.writer, shared: true}).newRound(nil)
			l.rounds = append(l.rounds, round)
			return l.visit(ctx, round, s, first)
		}
		l.at++
	}
	return nil
}

// work empties the stock.
func (l *lane) work(ctx context.Context) (err error) {
	for err == nil && l.stock.wait(ctx, l.at) {
		err = l.conn.BodiesAll(ctx, func(yield func(*remote.BodyVisit) bool) {
			for v := l.next(ctx); v != nil && yield(v); v = l.next(ctx) {
			}
		})
	}
	return l.end(ctx, err)
}

// end gives up what was not answered; err is how the flight ended.
func (l *lane) end(ctx context.Context, err error) error {
	var failed []error
	for _, round := range l.rounds {
		round.abandon(ctx)
		failed = append(failed, round.own)
	}
	return cause(append(failed, err)...)
}

// visit is what one connection asks of a mailbox.
func (l *lane) visit(ctx context.Context, r *round, s *supply, first []plan.Due) *remote.BodyVisit {
	l.stock.opened(s, 1)
	l.conn.Expect(l.run.counter.missing())
	return &remote.BodyVisit{Raw: r.m.info.Raw, UIDValidity: r.m.gen.UIDValidity, Usual: plan.FetchBytes,
		Sets: func(yield func(remote.BodySet) bool) {
			for due, ok := first, true; ok; due, ok = l.take(s) {
				set := r.add(due)
				l.asked += max(set.Size, usualSize)
				if !yield(set) {
					return
				}
			}
		},
		Fn:       r.take,
		Answered: func(set int, err error) error { return r.answered(ctx, set, err) },
		Done: func(err error) error {
			if err == nil && len(r.refused)+len(r.unanswered) == 0 {
				l.stock.opened(s, -1)
			}
			return nil
		},
	}
}

// take is the next request for a mailbox.
func (l *lane) take(s *supply) ([]plan.Due, bool) {
	if l.leaves() {
		return nil, false
	}
	swift, slow := l.run.opt.pace(l.conn)
	return l.stock.take(s, swift, slow)
}
