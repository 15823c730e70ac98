package sync

import (
	"cmp"
	"context"
	"io"
	"sync"

	"mailstow/localstore"
)

const (
	// heldInMemory is how many octets of requests not yet answered may wait in
	// memory. Sizes are announced, not promised: what comes on top goes to the store
	// piece by piece. It leaves room within heldInAll, so that nobody ever waits for
	// memory that only his own answer would free.
	heldInMemory = 8 << 20
	// heldInAll bounds what all requests hold between the socket and the disk.
	heldInAll = 16 << 20
)

// body is a message on its way from the socket to the store.
type body struct {
	size   int64  // octets it holds in memory, as received
	raw    buffer // these; packed in their place
	packed *localstore.Packed
	ready  chan struct{} // closed when packed is set
}

// wait returns the packed body.
func (b *body) wait() *localstore.Packed {
	<-b.ready
	return b.packed
}

// stagers are packers of bodies that go to the store piece by piece.
var stagers = sync.Pool{New: func() any {
	p := localstore.NewPacker()
	p.KeepPace = true
	return p
}}

// pack hands a body to the packers, which start with the first one: a run
// without new mail needs none.
func (w *writer) pack(x *body) {
	w.mu.Lock()
	if w.packers == nil {
		w.packers = startPackers()
	}
	p := w.packers
	w.mu.Unlock()
	select {
	case p.jobs <- x:
	default:
		p.press()
		p.jobs <- x
	}
}

// readError is a body that could not be read to its end.
type readError struct{ error }

func (e readError) Unwrap() error { return e.error }

// receive reads a body off the socket: a small one into memory, to be packed
// behind the reader's back; a large one straight into the store.
func (w *writer) receive(b *batch, size int64, from io.Reader) (*body, error) {
	if !w.room(size) {
		return w.stage(size, from)
	}
	b.held += size
	if err := w.reserve(size); err != nil {
		return nil, err
	}
	raw := w.buffers.get(int(size))
	if _, err := io.ReadFull(from, raw.b); err != nil {
		w.buffers.put(raw)
		w.memory.Release(size)
		return nil, readError{err}
	}
	x := &body{size: size, raw: raw, ready: make(chan struct{})}
	w.pack(x)
	return x, nil
}

// reserve waits for memory.
func (w *writer) reserve(size int64) error {
	if w.memory.TryAcquire(size) {
		return nil
	}
	w.mu.Lock()
	w.packers.press()
	w.mu.Unlock()
	return w.memory.Acquire(w.ctx, size)
}

func (w *writer) stage(size int64, from io.Reader) (*body, error) {
	in := &failingReader{r: io.LimitReader(from, size)}
	packer := stagers.Get().(*localstore.Packer)
	defer stagers.Put(packer)
	packed, err := w.run.store.Stage(w.ctx, packer, in)
	if err != nil && in.failed {
		err = readError{err}
	}
	if err != nil {
		return nil, err
	}
	return stagedBody(packed), nil
}

// stagedBody is a body whose bytes are in the store.
func stagedBody(packed *localstore.Packed) *body {
	x := &body{packed: packed, ready: make(chan struct{})}
	close(x.ready)
	return x
}

// failingReader remembers whether reading failed, to tell the server's faults
// from the store's.
type failingReader struct {
	r      io.Reader
	failed bool
}

func (r *failingReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.failed = r.failed || err != nil && err != io.EOF
	return n, err
}

// drop forgets bodies whose request failed.
func (w *writer) drop(ctx context.Context, b *batch) (first error) {
	w.run.underway.remove(b.due)
	for uid, x := range b.got {
		err := w.run.store.Discard(ctx, x.wait())
		w.buffers.put(x.raw)
		w.memory.Release(x.size)
		delete(b.got, uid)
		first = cmp.Or(first, err) // the others must go all the same: somebody may wait for their memory
	}
	return first
}
