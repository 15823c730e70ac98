package sync

import (
	"context"
	"errors"
	"iter"
	"sync"

	"mailstow/sync/plan"
)

// stock is what is missing in some mailboxes, for all connections to take from. It
// grows while mailboxes are listed.
type stock struct {
	mu    sync.Mutex
	list  []*supply
	whole bool          // nothing is added any more
	swift bool          // mail is known to come fast on one of the connections
	grown chan struct{} // closed when something is, or when it is whole
}

func newStock() *stock { return &stock{grown: make(chan struct{})} }

// supply is what is missing in one mailbox: requests, made as they are taken.
type supply struct {
	m    *mailbox
	next func() ([]plan.Due, bool)
	stop func()
	f    *fetcher // leaves out what is held already
	open int      // connections whose requests are not all answered
	err  error
}

// offer adds what is missing in a mailbox that is listed.
func (k *stock) offer(ctx context.Context, m *mailbox) error {
	if m.done || !m.listed || m.gen == nil {
		return nil
	}
	n, err := m.expect(ctx)
	if err != nil {
		return err
	}
	if m.asked, m.done = true, n == 0; n > 0 {
		k.grow(m.supply(ctx))
	}
	return nil
}

func (k *stock) grow(more ...*supply) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.list, k.whole = append(k.list, more...), len(more) == 0
	close(k.grown)
	k.grown = make(chan struct{})
}

// complete tells that nothing is added any more.
func (k *stock) complete() { k.grow() }

// at returns the n-th mailbox; nil when there are fewer so far.
func (k *stock) at(n int) *supply {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n < len(k.list) {
		return k.list[n]
	}
	return nil
}

// wait waits for the n-th mailbox and reports whether there is one.
func (k *stock) wait(ctx context.Context, n int) bool {
	for {
		k.mu.Lock()
		there, whole, grown := n < len(k.list), k.whole, k.grown
		k.mu.Unlock()
		if there || whole {
			return there
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return false
		}
	}
}

func (m *mailbox) supply(ctx context.Context) *supply {
	s := &supply{m: m, f: &fetcher{m: m, out: m.writer}}
	s.next, s.stop = iter.Pull(func(yield func([]plan.Due) bool) {
		s.err = s.f.missing(ctx, func(batches [][]plan.Due) error { return s.give(ctx, batches, yield) })
	})
	return s
}

// give yields requests, and large messages ahead of them as soon as that is wise.
func (s *supply) give(ctx context.Context, batches [][]plan.Due, yield func([]plan.Due) bool) error {
	for _, due := range batches {
		err := s.f.overdue(ctx, func(late [][]plan.Due) error { return s.give(ctx, late, yield) })
		if err != nil {
			return err
		}
		if !yield(due) {
			return errFound
		}
	}
	return nil
}

// take returns the next request for a mailbox. swift and slow are what is known of how
// mail comes to whoever asks; that it comes fast to one holds for all that do not know.
func (k *stock) take(s *supply, swift, slow bool) ([]plan.Due, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.swift = k.swift || swift
	s.f.swift = k.swift && !slow
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
		_, more := k.take(s, false, true)
		s.stop()
		s.m.done = !more && s.open == 0 && !s.f.putOff && s.err == nil
		if !errors.Is(s.err, errFound) {
			failed = errors.Join(failed, s.err)
		}
	}
	return failed
}
