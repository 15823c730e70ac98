package remote

import (
	"context"
	"errors"
	"iter"

	"mailstow/sync/wire"
)

// Visit is ExamineChanged for one mailbox of many.
type Visit struct {
	Raw   string
	Known Known
	Want  Want
	Fn    func(Meta) error // as with ExamineChanged
	// Done hears the outcome, as ExamineChanged returns it, or ErrAlone. Its error
	// ends the tour and is returned by ExamineAll as it is.
	Done func(Selected, Changes, error) error
}

// ExamineAll is ExamineChanged for many mailboxes in one flight, made as they are
// sent. What a mailbox needs beyond its first round trip is left to a visit of its
// own: Done gets ErrAlone. A nil error means that every Done was called; otherwise
// those that were not called know nothing.
//
// bodies are asked for behind it, in the same flight, as BodiesAll does: what the
// first mailboxes lack while the answers of the others are still to come. nil waits
// for one more response, and ends them where none is to come.
func (c *Conn) ExamineAll(ctx context.Context, visits iter.Seq[Visit], bodies iter.Seq[*BodyVisit]) error {
	return c.visit(ctx, func(yield func(*stop) bool) {
		for v := range visits {
			r := c.newResync(v.Raw, v.Known.tidy(), v.Want, v.Fn, c.condStore(), c.canQResync())
			r.touring = true
			if !yield(&stop{call: &look{r: r, v: v, ctx: ctx}, raw: v.Raw}) {
				return
			}
		}
		c.collect(bodies)(yield)
	})
}

// look is the call of ExamineAll.
type look struct {
	r       *resync
	v       Visit
	ctx     context.Context
	errands map[*wire.Command]errand
}

func (l *look) commands() iter.Seq[*wire.Command] {
	l.errands = map[*wire.Command]errand{}
	return func(yield func(*wire.Command) bool) {
		for _, e := range l.r.first() {
			cmd := l.r.command(e)
			if cmd.Err() != nil { // a name that cannot be sent
				l.r.refused = ErrAlone
				return
			}
			l.errands[cmd] = e
			if !yield(cmd) {
				return
			}
		}
	}
}

func (l *look) take(resp *wire.Response) error { return l.r.take(resp) }

// answered: a server that wants to be left alone is.
func (l *look) answered(cmd *wire.Command, s wire.Status) error {
	err := l.r.done(l.errands[cmd], s)
	if err == nil && ClassOf(l.r.refused) == Connect {
		err = l.r.refused
	}
	return err
}

func (l *look) failed() error { return l.r.err }

func (l *look) end() error {
	sel, ch, err := l.outcome()
	if l.r.err != nil {
		return l.r.err
	}
	return l.v.Done(sel, ch, err)
}

// outcome makes Changes of what was heard. A refusal may be one of the form in
// which it was asked: only a visit of its own finds out.
func (l *look) outcome() (Selected, Changes, error) {
	if l.r.refused != nil {
		return Selected{}, Changes{}, ErrAlone
	}
	ch, err := l.r.settle(l.ctx)
	if ClassOf(err) == Refused {
		err = errors.Join(ErrAlone, err)
	}
	return l.r.sel, ch, err
}
