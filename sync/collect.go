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

// lane takes requests from the stock and asks one connection for them, mailbox
// after mailbox.
func (r *run) lane(ctx context.Context, c *remote.Conn, stock *stock) error {
	var rounds []*round
	var err error
	for n := 0; err == nil && stock.wait(ctx, n); {
		err = c.BodiesAll(ctx, func(yield func(remote.BodyVisit) bool) {
			for s := stock.at(n); s != nil; s = stock.at(n) {
				n++
				first, ok := stock.take(s, r.opt.swift(c))
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
	}
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
			for due, ok := first, true; ok; due, ok = stock.take(s, r.m.opt.swift(r.conn)) {
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
