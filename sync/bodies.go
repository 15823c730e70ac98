package sync

import (
	"context"
	"io"

	"github.com/emersion/go-imap/v2"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

const (
	duePage = 4096 // rows of missing bodies read at a time
	// packInMemory is the size up to which a body is packed in memory; a larger
	// one goes to the store piece by piece, so that memory stays flat.
	packInMemory = plan.BatchBytes
)

// parcel is what one answered request brought.
type parcel struct {
	due    []plan.Due
	packed map[uint32]*localstore.Packed
}

// bodies downloads what is missing: this goroutine asks and packs, another
// stores behind it.
func (m *mailbox) bodies(ctx context.Context, c *remote.Conn) error {
	if m.gen == nil {
		return nil
	}
	if err := m.expect(ctx); err != nil {
		return err
	}
	w := startWriter(ctx, m)
	return w.finish(m.request(w.ctx, c, w))
}

// request goes through the missing bodies once, in UID order.
func (m *mailbox) request(ctx context.Context, c *remote.Conn, w *writer) error {
	packer := localstore.NewPacker()
	for after := uint32(0); ; {
		page, err := m.store.Missing(ctx, m.gen.ID, after, m.due(), duePage)
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].UID
		for _, batch := range plan.Batches(dues(page)) {
			f := fetch{m: m, conn: c, packer: packer, out: w}
			if err := f.inPieces(ctx, batch); err != nil {
				return err
			}
		}
	}
}

func dues(page []localstore.MissingRow) []plan.Due {
	out := make([]plan.Due, len(page))
	for i, r := range page {
		out[i] = plan.Due{ID: int64(r.ID), UID: r.UID, Size: r.Size}
	}
	return out
}

// fetch is a request for bodies and its retries.
type fetch struct {
	m      *mailbox
	conn   *remote.Conn
	packer *localstore.Packer
	out    *writer
}

// inPieces sends a batch in requests no larger than what survived lately.
func (f fetch) inPieces(ctx context.Context, batch []plan.Due) error {
	for len(batch) > 0 {
		n := min(len(batch), f.m.poison.limit)
		if err := f.batch(ctx, batch[:n]); err != nil {
			return err
		}
		batch = batch[n:]
	}
	return nil
}

// batch fetches some bodies with one command. Refused, it is halved until the
// one message that the server will not give stands alone (row 17).
func (f fetch) batch(ctx context.Context, batch []plan.Due) error {
	got, err := f.command(ctx, batch)
	if err == nil {
		f.m.poison.survived()
		if err := f.out.send(ctx, parcel{batch, got}); err != nil {
			return err
		}
		return f.unanswered(ctx, batch, got)
	}
	f.discard(ctx, got)
	switch {
	case ctx.Err() != nil:
		return err
	case lost(err):
		return f.blame(ctx, batch, err)
	case remote.ClassOf(err) != remote.Refused:
		return err
	case len(batch) == 1:
		f.m.session.progress()
		return f.aside(ctx, batch[0], reason(err))
	}
	half := len(batch) / 2
	if err := f.batch(ctx, batch[:half]); err != nil {
		return err
	}
	return f.batch(ctx, batch[half:])
}

// command sends one FETCH. What it returns beside an error must not be kept
// (I7).
func (f fetch) command(ctx context.Context, batch []plan.Due) (map[uint32]*localstore.Packed, error) {
	got := make(map[uint32]*localstore.Packed, len(batch))
	wanted := make(map[uint32]bool, len(batch))
	uids := make([]uint32, len(batch))
	for i, d := range batch {
		wanted[d.UID] = true
		uids[i] = d.UID
	}
	var own error // of ours, not of the server
	err := f.conn.Bodies(ctx, uidSet(uids), func(uid imap.UID, size int64, r io.Reader) error {
		if !wanted[uint32(uid)] || got[uint32(uid)] != nil {
			_, err := io.Copy(io.Discard, r)
			return err
		}
		body := &readErr{r: r}
		packed, err := f.pack(ctx, size, body)
		if err != nil {
			if body.err == nil {
				own = err
			}
			return err
		}
		got[uint32(uid)] = packed
		return nil
	})
	if own != nil {
		return got, own
	}
	return got, err
}

func (f fetch) pack(ctx context.Context, size int64, r io.Reader) (*localstore.Packed, error) {
	if size <= packInMemory {
		return f.packer.Pack(r)
	}
	return f.m.store.Stage(ctx, f.packer, r)
}

// readErr remembers whether reading failed, to tell the server's faults from
// the store's.
type readErr struct {
	r   io.Reader
	err error
}

func (r *readErr) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// discard drops bodies whose command failed.
func (f fetch) discard(ctx context.Context, got map[uint32]*localstore.Packed) {
	for _, b := range got {
		// What stays staged is removed when the store is opened next.
		_ = f.m.store.Discard(context.WithoutCancel(ctx), b)
	}
}

// unanswered looks after messages that an OK came without (row 16). What is no
// longer on the server is left to the next listing; what is there is set aside.
func (f fetch) unanswered(ctx context.Context, batch []plan.Due, got map[uint32]*localstore.Packed) error {
	for _, d := range batch {
		if got[d.UID] != nil {
			continue
		}
		there := false
		err := f.conn.Metadata(ctx, imap.UID(d.UID), imap.UID(d.UID), remote.Want{}, func(remote.Meta) error {
			there = true
			return nil
		})
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		if err := f.aside(ctx, d, "the server answered without the message's bytes"); err != nil {
			return err
		}
	}
	return nil
}

// aside notes a message that cannot be had now, with a time to try again (I12).
func (f fetch) aside(ctx context.Context, d plan.Due, why string) error {
	return f.m.fail(ctx, f.m, localstore.Problem{Kind: kindMessage, Message: localstore.MessageID(d.ID), UID: d.UID, Reason: why})
}
