package sync

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/emersion/go-imap/v2"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// pieceFrom is from which announced size on a message is fetched in pieces. It goes
// to the store piece by piece anyway, and what a lost connection costs of a smaller
// one is little. Up to wholeUpTo that holds too where mail comes fast: there it is
// asked for as a whole, with the others.
const pieceFrom = heldInMemory

// wholeUpTo is the announced size up to which that holds: some seconds at the least
// that is called fast, on a connection that was not found to be slower itself.
const wholeUpTo = 32 << 20

// late reports whether a message for pieces may come as a whole where mail comes fast.
func (m *mailbox) late(r localstore.MissingRow) bool {
	return r.Size > pieceFrom && r.Size <= wholeUpTo && !r.Begun && m.poison.deaths[r.UID] == 0
}

// overdue asks for the large messages met so far as soon as mail is known to come fast:
// what takes longest comes first, while others have something left to do beside it.
func (f *fetcher) overdue(ctx context.Context, ask func([][]plan.Due) error) error {
	if !f.swift || len(f.behind) == 0 {
		return nil
	}
	late, err := f.bearable(ctx, f.behind)
	if err != nil {
		return err
	}
	f.behind = nil
	return ask(plan.Batches(late, 1, plan.FetchBytes))
}

// rest is overdue at the end of a mailbox: where mail does not come fast large messages
// are left to a visit of it alone.
func (f *fetcher) rest(ctx context.Context, ask func([][]plan.Due) error) error {
	if len(f.behind) > 0 && !f.swift {
		f.putOff, f.behind = true, nil
	}
	return f.overdue(ctx, ask)
}

// inPieces reports whether a message is fetched in pieces: a large one, one that
// was begun, and one on which a connection was lost.
func (m *mailbox) inPieces(r localstore.MissingRow) bool {
	return !m.whole[r.UID] && (r.Size > pieceFrom || r.Begun || r.Size > remote.PieceSize && m.poison.deaths[r.UID] > 0)
}

func (f *fetcher) fetchLarge(ctx context.Context) error {
	for len(f.large) > 0 {
		d := f.large[0]
		f.large = f.large[1:]
		if err := f.pieces(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// pieces fetches a message in pieces. What was answered is kept: after a lost
// connection, and by a later run, it goes on from there, since what stands under a
// UID never changes (I1); the last bytes held are fetched once more to see that.
// Whatever a server does with pieces that it should not, the message is fetched as a
// whole then.
func (f *fetcher) pieces(ctx context.Context, d plan.Due) error {
	packer := stagers.Get().(*localstore.Packer)
	defer stagers.Put(packer)
	part, err := f.m.store.Partial(ctx, packer, localstore.MessageID(d.ID))
	if err != nil {
		return err
	}
	r := f.newRound([][]plan.Due{{d}})
	x := &assembly{part: part, tail: part.Tail()}
	err = f.conn.Pieces(ctx, imap.UID(d.UID), part.Size()-int64(len(x.tail)), d.Size, x.take, func() error {
		f.m.poison.advanced(d.UID)
		f.m.session.progress()
		return x.keep()
	})
	if err == nil {
		return f.assembled(ctx, r, d, part)
	}
	if errors.Is(err, remote.ErrWhole) || errors.Is(err, errOther) {
		return f.instead(ctx, r, d, part)
	}
	r.own = errors.Join(x.err, part.Close())
	return r.close(ctx, err)
}

// assembled hands a complete message to the writer.
func (f *fetcher) assembled(ctx context.Context, r *round, d plan.Due, part *localstore.Partial) error {
	packed, err := part.Finish()
	if err != nil {
		return err
	}
	f.m.poison.survived()
	r.batches[0].got[imap.UID(d.UID)] = stagedBody(packed)
	return f.out.send(ctx, r.batches[0])
}

// instead fetches a message as a whole.
func (f *fetcher) instead(ctx context.Context, r *round, d plan.Due, part *localstore.Partial) error {
	r.abandon(ctx)
	if err := part.Discard(); err != nil {
		return err
	}
	if f.m.whole == nil {
		f.m.whole = map[uint32]bool{}
	}
	f.m.whole[d.UID] = true
	return f.fetch(ctx, [][]plan.Due{{d}})
}

// errOther: what the server gives now does not continue what it gave before.
var errOther = errors.New("the message is not the one that was begun")

// assembly takes the pieces of a message.
type assembly struct {
	part *localstore.Partial
	tail []byte             // what is held already comes first
	new  int64              // octets since the last mark
	ends []*localstore.Mark // of pieces not yet answered; nil: not to be kept for itself
	err  error              // a fault of ours, not of the server's
}

func (x *assembly) take(n int64, from io.Reader) error {
	if n < int64(len(x.tail)) {
		return errOther
	}
	again := make([]byte, len(x.tail))
	if _, err := io.ReadFull(from, again); err != nil {
		return err
	}
	if !bytes.Equal(again, x.tail) {
		return errOther
	}
	x.tail = nil
	in := &failingReader{r: from}
	done, err := io.Copy(x.part, in)
	if in.failed {
		return err
	}
	x.new += done
	if err == nil {
		err = x.end()
	}
	return x.own(err)
}

// end notes where a piece ends. A transaction for each would cost more than what is
// lost with a connection.
func (x *assembly) end() error {
	if x.new < localstore.ChunkSize {
		x.ends = append(x.ends, nil)
		return nil
	}
	x.new = 0
	mark, err := x.part.Mark()
	x.ends = append(x.ends, &mark)
	return err
}

// keep keeps what came up to the oldest piece not yet answered.
func (x *assembly) keep() error {
	mark := x.ends[0]
	x.ends = x.ends[1:]
	if mark == nil {
		return nil
	}
	return x.own(x.part.Keep(*mark))
}

// own keeps a fault of ours.
func (x *assembly) own(err error) error {
	x.err = errors.Join(x.err, err)
	return err
}
