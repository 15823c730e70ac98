package remote

import (
	"context"
	"errors"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// Examine opens a mailbox read-only. EXAMINE changes nothing on the server, not
// even \Recent.
func (c *Conn) Examine(ctx context.Context, raw string) (Selected, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.openBox(ctx, "EXAMINE", raw)
}

// openBox opens a mailbox by EXAMINE or SELECT.
func (c *Conn) openBox(ctx context.Context, verb, raw string) (Selected, error) {
	c.box, c.opened = "", Selected{}
	sel, err := c.tryOpen(ctx, verb, raw, c.condStore())
	if e, ok := errors.AsType[statusError](err); ok && e.Type == "BAD" && c.condStore() {
		sel, err = c.tryOpen(ctx, verb, raw, false) // offered, but not understood
	}
	if err != nil {
		return Selected{}, err
	}
	c.box, c.opened = raw, sel
	return sel, nil
}

func (c *Conn) tryOpen(ctx context.Context, verb, raw string, condStore bool) (Selected, error) {
	var sel Selected
	status, err := c.do(ctx, raw, openCommand(verb, raw, condStore), sel.take)
	sel.settle(verb, status)
	return sel, err
}

func openCommand(verb, raw string, condStore bool) *wire.Command {
	cmd := wire.Cmd(verb).Mailbox(raw)
	if condStore {
		cmd.Raw("(CONDSTORE)") // RFC 7162 section 3.1.8
	}
	return cmd
}

// settle draws conclusions from the whole answer.
func (sel *Selected) settle(verb string, s wire.Status) {
	if sel.NoModSeq {
		sel.HighestModSeq = 0 // whatever it said besides
	}
	sel.NoModSeq = sel.HighestModSeq == 0
	sel.ReadOnly = verb == "EXAMINE" || s.Code == "READ-ONLY"
	sel.writable = !sel.ReadOnly
}

// take is the handler of EXAMINE and SELECT (RFC 9051 section 6.3.3).
func (sel *Selected) take(resp *wire.Response) error {
	switch {
	case resp.HasNum && resp.Name == "EXISTS":
		sel.Messages, sel.counted = resp.Num, true
		return nil
	case resp.HasNum && resp.Name == "RECENT", resp.Name == "FLAGS":
		return nil
	case resp.Name == "OK", resp.Name == "NO": // UIDNOTSTICKY comes in a NO
		sel.takeCode(resp.Status())
		return nil
	}
	return wire.ErrStray
}

func (sel *Selected) takeCode(s wire.Status) {
	n, ok := wire.ParseNumber([]byte(s.Arg))
	switch s.Code {
	case "UIDVALIDITY":
		sel.UIDValidity = number32(n, ok)
	case "UIDNEXT":
		sel.UIDNext = imap.UID(number32(n, ok))
	case "HIGHESTMODSEQ":
		sel.HighestModSeq = modSeq(n)
	case "NOMODSEQ":
		sel.NoModSeq = true
	case "UIDNOTSTICKY":
		sel.UIDNotSticky = true
	case "PERMANENTFLAGS":
		sel.PermanentFlags = parseFlags(s.Arg)
	case "MAILBOXID":
		sel.MailboxID = unparen(s.Arg)
	}
}
