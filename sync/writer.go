package sync

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/emersion/go-imap/v2"

	"mailstow/localstore"
)

const (
	// batchQueue is how many answered requests may wait to be stored.
	batchQueue = 16
	// commitBytes is when a transaction has grown enough, however many more wait.
	commitBytes = 12 << 20
)

// writer stores the bodies of a run behind its requests, so that packing and the
// disk work while the next bytes, or the next mailbox, arrive. What waits commits
// together: the slower the disk, the larger the transactions.
type writer struct {
	run     *run
	ctx     context.Context // ends when storing fails: nothing more is asked for
	cancel  context.CancelFunc
	in      chan *batch
	done    chan error
	memory  *semaphore.Weighted // octets between socket and disk
	buffers arena               // where they are
	mu      sync.Mutex          // of what follows
	open    int64               // of them: of requests not yet answered
	packers *packers            // nil before the first body
}

func (r *run) startWriter(ctx context.Context) *writer {
	w := &writer{run: r, in: make(chan *batch, batchQueue), done: make(chan error, 1),
		memory: semaphore.NewWeighted(heldInAll)}
	w.ctx, w.cancel = context.WithCancel(ctx)
	go func() { w.done <- w.work(ctx) }()
	return w
}

func (w *writer) work(ctx context.Context) error {
	for b := range w.in {
		batches := w.gather(b)
		if err := w.commit(ctx, batches); err != nil {
			w.cancel()
			return err
		}
		for _, b := range batches {
			if b.stored != nil {
				close(b.stored)
			}
		}
	}
	return nil
}

// gather takes what else is waiting, up to a good transaction.
func (w *writer) gather(first *batch) []*batch {
	batches, bytes := []*batch{first}, first.held
	for bytes < commitBytes {
		select {
		case b, more := <-w.in:
			if !more {
				return batches
			}
			batches, bytes = append(batches, b), bytes+b.held
		default:
			return batches
		}
	}
	return batches
}

// send hands an answered request over, waiting while the queue is full.
func (w *writer) send(ctx context.Context, b *batch) error {
	w.answered(b)
	if len(b.got) == 0 {
		return w.drop(ctx, b)
	}
	return w.put(ctx, b)
}

// answered notes that a request waits for nothing more.
func (w *writer) answered(b *batch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open -= b.held
}

// room reports whether a body may wait in memory until its request is answered.
func (w *writer) room(size int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open+size > heldInMemory {
		return false
	}
	w.open += size
	return true
}

func (w *writer) put(ctx context.Context, b *batch) error {
	select {
	case w.in <- b:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// flush waits until all that was sent so far is stored.
func (w *writer) flush(ctx context.Context) error {
	mark := &batch{stored: make(chan struct{})}
	if err := w.put(ctx, mark); err != nil {
		return err
	}
	select {
	case <-mark.stored:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// finish waits until all that was sent is stored, whatever ended the requests.
// A failure to store is the cause of what followed it.
func (w *writer) finish(err error) error {
	close(w.in)
	stored := <-w.done
	w.packers.stop()
	w.buffers.forget()
	w.cancel()
	if stored != nil {
		return stored
	}
	return err
}

// commit stores batches in one transaction and tells the progress.
func (w *writer) commit(ctx context.Context, batches []*batch) error {
	for _, b := range batches {
		b.ready()
	}
	err := w.run.store.Update(ctx, func(tx *localstore.Tx) error {
		var puts []localstore.Put
		for _, b := range batches {
			puts = b.puts(puts)
		}
		return tx.PutBodies(puts)
	})
	if err != nil {
		return err
	}
	for _, b := range batches {
		if len(b.got) > 0 {
			w.run.counter.stored(b.m, int64(len(b.got)), b.size())
		}
		if err := w.drop(ctx, b); err != nil { // a large one that was held already is still staged
			return err
		}
	}
	return nil
}

// ready waits for the packers, before the transaction begins.
func (b *batch) ready() {
	for _, x := range b.got {
		x.wait()
	}
}

// size is how many octets the bodies of a batch have.
func (b *batch) size() (n int64) {
	for _, x := range b.got {
		n += x.packed.Size
	}
	return n
}

// puts adds what the messages of a batch are given.
func (b *batch) puts(all []localstore.Put) []localstore.Put {
	for _, d := range b.due {
		if x := b.got[imap.UID(d.UID)]; x != nil {
			all = append(all, localstore.Put{Message: localstore.MessageID(d.ID), Body: x.packed})
		}
	}
	return all
}
