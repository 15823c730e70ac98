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
	batches []*batch
	own     error // a fault of ours, not of the server's

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
	done   bool
}

type refusal struct {
	due []plan.Due
	err error
}

func (f *fetcher) newRound(batches [][]plan.Due) *round {
	r := &round{fetcher: f}
	for _, due := range batches {
		b := &batch{m: f.m, due: due, wanted: map[imap.UID]bool{}, got: map[imap.UID]*body{}}
		for _, d := range due {
			b.wanted[imap.UID(d.UID)] = true
		}
		r.batches = append(r.batches, b)
	}
	return r
}

// run asks for all batches ahead of the answers. A connection lost on the way is
// blamed on the oldest request without answer, which the server was at.
func (r *round) run(ctx context.Context) error {
	sets := make([]imap.UIDSet, len(r.batches))
	for i, b := range r.batches {
		sets[i] = b.set()
	}
	return r.close(ctx, r.conn.BodySets(ctx, sets, r.take, func(set int, err error) error {
		return r.answered(ctx, set, err)
	}))
}

// alone asks for the only message of the round by the slow way that copes with
// every order in which a server may answer.
func (r *round) alone(ctx context.Context) error {
	err := r.conn.Bodies(ctx, r.batches[0].set(), func(uid imap.UID, size int64, body io.Reader) error {
		return r.take(0, uid, size, body)
	})
	if err == nil || remote.ClassOf(err) == remote.Refused && r.own == nil {
		err = r.answered(ctx, 0, err)
	}
	return r.close(ctx, err)
}

func (b *batch) set() imap.UIDSet {
	uids := make([]uint32, len(b.due))
	for i, d := range b.due {
		uids[i] = d.UID
	}
	return uidSet(uids)
}

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
	b.done = true
	if refused != nil {
		r.refused = append(r.refused, refusal{b.due, refused})
		r.out.open -= b.held
		return r.out.drop(ctx, b)
	}
	r.m.poison.survived()
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
	var oldest *batch
	for _, b := range r.batches {
		if b.done {
			continue
		}
		if oldest == nil {
			oldest = b
		}
		r.out.open -= b.held
		_ = r.out.drop(context.WithoutCancel(ctx), b) // what stays staged goes when the store is opened next
	}
	switch {
	case r.own != nil:
		return r.own
	case ctx.Err() == nil && lost(err) && oldest != nil:
		return r.blame(ctx, oldest.due, err)
	}
	return err
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
