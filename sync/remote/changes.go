package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// ExamineChanged opens a mailbox read-only and finds what is different from what
// the caller holds, by the best method that the server offers and keeps to:
// QRESYNC, else CHANGEDSINCE and a count, else the flags of all messages. Every
// method costs one round trip, new messages included; one or two more where the
// server's word turns out wrong or, without QRESYNC, when messages vanished.
//
// fn hears of messages with UID <= Last whose flags may have changed (all of them
// with ByScan), flags alone, and of every message above Last, with what is wanted,
// in any order. It hears only of messages under Known.UIDValidity. A message may
// be reported again when a method had to be given up: the last report counts. A
// UID <= Last that is not in Known.UIDs is one that the caller missed before. New
// messages are reported only after the server has confirmed UIDVALIDITY and
// answered EXAMINE, so they may be stored as they come.
//
// A nil error means as with Metadata that every tagged OK came. HighestModSeq of
// the result is from before the listing: everything up to it has been reported
// when Exact is true (invariant I8). An error of fn is returned as it is, after
// what was under way has been read and dropped.
func (c *Conn) ExamineChanged(ctx context.Context, raw string, k Known, want Want, fn func(Meta) error) (Selected, Changes, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k = k.tidy()
	r, err := c.resyncOpen(ctx, raw, k, want, fn)
	if err != nil {
		return Selected{}, Changes{}, err
	}
	ch, err := r.settle(ctx)
	if err != nil {
		return r.sel, Changes{}, err
	}
	return r.sel, ch, nil
}

// resyncOpen sends the first flight, with the richest EXAMINE that the server
// understands.
func (c *Conn) resyncOpen(ctx context.Context, raw string, k Known, want Want, fn func(Meta) error) (*resync, error) {
	condStore, qResync := c.condStore(), c.canQResync()
	for {
		r := c.newResync(raw, k, want, fn, condStore, qResync)
		c.box, c.opened = "", Selected{}
		err := r.fly(ctx, r.first()...)
		switch e, _ := errors.AsType[statusError](err); {
		case e.Type == "BAD" && r.method == ByQResync && !r.opened:
			qResync = false
		case e.Type == "BAD" && condStore && !r.opened:
			condStore = false
		default:
			if err == nil && !qResync && c.qresync == enabled {
				c.qresync = givenUp
				c.notice("the server offers QRESYNC and does not understand it")
			}
			return r, err
		}
	}
}

// newResync chooses the method for the first flight.
func (c *Conn) newResync(raw string, k Known, want Want, fn func(Meta) error, condStore, qResync bool) *resync {
	r := &resync{c: c, raw: raw, k: k, want: want, fn: fn, condStore: condStore, method: ByScan}
	switch {
	case k.Last == 0 || k.ModSeq == 0 || k.ModSeq >= 1<<63 || !condStore:
	case qResync:
		r.method = ByQResync
	default:
		r.method = ByModSeq
	}
	return r
}

// settle makes Changes of the first flight, with more flights where it must.
func (r *resync) settle(ctx context.Context) (Changes, error) {
	if r.unusable != "" {
		return Changes{Why: r.unusable}, nil
	}
	if r.k.NoNew && r.roomAbove() && (r.sel.UIDNext == 0 || r.sel.UIDNext > r.k.Last+1) {
		if err := r.fly(ctx, askNew); err != nil {
			return Changes{}, err
		}
	}
	if err := r.fresh.end(); err != nil || r.err != nil { // first: the counts depend on it
		return Changes{}, cmp.Or(err, r.err)
	}
	vanished, doubt, err := r.difference(ctx)
	if err != nil {
		return Changes{}, err
	}
	if doubt == "" && r.method != ByScan {
		return r.end(Changes{Exact: true, Vanished: vanished})
	}
	return r.scan(ctx, doubt)
}

// difference takes what the server told by itself, or says why it cannot be right.
func (r *resync) difference(ctx context.Context) (vanished imap.UIDSet, doubt string, err error) {
	if r.method == ByScan {
		return nil, "", nil
	}
	_ = r.old.end() // notes what came without FLAGS
	if doubt = r.doubtModSeq(); doubt != "" {
		return nil, doubt, nil
	}
	if r.method == ByModSeq {
		return r.byModSeq(ctx)
	}
	vanished, doubt = r.byQResync()
	return vanished, doubt, nil
}

// scan compares with the flags of all messages, reading them where the first
// flight did not.
func (r *resync) scan(ctx context.Context, doubt string) (Changes, error) {
	if r.method != ByScan {
		r.method = ByScan
		r.old = newMetadata(r.c, 1, r.k.Last, r.news(), r.report)
		if err := r.fly(ctx, askScan); err != nil {
			return Changes{}, err
		}
	}
	ch := Changes{Exact: true, Why: doubt, Vanished: without(r.k.UIDs, r.old.seen.all())}
	if r.short() {
		ch.Exact, ch.Vanished = false, nil
		ch.Why = fmt.Sprintf("the server counted %d messages and listed %d", r.sel.Messages, r.old.count+r.fresh.count)
	}
	return r.end(ch)
}

// short reports whether a scan lacks messages that EXAMINE had counted and that
// have not left since.
func (r *resync) short() bool {
	return r.fewer(int64(r.old.count))
}

// fewer reports whether these messages up to Last are less than EXAMINE had
// counted beside the new ones. What leaves the end of a mailbox without a word is
// missing there: a listing in one piece, but not the whole.
func (r *resync) fewer(listed int64) bool {
	gone := int64(r.expunged) + total(clip(merge(r.later), 1, r.k.Last))
	return r.sel.counted && listed+gone < r.leftOfOld()
}

// end reports the errors kept so far.
func (r *resync) end(ch Changes) (Changes, error) {
	if err := r.old.end(); err != nil {
		return Changes{}, err
	}
	ch.Method, ch.New = r.method, r.fresh.count
	return ch, r.err
}

// doubtModSeq says why mod-sequences of this mailbox mean nothing (invariant I9).
func (r *resync) doubtModSeq() string {
	switch {
	case r.sel.NoModSeq || r.sel.HighestModSeq == 0:
		return "the server keeps no mod-sequences for this mailbox"
	case r.sel.HighestModSeq < r.k.ModSeq:
		return fmt.Sprintf("highestmodseq went back from %d to %d", r.k.ModSeq, r.sel.HighestModSeq)
	case r.old.broken != nil:
		return r.old.broken.Error()
	case r.early && r.method == ByQResync:
		return "the server told changes before it told UIDVALIDITY"
	}
	return ""
}

// byQResync checks that VANISHED accounts for every message that the caller holds
// and EXAMINE did not count: silence and too much talk are found out alike.
func (r *resync) byQResync() (vanished imap.UIDSet, doubt string) {
	if r.badVanished {
		return nil, "the server's VANISHED is beyond understanding"
	}
	gone := merge(r.vanished)
	vanished = common(r.k.UIDs, gone)
	left := total(r.k.UIDs) - total(vanished)
	if !r.sel.counted || left != r.leftOfOld() {
		return nil, fmt.Sprintf("of %d messages %d vanished, says the server, and counts %d", total(r.k.UIDs), total(vanished), r.leftOfOld())
	}
	if len(common(gone, r.old.seen.all())) > 0 {
		return nil, "the server told the flags of messages that it said had vanished"
	}
	return merge(append(vanished, common(r.k.UIDs, merge(r.later))...)), ""
}

// leftOfOld is how many messages up to Last EXAMINE counted: all but the new ones
// that were there already.
func (r *resync) leftOfOld() int64 {
	fresh := append(imap.UIDSet{}, r.fresh.seen.all()...)
	fresh = merge(append(fresh, clip(merge(r.later), r.k.Last+1, 0)...))
	if next := r.sel.UIDNext; next > 0 {
		fresh = common(fresh, imap.UIDSet{{Start: 1, Stop: next - 1}})
	}
	return int64(r.sel.Messages) - total(fresh)
}

// byModSeq compares the count of messages up to Last, and enumerates them only
// where it differs.
func (r *resync) byModSeq(ctx context.Context) (vanished imap.UIDSet, doubt string, err error) {
	held := total(r.k.UIDs)
	left := int64(r.count)
	if !r.hasCount {
		left = r.leftOfOld()
	}
	if r.fewer(left) {
		return nil, fmt.Sprintf("the server counted %d messages in all, %d of them known and %d new", r.sel.Messages, left, r.fresh.count), nil
	}
	missed := len(without(r.old.seen.all(), r.k.UIDs)) > 0
	if left == held && !missed && (r.hasCount || r.sel.counted) {
		return nil, "", nil
	}
	if r.touring {
		return nil, "", ErrAlone
	}
	present, err := r.c.uids(ctx, 1, r.k.Last)
	if err != nil {
		return nil, "", err
	}
	present = merge(present)
	switch {
	case r.hasCount && total(present) != left, r.fewer(total(present)):
		doubt = fmt.Sprintf("the server counted %d messages and enumerated %d", left, total(present))
	case len(without(present, r.k.UIDs)) > 0:
		doubt = "the server has messages that were missed before"
	}
	return without(r.k.UIDs, present), doubt, nil
}

// wanted tells whether the answer to EXAMINE still lets UIDs mean what they did.
func (r *resync) wanted(sel Selected) string {
	switch {
	case sel.UIDValidity == 0:
		return "the server does not say UIDVALIDITY"
	case sel.UIDValidity != r.k.UIDValidity && (r.k.UIDValidity != 0 || r.k.Last != 0):
		return fmt.Sprintf("uidvalidity is %d, not %d", sel.UIDValidity, r.k.UIDValidity)
	case sel.UIDNotSticky:
		return "UIDs of this mailbox do not last"
	case sel.UIDNext != 0 && sel.UIDNext <= r.k.Last:
		return fmt.Sprintf("uidnext went back to %d, though %d was seen", sel.UIDNext, r.k.Last)
	case sel.UIDNext != 0 && sel.UIDNext < r.k.UIDNext:
		return fmt.Sprintf("uidnext went back from %d to %d", r.k.UIDNext, sel.UIDNext)
	case sel.MailboxID != "" && r.k.MailboxID != "" && sel.MailboxID != r.k.MailboxID:
		return "another mailbox has the name now"
	}
	return ""
}

// refusal makes an error of a command of a flight that was refused and may not be.
func (r *resync) refusal(e errand, s wire.Status) error {
	switch {
	case s.OK() || r.unusable != "":
		return nil
	case e == askChanged: // no mod-sequences: the scan follows
		r.old.noteBroken(0, statusError(s))
		return nil
	case e == askCount:
		return nil // counted by EXAMINE
	case r.sel.counted && r.sel.Messages == 0:
		return nil // some servers refuse to fetch from an empty mailbox
	}
	return refused("fetch", r.raw, s)
}
