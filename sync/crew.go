package sync

import (
	"context"
	"sync"

	"mailstow/sync/remote"
)

// crew are the connections that download besides the run's own. They begin while that
// still lists: nobody waits for the last mailbox to have mail of the first one.
type crew struct {
	run     *run
	stock   *stock
	ctx     context.Context
	dialing context.Context // nobody waits for a connection that is of no more use
	enough  func()          // ends dialing
	stop    func()          // ends all
	group   sync.WaitGroup
	mu      sync.Mutex
	hired   int
	failed  []error
}

func (r *run) newCrew(ctx context.Context) *crew {
	w := &crew{run: r, stock: newStock()}
	w.ctx, w.stop = context.WithCancel(ctx)
	w.dialing, w.enough = context.WithCancel(w.ctx)
	return w
}

// offer stocks what is missing in a mailbox that is listed.
func (w *crew) offer(ctx context.Context, m *mailbox) error {
	err := w.stock.offer(ctx, m)
	w.hire()
	return err
}

// hire connects as often as is worth it, as far as is known. Not in a second look: what
// a push brought is new to the list, but not missing.
func (w *crew) hire() {
	for ; !w.run.again && w.hired < w.run.helpers(); w.hired++ {
		w.group.Go(func() {
			if err := w.run.help(w.ctx, w.dialing, w.stock); err != nil {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.failed = append(w.failed, err)
			}
		})
	}
}

// collect downloads what is left of the stock together with the others. What was
// refused or not answered is left to visits of the mailboxes one by one.
func (w *crew) collect() error {
	w.stock.complete()
	if len(w.stock.list) == 0 {
		return nil
	}
	_, err := w.run.once(w.ctx, func(ctx context.Context, c *remote.Conn) error { return w.run.newLane(c, w.stock).work(ctx) })
	return err
}

// dismiss ends the work of all; err is how the run's own ended.
func (w *crew) dismiss(err error) error {
	w.enough()
	if err != nil {
		w.stop()
	}
	w.group.Wait()
	defer w.stop() // behind close, which asks the store once more
	return cause(append([]error{err, w.stock.close()}, w.failed...)...)
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
	if r.opt.DryRun {
		return 0
	}
	return min(r.opt.connections()-1, int(r.counter.missing()/connectionPays))
}

// help downloads on a connection of its own. When it is lost, the others do its work.
func (r *run) help(ctx, dialing context.Context, stock *stock) error {
	err := r.further(ctx, dialing, func(c *remote.Conn) error { return r.newLane(c, stock).work(ctx) })
	if r.ends(ctx, err) {
		return err
	}
	return nil
}

// further works on one more connection. Servers limit how many there may be: one that
// is refused is no error.
func (r *run) further(ctx, dialing context.Context, work func(*remote.Conn) error) error {
	c, err := r.acct.Dial(dialing)
	if err != nil {
		if dialing.Err() == nil {
			r.observe(Event{Kind: Note, Text: "no further connection: " + err.Error()})
		}
		return nil
	}
	defer c.Close()
	defer r.session.count(c)
	if err = work(c); err == nil {
		leave(ctx, c)
	}
	return err
}
