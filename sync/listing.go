package sync

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/emersion/go-imap/v2"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// listing reads the metadata of a range of UIDs.
type listing struct {
	m      *mailbox
	after  uint32                // messages up to this UID are not taken in
	to     imap.UID              // 0: up to the last message
	only   map[uint32]bool       // nil: all of them
	sample map[uint32]plan.Fixed // known messages to look at again
	now    map[uint32]plan.Fixed // what they look like
	count  int                   // messages taken in
	top    uint32                // the highest of them
	batch  []localstore.Arrival
	flags  flagTable
	flush  func([]localstore.Arrival) error
}

// everything is what a listing of new messages asks for.
var everything = remote.Want{Date: true, Size: true, Identity: true, Labels: true}

// news is what may change of a known message.
var news = remote.Want{Labels: true}

// read hands the messages on in batches. It stops without error when the
// sample shows that the mailbox is not the one it was; nothing of the mailbox
// is committed then.
func (l *listing) read(ctx context.Context, c *remote.Conn, flush func([]localstore.Arrival) error) error {
	l.flags, l.now, l.flush, l.top = flagTable{}, map[uint32]plan.Fixed{}, flush, l.after
	from := next(l.after)
	for uid := range l.sample {
		from = min(from, imap.UID(uid))
	}
	err := c.Metadata(ctx, from, l.to, everything, func(r remote.Meta) error {
		l.take(r)
		return l.hand(ctx, arriveBatch)
	})
	if remote.ClassOf(err) == remote.Refused && !l.m.quarantined {
		err = l.rest(ctx, c)
	}
	if l.m.incomplete(err) {
		err = nil
	}
	if err != nil {
		return err
	}
	return l.hand(ctx, 0)
}

// next is the UID behind uid; there is none behind the highest.
func next(uid uint32) imap.UID { return imap.UID(min(uid, math.MaxUint32-1) + 1) }

// rest lists what a refused listing left out. One message of which the server
// cannot tell size or date must not cost the others theirs, or their place in
// the mirror (I12).
func (l *listing) rest(ctx context.Context, c *remote.Conn) error {
	var rest []remote.Meta
	err := c.Metadata(ctx, next(l.top), l.to, remote.Want{}, func(r remote.Meta) error {
		rest = append(rest, r)
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(rest, func(a, b remote.Meta) int { return cmp.Compare(a.UID, b.UID) })
	return l.halve(ctx, c, rest)
}

// halve completes what is known of messages, down to the one that makes the
// server refuse, which is taken as it is.
func (l *listing) halve(ctx context.Context, c *remote.Conn, rest []remote.Meta) error {
	if len(rest) == 0 {
		return nil
	}
	var whole []remote.Meta
	err := c.Metadata(ctx, rest[0].UID, rest[len(rest)-1].UID, everything, func(r remote.Meta) error {
		whole = append(whole, r)
		return nil
	})
	if remote.ClassOf(err) == remote.Refused && len(rest) > 1 {
		half := len(rest) / 2
		if err := l.halve(ctx, c, rest[:half]); err != nil {
			return err
		}
		return l.halve(ctx, c, rest[half:])
	}
	if remote.ClassOf(err) == remote.Refused {
		whole, err = rest, nil
	}
	if err != nil {
		return err
	}
	for _, r := range whole {
		l.take(r)
	}
	return l.hand(ctx, arriveBatch)
}

// take sorts one listed message in.
func (l *listing) take(r remote.Meta) {
	uid := uint32(r.UID)
	if _, ok := l.sample[uid]; ok && r.HasSize && r.HasDate {
		l.now[uid] = plan.Fixed{Size: r.Size, Date: r.Date.Unix()}
	}
	if uid <= l.after || l.only != nil && !l.only[uid] {
		return
	}
	l.count++
	l.top = max(l.top, uid)
	a := localstore.Arrival{UID: uid, Flags: string(l.flags.set(r.Flags)), Size: -1, Identity: identity(r), Labels: l.m.labels.text(r)}
	if r.HasSize {
		a.Size = r.Size
	}
	if r.HasDate {
		a.Date = r.Date
	}
	l.batch = append(l.batch, a)
}

// hand looks at the sample, then hands the batch on in UID order once it has
// reached a size.
func (l *listing) hand(ctx context.Context, size int) error {
	if len(l.batch) < size {
		return nil
	}
	batch := l.batch
	l.batch = nil
	if l.m.quarantined {
		return nil
	}
	if plan.Recreated(l.sample, l.now) {
		return l.m.quarantine(ctx, "other messages stand under known UIDs while UIDVALIDITY stayed")
	}
	slices.SortFunc(batch, byUID)
	return l.flush(batch)
}

func byUID(a, b localstore.Arrival) int { return cmp.Compare(a.UID, b.UID) }
