package remote

import (
	"cmp"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"slices"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

const (
	// maxHeld bounds a body that must be held in memory because its UID comes only
	// after it. A longer one is asked for again, alone.
	maxHeld = 4 << 20
	// maxHeader bounds a header; longer ones are not reported.
	maxHeader = 4 << 20
	// maxDigests bounds what is remembered to compare repeated answers.
	maxDigests = 4096
)

// Bodies fetches whole messages (BODY.PEEK[]) and calls fn for each complete
// answer, from the calling goroutine, in the order of the server. r streams
// exactly size octets; a literal that was cut ends in io.ErrUnexpectedEOF. r is
// valid until fn returns; what fn leaves of it is skipped.
//
// Returning nil means the tagged OK came; what fn saw before an error must not
// be trusted (invariant I7). A UID not answered, or answered NIL, is not
// reported. Answers are routed by the UID and section within one response: news
// of flags, a UID behind the literal, split and repeated answers neither steal
// nor lose a body, and of several answers the first counts. An error of fn ends
// the calls and is returned as it is, after the rest was read and dropped.
func (c *Conn) Bodies(ctx context.Context, uids imap.UIDSet, fn func(uid imap.UID, size int64, r io.Reader) error) error {
	return c.fetchSection(ctx, uids, "", fn)
}

// Headers fetches the headers (BODY.PEEK[HEADER], the empty line included) like
// Bodies.
func (c *Conn) Headers(ctx context.Context, uids imap.UIDSet, fn func(uid imap.UID, header []byte) error) error {
	return c.fetchSection(ctx, uids, "HEADER", func(uid imap.UID, size int64, r io.Reader) error {
		if size > maxHeader {
			c.notice("skipped a header beyond any measure")
			return nil
		}
		b := make([]byte, size)
		if _, err := io.ReadFull(r, b); err != nil {
			return err
		}
		return fn(uid, b)
	})
}

// BodySet is one request for bodies. Size is about what they bring in octets.
type BodySet struct {
	UIDs imap.UIDSet
	Size int64
}

// BodySets fetches several sets like Bodies, each as a request of its own, sent
// ahead of the answers before it, so that the server never waits for the client.
// Sets are known by their index. answered hears of each set when its request is
// answered: nil is the tagged OK, else it was Refused, and what fn saw of the set
// must not be trusted; an error of answered ends the connection. A body whose UID
// comes only behind it may go unreported when it is long: ask for it alone.
func (c *Conn) BodySets(ctx context.Context, sets []BodySet, fn func(set int, uid imap.UID, size int64, r io.Reader) error, answered func(set int, err error) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.newFetch("", fn)
	if err := f.run(ctx, sets, answered); err != nil {
		return err
	}
	return f.err
}

func (c *Conn) newFetch(section string, fn func(int, imap.UID, int64, io.Reader) error) *bodyFetch {
	return &bodyFetch{c: c, section: section, fn: fn, digests: map[imap.UID]digest{}, refusals: map[int]error{}}
}

func (c *Conn) fetchSection(ctx context.Context, uids imap.UIDSet, section string, fn func(imap.UID, int64, io.Reader) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.newFetch(section, func(_ int, uid imap.UID, size int64, r io.Reader) error { return fn(uid, size, r) })
	if err := f.all(ctx, uids); err != nil {
		return err
	}
	for _, uid := range f.again {
		f.alone = uid
		if err := f.all(ctx, imap.UIDSetNum(uid)); err != nil {
			return err
		}
	}
	return f.err
}

// maxPiece is how many ranges of UIDs a request of all has.
const maxPiece = 500

// all fetches a set of any length; a refusal is an error.
func (f *bodyFetch) all(ctx context.Context, uids imap.UIDSet) error {
	var pieces []BodySet
	for piece := range slices.Chunk(uids, maxPiece) {
		pieces = append(pieces, BodySet{UIDs: piece})
	}
	var refusal error
	err := f.run(ctx, pieces, func(_ int, err error) error {
		refusal = cmp.Or(refusal, err)
		return nil
	})
	if err != nil {
		return err
	}
	return refusal
}

// bodyFetch is one call of Bodies, BodySets or Headers under way.
type bodyFetch struct {
	c        *Conn
	asked    []imap.UIDSet
	left     []int // requests of each set not answered yet
	oldest   int   // sets before it are answered
	refusals map[int]error
	section  string
	fn       func(int, imap.UID, int64, io.Reader) error
	err      error    // of fn
	current  imap.UID // whose literal is being read
	alone    imap.UID // the one UID asked for, known though it comes later
	again    []imap.UID
	got      seen
	useless  bool  // the answer brings a body again, or one that nobody wants
	wasted   int64 // octets of bodies that came again
	digests  map[imap.UID]digest
}

// digest tells whether a repeated answer differs from the first. Nothing but a notice
// hangs on it, and processors have an instruction for this sum.
type digest struct {
	size int64
	sum  uint32
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// run sends the requests for sets and reads their answers.
func (f *bodyFetch) run(ctx context.Context, sets []BodySet, answered func(set int, err error) error) error {
	f.reset()
	var cmds []*wire.Command
	var owner []int // the set that a command is for
	for i, set := range sets {
		mine := f.ask(set)
		cmds = append(cmds, mine...)
		for range mine {
			owner = append(owner, i)
		}
		if len(mine) > 0 {
			continue
		}
		if err := answered(i, nil); err != nil { // empty: nothing to ask
			return err
		}
	}
	if len(cmds) == 0 {
		return nil
	}
	err := f.c.pipeline(ctx, f.c.box, cmds, f.take, func(cmd int, s wire.Status) error {
		return f.answer(owner[cmd], s, answered)
	})
	if e, ok := errors.AsType[*Error](err); ok {
		e.UID = f.current
	}
	return err
}

func (f *bodyFetch) reset() {
	f.asked, f.left, f.refusals, f.oldest = nil, nil, map[int]error{}, 0
}

// ask makes the requests for a set.
func (f *bodyFetch) ask(set BodySet) (cmds []*wire.Command) {
	for _, uids := range splitSet(set.UIDs) {
		cmds = append(cmds, wire.Cmd("UID FETCH").Raw(uids+" (UID BODY.PEEK["+f.section+"])").Bulk(max(set.Size, 1)))
	}
	f.asked, f.left = append(f.asked, set.UIDs), append(f.left, len(cmds))
	return cmds
}

// answer hears of the answer to one request of a set.
func (f *bodyFetch) answer(set int, s wire.Status, answered func(set int, err error) error) error {
	if !s.OK() && f.refusals[set] == nil {
		f.refusals[set] = refused("fetch", f.c.box, s)
	}
	if f.left[set]--; f.left[set] > 0 {
		return nil
	}
	f.asked[set] = nil // a large mailbox has many
	for f.oldest < len(f.asked) && f.left[f.oldest] == 0 {
		f.oldest++
	}
	return answered(set, f.refusals[set])
}

// setOf finds the unanswered set that a UID was asked for in; servers answer
// requests in order, so that it is nearly always the oldest.
func (f *bodyFetch) setOf(uid imap.UID) (int, bool) {
	for i := f.oldest; uid != 0 && i < len(f.asked); i++ {
		if f.left[i] > 0 && f.asked[i].Contains(uid) {
			return i, true
		}
	}
	return 0, false
}
