package remote

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

const (
	// maxUnasked is the longest literal sent to a server with LITERAL+ without asking:
	// one that refuses must read it all the same, and some take it for commands then.
	// A longer one is announced, and can be refused before it leaves. It is also the
	// longest message that is read as a whole before its command begins, so that
	// nothing can go wrong with it amid the command.
	maxUnasked = 1 << 20
	// maxTogether and maxBatch bound the messages of one MULTIAPPEND, and the octets
	// held in memory for it.
	maxTogether = 64
	maxBatch    = 4 << 20
)

// Outgoing is a message to be appended.
type Outgoing struct {
	Flags []imap.Flag
	Date  time.Time // internal date; zero: the server's choice
	Size  int64
	// Open gives exactly Size octets. It may be called again when the message must
	// be sent again. What it returns is closed if it is an io.Closer.
	Open func() (io.Reader, error)
}

// Appended is what came of an Outgoing.
type Appended struct {
	Outcome Outcome
	// UIDValidity and UID say where it is, where the server told it (APPENDUID, RFC
	// 4315 section 3); else look for it.
	UIDValidity uint32
	UID         imap.UID
	// Err is why it is not Done: an *Error of the server or of the connection, or
	// that of Open or of what it returned.
	Err error
}

// AppendLimit is the size of the largest message that the server takes (RFC 7889);
// 0 where it does not say.
func (c *Conn) AppendLimit() int64 {
	for name := range c.caps {
		if arg, ok := strings.CutPrefix(name, "APPENDLIMIT="); ok {
			if n, err := strconv.ParseInt(arg, 10, 64); err == nil && n > 0 {
				return n
			}
		}
	}
	return 0
}

// Append puts messages into a mailbox, in their order. Short ones leave together
// (MULTIAPPEND, RFC 3502, where the server takes literals unasked), without waiting
// for answers. When the server refuses some that left together, none of them was
// taken, and each is sent again on its own. A message that is too large, cannot be
// read, or is refused, costs neither the connection nor the others, except one
// longer than maxUnasked that cannot be read to its end: the connection is closed
// then amid the message, of which the server keeps nothing.
//
// An error means that the connection is gone. What is returned beside it tells of
// every message what became of it all the same.
func (c *Conn) Append(ctx context.Context, raw string, msgs []Outgoing) ([]Appended, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &appending{c: c, raw: raw, msgs: msgs, out: make([]Appended, len(msgs)), sent: make([]*appendCommand, len(msgs)), room: rooms.Get().(*room)}
	defer a.room.leave()
	err := c.mayChange("append", raw)
	if err == nil {
		err = c.reopen(ctx, raw)
	}
	if err == nil {
		err = a.run(ctx)
	}
	a.settle(err)
	return a.out, err
}

// unfit says why a message is not sent at all.
func (a *appending) unfit(m Outgoing) error {
	e := &Error{Class: Refused, Op: "append", Where: a.raw, Outcome: NotDone}
	limit := a.c.AppendLimit()
	e.Err = cmp.Or(checkFlags(m.Flags), wire.Cmd("APPEND").Mailbox(a.raw).Err())
	switch {
	case e.Err != nil:
	case m.Size < 0:
		e.Err = fmt.Errorf("a message cannot have %d octets", m.Size)
	case limit > 0 && m.Size > limit:
		e.Code, e.Err = "TOOBIG", fmt.Errorf("the message has %d octets, and the server takes %d at most", m.Size, limit)
	default:
		return nil
	}
	return e
}
