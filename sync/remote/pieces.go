package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// PieceSize is how many octets Pieces asks for at a time. As many as some servers
// work on at once (Dovecot: four) may be lost with a connection, though all but the
// answer OK has come; half as many octets cost them noticeably more work.
const PieceSize = 256 << 10

// ErrWhole is the outcome for a message that cannot be had in pieces: fetch it with
// Bodies, which also finds out whether it can be had at all.
var ErrWhole = errors.New("the message cannot be had in pieces")

// Pieces fetches one message from an offset to its end in pieces (RFC 9051 section
// 6.4.5, BODY.PEEK[]<offset.length>), several asked for ahead. fn gets them in order
// and as Bodies gives messages; answered hears, as often as fn before it and perhaps
// some pieces later, that the request for one was answered OK, so that it can be
// kept (invariant I7). size is what was announced.
//
// Nil means that the message ends behind the last piece: where it was announced to
// end, or where the server has nothing more when asked twice. ErrWhole means that
// the server did not answer as asked: with more or fewer octets, with others, or
// with a refusal. What fn saw before is then worth nothing. Where one that ignores
// the range would send the whole message for each piece, it is found out with the
// first.
func (c *Conn) Pieces(ctx context.Context, uid imap.UID, from, size int64, fn func(n int64, r io.Reader) error, answered func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.noPieces {
		return ErrWhole
	}
	f := &pieceFetch{c: c, uid: uid, size: size, next: from, end: -1, fn: fn, answered: answered, owner: map[*wire.Command]*piece{}}
	if !c.pieces {
		if err := f.fly(ctx, true); err != nil {
			return err
		}
		c.pieces = true
	}
	for !f.complete() {
		if err := f.fly(ctx, f.next > size); err != nil {
			return err
		}
	}
	return nil
}

// pieceFetch is one call of Pieces under way.
type pieceFetch struct {
	c         *Conn
	uid       imap.UID
	size      int64 // as announced
	next      int64 // offset of the next request
	end       int64 // where a piece was short; -1: nowhere yet
	confirmed bool  // nothing came when asked again there
	odd       string
	err       error // of a callback
	fn        func(int64, io.Reader) error
	answered  func() error
	asked     []*piece // not done with, oldest first
	taken     int      // how many of them have come, as far as those before them have
	owner     map[*wire.Command]*piece
}

// piece is one request. A server may work on several at once and answer them in any
// order (RFC 9051 section 5.5); what comes early waits in data.
type piece struct {
	at   int64
	got  int64 // octets of the answer; -1: none yet
	data []byte
	ok   bool // the tagged OK came
	ours bool // fn got it
}

// complete: the end is where it was announced, or where nothing is left.
func (f *pieceFetch) complete() bool { return f.end >= 0 && (f.end == f.size || f.confirmed) }

// fly asks for what is left of the announced size, or for one piece.
func (f *pieceFetch) fly(ctx context.Context, one bool) error {
	if f.end >= 0 {
		f.next = f.end // was that all?
	}
	err := fail(ctx, "fetch", f.c.box, f.c.stream(ctx, f.requests(one), f.take, f.done))
	if e, ok := errors.AsType[*Error](err); ok {
		e.UID = f.uid
	}
	switch {
	case err != nil:
		return err
	case f.err != nil:
		return f.err
	case f.odd != "":
		return fmt.Errorf("%w: the server %s", ErrWhole, f.odd)
	}
	return nil
}

func (f *pieceFetch) requests(one bool) iter.Seq[*wire.Command] {
	return func(yield func(*wire.Command) bool) {
		for first := true; first || !one && f.next <= f.size && f.end < 0; first = false {
			if f.odd != "" || f.err != nil {
				return
			}
			p := &piece{at: f.next, got: -1}
			cmd := wire.Cmd("UID FETCH").Raw(fmt.Sprintf("%d (UID BODY.PEEK[]<%d.%d>)", f.uid, p.at, PieceSize)).Bulk(PieceSize)
			f.asked, f.owner[cmd] = append(f.asked, p), p
			f.next += PieceSize
			if !yield(cmd) {
				return
			}
		}
	}
}

// done hears of the answer to a request.
func (f *pieceFetch) done(cmd *wire.Command, s wire.Status) error {
	p := f.owner[cmd]
	delete(f.owner, cmd)
	switch {
	case f.odd != "" || f.err != nil:
	case s.Type == "BAD":
		f.giveUp("does not understand the question")
	case !s.OK():
		f.odd = statusError(s).Error()
	case p.got < 0:
		f.odd = "answered without a piece of the message"
	default:
		p.ok = true
		f.leave()
	}
	return nil
}

// leave tells of the pieces that are answered, as far as those before them are.
func (f *pieceFetch) leave() {
	for f.err == nil && f.taken > 0 && f.asked[0].ok {
		p := f.asked[0]
		f.asked, f.taken = f.asked[1:], f.taken-1
		if p.ours {
			f.err = f.answered()
		}
	}
}

func (c *Conn) maxMessage() int64 { return cmp.Or(c.cfg.MaxMessage, wire.MaxLiteral) }

// giveUp notes that this server is not to be asked for pieces again.
func (f *pieceFetch) giveUp(what string) {
	f.odd, f.c.noPieces = what, true
	f.c.notice("cannot have messages in pieces: the server " + what)
}
