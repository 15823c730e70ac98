package sync

import (
	"context"

	"golang.org/x/sync/semaphore"

	"github.com/emersion/go-imap/v2"

	"mailstow/localstore"
	"mailstow/sync/plan"
)

const (
	// batchQueue is how many answered requests may wait to be stored.
	batchQueue = 8
	// commitBytes is when a transaction has grown enough, however many more wait.
	commitBytes = 4 * plan.BatchBytes
)

// writer stores bodies behind the requests, so that packing and the disk work
// while the next bytes arrive. What waits commits together: the slower the disk,
// the larger the transactions.
type writer struct {
	m       *mailbox
	ctx     context.Context // ends when storing fails: nothing more is asked for
	cancel  context.CancelFunc
	in      chan *batch
	done    chan error
	memory  *semaphore.Weighted // octets between socket and disk
	open    int64               // of them: of requests not yet answered; for the reader alone
	packers *packers
	packer  *localstore.Packer // of bodies that go to the store piece by piece
}

func startWriter(ctx context.Context, m *mailbox) *writer {
	w := &writer{m: m, in: make(chan *batch, batchQueue), done: make(chan error, 1),
		memory: semaphore.NewWeighted(heldInAll), packers: startPackers(), packer: localstore.NewPacker()}
	w.ctx, w.cancel = context.WithCancel(ctx)
	go func() { w.done <- w.run(ctx) }()
	return w
}

func (w *writer) run(ctx context.Context) error {
	for b := range w.in {
		if err := w.commit(ctx, w.gather(b)); err != nil {
			w.cancel()
			return err
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
	w.open -= b.held
	if len(b.got) == 0 {
		return nil
	}
	select {
	case w.in <- b:
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
	w.cancel()
	if stored != nil {
		return stored
	}
	return err
}

// commit stores batches in one transaction and tells the progress.
func (w *writer) commit(ctx context.Context, batches []*batch) error {
	var messages, bytes int64
	err := w.m.store.Update(ctx, func(tx *localstore.Tx) error {
		messages, bytes = 0, 0
		for _, b := range batches {
			n, size, err := b.put(tx)
			if err != nil {
				return err
			}
			messages, bytes = messages+n, bytes+size
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, b := range batches { // a large one that was held already is still staged
		if err := w.drop(ctx, b); err != nil {
			return err
		}
	}
	if messages > 0 {
		w.m.counter.stored(w.m, messages, bytes)
	}
	return nil
}

// put gives the messages of a batch their bodies.
func (b *batch) put(tx *localstore.Tx) (messages, bytes int64, err error) {
	for _, d := range b.due {
		x := b.got[imap.UID(d.UID)]
		if x == nil {
			continue
		}
		packed, err := x.wait()
		if err != nil {
			return messages, bytes, err
		}
		if err := tx.PutBody(localstore.MessageID(d.ID), packed); err != nil {
			return messages, bytes, err
		}
		messages, bytes = messages+1, bytes+packed.Size
	}
	return messages, bytes, nil
}
