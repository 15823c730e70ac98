package remote

import (
	"context"
	"strconv"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// errand is what a command of a flight is for.
type errand int

const (
	askOpen errand = iota
	askChanged
	askCount
	askScan
	askNew
)

// resync is one ExamineChanged under way: flights of commands sent together, and
// what was heard.
type resync struct {
	c         *Conn
	raw       string
	k         Known
	want      Want
	fn        func(Meta) error
	err       error // of fn
	condStore bool
	method    Method
	touring   bool  // other mailboxes' answers follow: nothing more can be asked
	refused   error // the first refusal of a flight that counts

	sel      Selected
	replied  bool   // EXAMINE was answered
	opened   bool   // with OK
	unusable string // why Known does not fit
	early    bool   // changes came before UIDVALIDITY
	old      *metadata
	fresh    *metadata

	vanished    imap.UIDSet // before EXAMINE was answered
	later       imap.UIDSet // since
	badVanished bool
	expunged    int
	count       uint32
	hasCount    bool
}

// first is what opens the mailbox and may follow that at once. A server handles
// commands in order where they depend on each other (RFC 9051 section 5.5); when
// EXAMINE fails, the others fail with it.
func (r *resync) first() []errand {
	r.old = newMetadata(r.c, 1, r.k.Last, r.news(), r.report)
	r.fresh = newMetadata(r.c, r.k.Last+1, 0, r.want, r.report)
	errands := []errand{askOpen}
	switch {
	case r.method == ByModSeq:
		errands = append(errands, askChanged)
		if r.c.Has(imap.CapESearch) {
			errands = append(errands, askCount)
		}
	case r.method == ByScan && r.k.Last > 0:
		errands = append(errands, askScan)
	}
	if !r.k.NoNew && r.roomAbove() {
		errands = append(errands, askNew)
	}
	return errands
}

// roomAbove: there are UIDs above Last.
func (r *resync) roomAbove() bool { return r.k.Last < 1<<32-1 }

func (r *resync) command(e errand) *wire.Command {
	old := imap.UIDSet{{Start: 1, Stop: r.k.Last}}.String()
	switch e {
	case askChanged:
		return wire.Cmd("UID FETCH").Raw(old + " " + r.c.items(r.news()) + " (CHANGEDSINCE " + decimal(r.k.ModSeq) + ")")
	case askCount:
		return wire.Cmd("UID SEARCH").Raw("RETURN (COUNT) UID " + old) // RFC 4731
	case askScan:
		return wire.Cmd("UID FETCH").Raw(old + " " + r.c.items(r.news()))
	case askNew:
		return wire.Cmd("UID FETCH").Raw(imap.UIDSet{{Start: r.k.Last + 1}}.String() + " " + r.c.items(r.want))
	}
	cmd := wire.Cmd("EXAMINE").Mailbox(r.raw)
	switch {
	case r.method == ByQResync:
		cmd.Raw("(QRESYNC (" + decimal(uint64(r.k.UIDValidity)) + " " + decimal(r.k.ModSeq) + " " + r.knownUIDs() + "))")
	case r.condStore:
		cmd.Raw("(CONDSTORE)")
	}
	return cmd
}

// news is what may change of a known message. With QRESYNC a server tells only
// flags by itself.
func (r *resync) news() Want { return Want{Labels: r.want.Labels} }

// maxKnown is the length up to which the UIDs held are told one by one: then a
// server that has forgotten what was expunged when need not name every gap.
const maxKnown = 1000

// knownUIDs keeps the server from telling about messages above Last, which are
// asked for anyway.
func (r *resync) knownUIDs() string {
	if len(r.k.UIDs) <= maxKnown/2 {
		if s := r.k.UIDs.String(); s != "" && len(s) <= maxKnown {
			return s
		}
	}
	return imap.UIDSet{{Start: 1, Stop: r.k.Last}}.String()
}

// fly sends commands together and reads all answers. In a tour the flight is over
// when the first answers are in.
func (r *resync) fly(ctx context.Context, errands ...errand) error {
	if r.touring {
		return ErrAlone
	}
	cmds := make([]*wire.Command, len(errands))
	for i, e := range errands {
		cmds[i] = r.command(e)
	}
	r.refused = nil
	err := r.c.pipeline(ctx, r.raw, cmds, r.take, func(i int, s wire.Status) error { return r.done(errands[i], s) })
	if err != nil {
		return err
	}
	return r.refused
}

// done hears of the answer to one command.
func (r *resync) done(e errand, s wire.Status) error {
	switch {
	case e == askOpen:
		r.refused = r.answered(s)
	case !r.replied: // what it answered, and from which mailbox, nobody knows
		return &wire.ProtocolError{What: "the server answered a command ahead of the EXAMINE before it"}
	case r.refused == nil:
		r.refused = r.refusal(e, s)
	}
	return nil
}

// answered hears of the answer to EXAMINE.
func (r *resync) answered(s wire.Status) error {
	r.replied = true
	if !s.OK() {
		return refused("examine", r.raw, s)
	}
	r.opened = true
	r.sel.settle("EXAMINE", s)
	r.unusable = r.wanted(r.sel)
	r.c.box, r.c.opened = r.raw, r.sel
	return nil
}

func (r *resync) report(m Meta) error {
	if r.err == nil {
		r.err = r.fn(m)
	}
	return nil
}

// take is the handler of all flights.
func (r *resync) take(resp *wire.Response) error {
	switch {
	case resp.HasNum && resp.Name == "FETCH":
		return r.takeFetch(resp)
	case resp.Name == "VANISHED":
		return r.takeVanished(resp)
	case !r.opened && resp.Name == "OK" && resp.Status().Code == "CLOSED":
		// What came so far was about the mailbox open before (RFC 7162 section 3.2.11).
		r.sel, r.early = Selected{}, false
		return nil
	case !r.opened:
		return r.sel.take(resp)
	case resp.HasNum && resp.Name == "EXPUNGE":
		r.expunged++
		return wire.ErrStray
	case resp.Name == "ESEARCH":
		return r.takeCount(resp)
	}
	return r.c.unasked(resp)
}

// trusted: UIDs that come now mean what the caller takes them for.
func (r *resync) trusted() bool {
	if r.replied { // one that refuses may still have the mailbox before open
		return r.opened && r.unusable == ""
	}
	r.early = r.early || r.sel.UIDValidity == 0
	return r.sel.UIDValidity == r.k.UIDValidity
}

func (r *resync) takeFetch(resp *wire.Response) error {
	if !r.trusted() {
		return wire.ErrStray
	}
	got, err := readMeta(resp, r.old.flags)
	switch {
	case err != nil:
		if got.UID <= r.k.Last {
			r.old.noteBroken(got.UID, err)
		}
		if got.UID == 0 || got.UID > r.k.Last {
			r.fresh.noteBroken(got.UID, err)
		}
		return err
	case got.UID <= r.k.Last:
		return r.old.offer(got)
	case !r.opened: // the server tells of all changes, whatever was named
		return wire.ErrStray
	}
	return r.fresh.offer(got)
}

// takeVanished keeps the ranges; which are about the mailbox, settle finds out.
func (r *resync) takeVanished(resp *wire.Response) error {
	if !r.trusted() {
		return wire.ErrStray
	}
	to := &r.later
	if !r.opened {
		to = &r.vanished
	}
	_, err := readRanges(resp, func(g imap.UIDRange) error {
		if len(*to) >= maxRanges {
			return wire.ErrSyntax
		}
		*to = append(*to, g)
		return nil
	})
	r.badVanished = r.badVanished || err != nil
	return err
}

// takeCount reads ESEARCH (TAG "M5") UID COUNT 9.
func (r *resync) takeCount(resp *wire.Response) error {
	for {
		tok, err := resp.Next()
		switch {
		case err != nil:
			return err
		case tok.Kind == wire.End:
			return nil
		case tok.Kind == wire.Open:
			err = resp.Skip(tok)
		case tok.Is("COUNT"):
			if tok, err = resp.Next(); err == nil {
				n, ok := wire.ParseNumber(tok.Text)
				r.hasCount = ok && tok.Kind == wire.Atom && n < 1<<32
				r.count = number32(n, r.hasCount)
			}
		}
		if err != nil {
			return err
		}
	}
}

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }
