package remote

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"

	"mailstow/sync/wire"
)

// ErrAlone is the outcome for a mailbox that needs more than one flight: visit it
// alone, with ExamineChanged or Bodies.
var ErrAlone = errors.New("the mailbox needs a visit of its own")

// A tour visits mailboxes one behind the other without waiting for any of them:
// EXAMINE, what is asked there, the next EXAMINE, and so on, sent ahead as far as
// the window of the pipeline goes. A server must carry out in order what depends
// on order (RFC 9051 section 5.5), so an untagged response belongs to the first
// mailbox with an answer outstanding; one that answers in another order ends the
// connection. Nothing counts that comes before EXAMINE was answered OK: a server
// that refuses it might still have the mailbox before open.
type tour struct {
	c     *Conn
	stops []*stop // not complete, oldest first
	err   error   // of a caller: nothing more is asked, the rest is read and dropped
}

// stop is one mailbox of a tour.
type stop struct {
	call
	raw  string
	left []*wire.Command // sent and not answered
	sent bool            // all commands were made
}

// call is what is done at a stop. Errors of take and answered end the connection,
// one of failed or end only the tour.
type call interface {
	commands() iter.Seq[*wire.Command] // the first is EXAMINE; or wire.Wait
	take(*wire.Response) error
	answered(*wire.Command, wire.Status) error
	failed() error // of the caller, so far
	end() error    // all commands are answered
}

// visit runs a tour. where tells what is being read when the connection fails.
func (c *Conn) visit(ctx context.Context, stops iter.Seq[*stop]) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.travel(ctx, "examine", stops)
}

// travel is visit under the lock.
func (c *Conn) travel(ctx context.Context, op string, stops iter.Seq[*stop]) error {
	t := &tour{c: c}
	err := c.stream(ctx, t.commands(stops), t.take, t.answered)
	where := ""
	if len(t.stops) > 0 {
		where = t.stops[0].raw
	}
	return cmp.Or(fail(ctx, op, where, err), t.err)
}

// commands makes the commands as they can be sent. In place of a stop, nil waits for
// one more response.
func (t *tour) commands(stops iter.Seq[*stop]) iter.Seq[*wire.Command] {
	return func(yield func(*wire.Command) bool) {
		for s := range stops {
			if s == nil {
				if !yield(nil) || t.err != nil {
					return
				}
				continue
			}
			t.arrive(s)
			for cmd := range s.commands() {
				if t.err != nil {
					return
				}
				if cmd != wire.Wait {
					s.left = append(s.left, cmd)
				}
				if !yield(cmd) {
					return
				}
			}
			s.sent = true
			if t.leave(); t.err != nil {
				return
			}
		}
	}
}

// arrive puts a stop at the end of the line.
func (t *tour) arrive(s *stop) {
	t.stops = append(t.stops, s)
	if len(t.stops) == 1 {
		t.c.box, t.c.opened = "", Selected{}
	}
}

// leave ends the stops that are complete.
func (t *tour) leave() {
	for len(t.stops) > 0 && t.stops[0].sent && len(t.stops[0].left) == 0 {
		s := t.stops[0]
		t.stops[0] = nil // what a mailbox was known to hold need not wait for the others
		t.stops = t.stops[1:]
		if t.err == nil {
			t.err = s.end()
		}
		if len(t.stops) > 0 {
			t.c.box, t.c.opened = "", Selected{}
		}
	}
}

func (t *tour) take(resp *wire.Response) error {
	switch {
	case t.err != nil:
		return wire.ErrStray
	case len(t.stops) == 0:
		return t.c.unasked(resp)
	}
	now := t.stops[0]
	err := now.take(resp)
	t.err = now.failed()
	return err
}

func (t *tour) answered(cmd *wire.Command, s wire.Status) error {
	if len(t.stops) == 0 {
		return nil
	}
	now := t.stops[0]
	i := slices.Index(now.left, cmd)
	if i < 0 {
		return &wire.ProtocolError{What: "the server answered for a mailbox ahead of the one before it"}
	}
	now.left = slices.Delete(now.left, i, i+1)
	if t.err == nil {
		if err := now.answered(cmd, s); err != nil {
			return err
		}
	}
	t.leave()
	return nil
}
