package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// BodyVisit is BodySets for one mailbox of many.
type BodyVisit struct {
	Raw         string
	UIDValidity uint32
	Sets        iter.Seq[BodySet] // made as they can be sent, were they like the one before; none is empty
	Usual       int64             // octets that most have, when there is more than that
	// Fn and Answered are as with BodySets; they are called only once EXAMINE has
	// confirmed UIDVALIDITY.
	Fn       func(set int, uid imap.UID, size int64, r io.Reader) error
	Answered func(set int, err error) error
	// Done hears that all requests are answered: nil, or why none of them counts.
	// Its error ends the tour and is returned by BodiesAll as it is.
	Done func(error) error
}

// BodiesAll is BodySets for many mailboxes in one flight: each is opened with
// EXAMINE, and what was asked of one that turned out to be another, or could not be
// opened, is dropped. A nil error means that every Done was called.
func (c *Conn) BodiesAll(ctx context.Context, visits iter.Seq[*BodyVisit]) error {
	return c.visit(ctx, c.collect(visits))
}

func (c *Conn) collect(visits iter.Seq[*BodyVisit]) iter.Seq[*stop] {
	return func(yield func(*stop) bool) {
		for v := range visits {
			var s *stop
			if v != nil {
				s = &stop{call: &errandBodies{v: *v, f: c.newFetch("", v.Fn)}, raw: v.Raw}
			}
			if !yield(s) {
				return
			}
		}
	}
}

// errandBodies is the call of BodiesAll.
type errandBodies struct {
	v     BodyVisit
	f     *bodyFetch
	open  *wire.Command // EXAMINE
	owner map[*wire.Command]int
	sel   Selected
	ok    bool  // opened, and the one that was meant
	void  error // why nothing counts
}

func (b *errandBodies) commands() iter.Seq[*wire.Command] {
	b.owner = map[*wire.Command]int{}
	return func(yield func(*wire.Command) bool) {
		b.open = wire.Cmd("EXAMINE").Mailbox(b.v.Raw)
		if b.void = b.open.Err(); b.void != nil || !yield(b.open) {
			return
		}
		for set := range b.v.Sets {
			if b.void != nil {
				return
			}
			for _, cmd := range b.f.ask(set) {
				b.owner[cmd] = len(b.f.asked) - 1
				if !yield(cmd) {
					return
				}
			}
			for b.f.c.wire.Full(min(max(set.Size, 1), b.v.Usual)) { // another connection may have room for the next one
				if !yield(wire.Wait) {
					return
				}
			}
		}
	}
}

func (b *errandBodies) take(resp *wire.Response) error {
	switch {
	case b.ok:
		return b.f.take(resp)
	case resp.Name == "OK" && resp.Status().Code == "CLOSED":
		b.sel = Selected{}
		return nil
	}
	return b.sel.take(resp)
}

func (b *errandBodies) answered(cmd *wire.Command, s wire.Status) error {
	if cmd == b.open {
		return b.opened(s)
	}
	set := b.owner[cmd]
	delete(b.owner, cmd)
	if !b.ok {
		if b.void == nil {
			return &wire.ProtocolError{What: "the server answered a command ahead of the EXAMINE before it"}
		}
		return nil
	}
	return b.f.answer(set, s, b.v.Answered)
}

func (b *errandBodies) failed() error { return b.f.err }

// opened hears of the answer to EXAMINE. A server that wants to be left alone is.
func (b *errandBodies) opened(s wire.Status) error {
	switch {
	case !s.OK():
		if b.void = refused("examine", b.v.Raw, s); ClassOf(b.void) == Connect {
			return b.void
		}
	case b.sel.UIDValidity != b.v.UIDValidity:
		b.void = fmt.Errorf("uidvalidity is %d, not %d", b.sel.UIDValidity, b.v.UIDValidity)
	case b.sel.UIDNotSticky:
		b.void = errors.New("UIDs of this mailbox do not last")
	default:
		b.ok = true
		b.f.c.box, b.f.c.opened = b.v.Raw, b.sel
	}
	return nil
}

func (b *errandBodies) end() error { return b.v.Done(b.void) }
