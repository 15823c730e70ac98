package wire

import (
	"context"
	"errors"
	"iter"
	"strconv"
	"time"
)

// Handler takes one untagged response. Its errors: nil, ErrStray and ErrSyntax
// go on with the next response, anything else ends the connection.
type Handler func(*Response) error

// Do sends one command and hands every untagged response to h until the command
// is answered. The Status is valid when err is nil; a NO is no error here.
func (c *Conn) Do(ctx context.Context, cmd *Command, h Handler) (Status, error) {
	var status Status
	one := func(yield func(*Command) bool) { yield(cmd) }
	err := c.Pipeline(ctx, one, h, func(_ *Command, s Status) error {
		status = s
		return nil
	})
	return status, err
}

// Pipeline sends commands ahead of their answers, as far as the window allows,
// and calls done for each answer in the order of the server. An error from done
// ends the connection. In place of a command, nil reads one more response, on which it may
// depend what is sent, and Wait one without which nothing is sent. With nothing in flight
// both end the commands.
func (c *Conn) Pipeline(ctx context.Context, cmds iter.Seq[*Command], h Handler, done func(*Command, Status) error) error {
	return c.guard(ctx, func() error {
		if c.client != nil && c.client.busy() {
			return ErrBusy
		}
		c.r.dropped, c.bulk = 0, 0
		c.responses.Store(0)
		x := exchange{c: c, h: h, done: done}
		for cmd := range cmds {
			var err error
			switch {
			case (cmd == nil || cmd == Wait) && len(x.inFlight) == 0:
				return nil
			case cmd == nil:
				err = x.listen()
			case cmd == Wait:
				err = x.wait()
			case cmd.err != nil:
				err = errors.Join(x.drain(), cmd.err)
			default:
				if err = x.send(cmd); err == nil {
					err = c.hasten()
				}
			}
			if err != nil {
				return err
			}
		}
		return x.drain()
	})
}

// Wait stands for a response in place of a command; see Conn.Pipeline.
var Wait = &Command{}

// listen reads one response, which nobody waits for while others are to come: all that
// is sent meanwhile costs one round trip more.
func (x *exchange) listen() error {
	err := x.step()
	if !x.listened || len(x.inFlight) == 0 {
		x.listened, x.c.sent = true, false
	}
	return err
}

// exchange is the state of one Pipeline call.
type exchange struct {
	c        *Conn
	h        Handler
	done     func(*Command, Status) error
	inFlight []sent
	window   int // octets of the commands in flight
	answers  int // octets expected of their answers
	stray    int
	plus     bool // a continuation request came for the literal that waits
	waiting  bool // a literal waits
	listened bool // what is sent now may depend on answers
}

type sent struct {
	tag string
	cmd *Command
}

func (x *exchange) send(cmd *Command) error {
	c := x.c
	if c.slow() {
		if err := errors.Join(x.drain(), c.compress(x.h)); err != nil {
			return err
		}
	}
	if err := x.makeRoom(cmd); err != nil {
		return err
	}
	if c.w.Buffered() == 0 {
		c.begun, c.idle = time.Now(), len(x.inFlight) == 0
	}
	c.tag++
	c.commands.Add(1)
	s := sent{tag: "M" + strconv.Itoa(c.tag), cmd: cmd}
	cmd.tag = s.tag
	x.inFlight = append(x.inFlight, s)
	x.window += cmd.size()
	c.bulk += cmd.bulk
	x.answers += cmd.expected()
	if err := x.write(s.tag + " "); err != nil {
		return err
	}
	for i, p := range cmd.parts {
		if err := x.write(p.text); err != nil {
			return err
		}
		if !p.lit {
			continue
		}
		last := func() { cmd.whole = i+2 == len(cmd.parts) } // text alone follows
		cmd.parts[i].src = nil                               // what it holds need not wait for the answer
		if ok, err := x.literal(s.tag, p, last); !ok || err != nil {
			return err // not ok: the command was answered already, nothing more belongs to it
		}
	}
	cmd.whole = true
	return x.write("\r\n")
}

// makeRoom waits, when the window is full, until half of it is answered: so the
// commands leave in bunches.
func (x *exchange) makeRoom(cmd *Command) error {
	for x.c.Full(cmd.bulk) {
		if err := x.wait(); err != nil {
			return err
		}
	}
	ahead := maxInFlight
	if cmd.answer > 0 {
		ahead = maxBrief
	}
	if len(x.inFlight) < ahead && x.fits(cmd, 1) {
		return nil
	}
	for len(x.inFlight) > ahead/2 || len(x.inFlight) > 0 && !x.fits(cmd, 2) {
		if err := x.wait(); err != nil {
			return err
		}
	}
	return nil
}

// wait reads one response, without which nothing more is sent.
func (x *exchange) wait() error {
	err := x.step()
	x.c.sent = false
	return err
}

// fits: the server cannot be kept from reading, or the client from writing, by
// what is in flight: one of the two ways has room for it all.
func (x *exchange) fits(cmd *Command, part int) bool {
	return x.window+cmd.size() <= maxWindow/part || x.answers+cmd.expected() <= maxAnswers/part
}

func (x *exchange) write(s string) error {
	x.c.trace.sent(s)
	return x.writeRaw(s)
}

func (x *exchange) writeRaw(s string) error {
	if _, err := x.c.w.WriteString(s); err != nil {
		return x.c.fail(err)
	}
	return nil
}

// literal sends a literal, after the server's leave where it wants to be asked.
// ok is false when the server answered the command instead. last is called ahead
// of its last octets.
func (x *exchange) literal(tag string, p part, last func()) (ok bool, err error) {
	nonSync := p.size <= x.c.NonSync
	if err := x.write(announce(p.size, nonSync)); err != nil {
		return false, err
	}
	if !nonSync {
		x.plus, x.waiting = false, true
		for !x.plus && x.find(tag) >= 0 {
			if err := x.wait(); err != nil {
				return false, err
			}
		}
		x.waiting = false
		if !x.plus {
			return false, nil
		}
	}
	x.c.trace.literal(p.size)
	return true, x.source(p.src, p.size, last)
}

func (x *exchange) drain() error {
	for len(x.inFlight) > 0 {
		if err := x.wait(); err != nil {
			return err
		}
	}
	return nil
}

func (x *exchange) find(tag string) int {
	for i, s := range x.inFlight {
		if s.tag == tag {
			return i
		}
	}
	return -1
}

// step reads one response and deals with it.
func (x *exchange) step() error {
	resp, err := x.c.next()
	if resp == nil || err != nil {
		return err
	}
	switch resp.Tag {
	case "*":
		return x.untagged(resp)
	case "+":
		return x.proceed(resp)
	}
	i := x.find(resp.Tag)
	if i < 0 {
		return x.c.stray("an answer to a command that was not sent")
	}
	cmd := x.inFlight[i].cmd
	x.c.trace.answered(cmd.name)
	x.inFlight = append(x.inFlight[:i], x.inFlight[i+1:]...)
	x.window -= cmd.size()
	x.c.bulk -= cmd.bulk
	x.answers -= cmd.expected()
	status := resp.Status()
	if err := x.done(cmd, status); err != nil {
		return x.c.fail(err)
	}
	return nil
}

func (x *exchange) untagged(resp *Response) error {
	err := x.h(resp)
	switch {
	case x.c.r.err != nil: // cut or beyond a limit, whatever the handler made of it
		return x.c.fail(x.c.r.err)
	case errors.Is(err, ErrSyntax):
		x.c.opt.Repaired("skipped a malformed " + resp.Name + " response: " + OneLine(x.c.r.seg))
		fallthrough
	case errors.Is(err, ErrStray):
		if x.stray++; x.stray > MaxStray {
			return x.c.fail(&LimitError{What: "count of unwanted responses", Limit: MaxStray})
		}
	case err != nil:
		return x.c.fail(err)
	}
	if err := resp.finish(); err != nil {
		return x.c.fail(err)
	}
	return nil
}

// proceed deals with a continuation request: for a literal, for a command that
// answers challenges, or for nobody.
func (x *exchange) proceed(resp *Response) error {
	if x.waiting {
		x.plus = true
		return nil
	}
	if n := len(x.inFlight); n > 0 && x.inFlight[n-1].cmd.reply != nil {
		answer, err := x.inFlight[n-1].cmd.reply(resp.Rest())
		if err != nil {
			return x.c.fail(err)
		}
		return x.write(string(answer) + "\r\n")
	}
	return x.c.stray("a continuation request that nothing waits for")
}
