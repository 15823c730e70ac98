package sync

import (
	"context"
	"errors"
	"io"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// round is one pipeline of requests for bodies.
type round struct {
	*fetcher
	batches []*batch // nil: answered
	own     error    // a fault of ours, not of the server's

	refused    []refusal
	unanswered []plan.Due
}

// batch is one request: some dozens of messages.
type batch struct {
	m      *mailbox
	stored chan struct{} // closed when all sent before is stored; nil: nobody waits
	due    []plan.Due
	wanted map[imap.UID]bool
	got    map[imap.UID]*body
	held   int64 // octets of got in memory
}

type refusal struct {
	due []plan.Due
	err error
}

func (f *fetcher) newRound(batches [][]plan.Due) *round {
	r := &round{fetcher: f}
	for _, due := range batches {
		r.add(due)
	}
	return r
}

// add makes one more request.
func (r *round) add(due []plan.Due) remote.BodySet {
	b := &batch{m: r.m, due: due, wanted: map[imap.UID]bool{}, got: map[imap.UID]*body{}}
	for _, d := range due {
		b.wanted[imap.UID(d.UID)] = true
	}
	r.m.underway.add(due)
	r.batches = append(r.batches, b)
	return b.request()
}

// run asks for all batches ahead of the answers. A connection lost on the way is
// blamed on the oldest request without answer, which the server was at.
func (r *round) run(ctx context.Context) error {
	sets := make([]remote.BodySet, len(r.batches))
	for i, b := range r.batches {
		sets[i] = b.request()
	}
	return r.close(ctx, r.conn.BodySets(ctx, sets, r.take, func(set int, err error) error {
		return r.answered(ctx, set, err)
	}))
}

// alone asks for the only message of the round by the slow way that copes with
// every order in which a server may answer.
func (r *round) alone(ctx context.Context) error {
	err := r.conn.Bodies(ctx, r.batches[0].request().UIDs, func(uid imap.UID, size int64, body io.Reader) error {
		return r.take(0, uid, size, body)
	})
	if err == nil || remote.ClassOf(err) == remote.Refused && r.own == nil {
		err = r.answered(ctx, 0, err)
	}
	return r.close(ctx, err)
}

func (b *batch) request() remote.BodySet {
	uids := make([]uint32, len(b.due))
	var size int64
	for i, d := range b.due {
		uids[i] = d.UID
		size = min(size, maxAnnounced) + min(max(d.Size, 0), maxAnnounced)
	}
	return remote.BodySet{UIDs: uidSet(uids), Size: size}
}

// maxAnnounced is taken for sizes beyond belief.
const maxAnnounced = 1 << 40

// take receives one body of a batch.
func (r *round) take(set int, uid imap.UID, size int64, from io.Reader) error {
	b := r.batches[set]
	if !b.wanted[uid] || b.got[uid] != nil {
		return nil
	}
	x, err := r.out.receive(b, size, from)
	if err != nil {
		r.note(err)
		return err
	}
	b.got[uid] = x
	return nil
}

// note keeps a fault of ours: what a cut connection makes of a body is none.
func (r *round) note(err error) {
	var cut readError
	if r.own == nil && !errors.As(err, &cut) {
		r.own = err
		r.out.cancel() // nothing more needs to be read
	}
}

// answered hands the bodies of an answered batch on, or drops them (I7).
func (r *round) answered(ctx context.Context, set int, refused error) error {
	b := r.batches[set]
	b.wanted, r.batches[set] = nil, nil // a large mailbox has many
	if refused != nil {
		r.refused = append(r.refused, refusal{b.due, refused})
		r.out.answered(b)
		return r.out.drop(ctx, b)
	}
	if !r.shared {
		r.m.poison.survived()
	}
	for _, d := range b.due {
		if b.got[imap.UID(d.UID)] == nil {
			r.unanswered = append(r.unanswered, d)
		}
	}
	return r.out.send(ctx, b)
}

// close ends a round: what was not answered is dropped, and the reason found.
func (r *round) close(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	oldest := r.abandon(ctx)
	switch {
	case r.own != nil:
		return r.own
	case ctx.Err() == nil && lost(err) && oldest != nil:
		return r.blame(ctx, oldest.due, err)
	}
	return err
}

// abandon drops what was not answered and returns the oldest such request.
func (r *round) abandon(ctx context.Context) (oldest *batch) {
	for _, b := range r.batches {
		if b == nil {
			continue
		}
		if oldest == nil {
			oldest = b
		}
		r.out.answered(b)
		_ = r.out.drop(context.WithoutCancel(ctx), b) // what stays staged goes when the store is opened next
	}
	return oldest
}

// there asks whether a message is still on the server.
func (f *fetcher) there(ctx context.Context, d plan.Due) (bool, error) {
	there := false
	err := f.conn.Metadata(ctx, imap.UID(d.UID), imap.UID(d.UID), remote.Want{}, func(remote.Meta) error {
		there = true
		return nil
	})
	return there, err
}
