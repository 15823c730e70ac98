package sync

import (
	"context"

	"mailstow/localstore"
)

// parcelQueue bounds what waits to be stored: one parcel being filled, some
// waiting, one being written, each of at most plan.BatchBytes.
const parcelQueue = 2

// writer stores bodies behind the requests, so that the disk works while the
// next bytes arrive.
type writer struct {
	ctx    context.Context // ends when storing fails: nothing more is asked for
	cancel context.CancelFunc
	in     chan parcel
	done   chan error
}

func startWriter(ctx context.Context, m *mailbox) *writer {
	w := &writer{in: make(chan parcel, parcelQueue), done: make(chan error, 1)}
	w.ctx, w.cancel = context.WithCancel(ctx)
	go func() { w.done <- w.run(ctx, m) }()
	return w
}

func (w *writer) run(ctx context.Context, m *mailbox) error {
	for p := range w.in {
		if err := m.put(ctx, p); err != nil {
			w.cancel()
			return err
		}
	}
	return nil
}

// send hands a parcel over, waiting while the queue is full.
func (w *writer) send(ctx context.Context, p parcel) error {
	select {
	case w.in <- p:
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
	w.cancel()
	if stored != nil {
		return stored
	}
	return err
}

// put commits a parcel and tells the progress.
func (m *mailbox) put(ctx context.Context, p parcel) error {
	if len(p.packed) == 0 {
		return nil
	}
	var bytes int64
	err := m.store.Update(ctx, func(tx *localstore.Tx) error {
		for _, d := range p.due {
			body := p.packed[d.UID]
			if body == nil {
				continue
			}
			bytes += body.Size
			if err := tx.PutBody(localstore.MessageID(d.ID), body); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, body := range p.packed {
		if err := m.store.Discard(ctx, body); err != nil { // a large one that was held already
			return err
		}
	}
	m.counter.stored(m, int64(len(p.packed)), bytes)
	return nil
}
