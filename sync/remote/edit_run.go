package remote

import (
	"context"

	"mailstow/sync/wire"
)

// editAll goes through the mailboxes in order. Each flight holds the commands for a mailbox
// that is open and known to be the right one, and behind them the SELECT of the
// next. A server that wants to be left alone is.
func (c *Conn) editAll(ctx context.Context, works []*work) error {
	var now *work
	for _, next := range append(works, nil) {
		switch {
		case next == nil:
		case next.ended:
			continue
		case now == nil && c.box == next.e.Raw && c.opened.writable:
			next.begin(c.opened)
			now = next
			continue
		}
		if err := c.editFlight(ctx, now, next); err != nil {
			return err
		}
		if now != nil {
			now.settle(nil)
		}
		if next != nil && next.plain { // SELECT (CONDSTORE) was not understood
			if err := c.editFlight(ctx, nil, next); err != nil {
				return err
			}
		}
		now = next
	}
	return nil
}

// editFlight is one flight: the commands of now, then the SELECT of next; either
// may be nil.
func (c *Conn) editFlight(ctx context.Context, now, next *work) error {
	f := &editing{c: c, now: now, next: next}
	where, cmds := c.where(), []*wire.Command(nil)
	if now != nil && len(now.jobs) > 0 {
		where = now.e.Raw
		for _, j := range now.jobs {
			cmds = append(cmds, j.cmd)
		}
	} else if next != nil {
		where = next.e.Raw
	}
	if next != nil {
		f.open = openCommand("SELECT", next.e.Raw, c.condStore() && !next.plain).Brief(briefOpen)
		cmds = append(cmds, f.open)
	}
	if len(cmds) == 0 {
		return nil
	}
	err := c.pipeline(ctx, where, cmds, f.take, func(i int, s wire.Status) error { return f.answered(cmds[i], s) })
	if err == nil {
		err = f.later
	}
	return err
}

// editing is one flight under way.
type editing struct {
	c         *Conn
	now, next *work
	open      *wire.Command // the SELECT
	sel       Selected
	later     error // the server wants to be left alone
}

// take: what comes while a command for the open mailbox waits is about that one,
// then about the one that is being opened.
func (f *editing) take(resp *wire.Response) error {
	switch {
	case f.now != nil && f.now.left() > 0:
		return f.now.take(resp)
	case f.open == nil:
		return f.c.unasked(resp)
	case resp.Name == "OK" && resp.Status().Code == "CLOSED":
		f.sel = Selected{} // of the mailbox open before (RFC 7162 section 3.2.11)
		return nil
	}
	return f.sel.take(resp)
}

func (f *editing) answered(cmd *wire.Command, s wire.Status) error {
	if later, _ := tryLater(s); later && !s.OK() {
		f.later = notDone(opName(cmd), "", s)
	}
	if cmd != f.open {
		f.now.answered(cmd, s)
		return nil
	}
	if f.now != nil && f.now.left() > 0 {
		return &wire.ProtocolError{What: "the server opened a mailbox ahead of what was to be done in the one before"}
	}
	f.opened(s)
	return nil
}

// opened hears of the answer to SELECT.
func (f *editing) opened(s wire.Status) {
	w := f.next
	f.c.box, f.c.opened = "", Selected{}
	switch {
	case s.OK():
		f.sel.settle("SELECT", s)
		f.c.box, f.c.opened = w.e.Raw, f.sel
		w.begin(f.sel)
	case s.Type == "BAD" && f.c.condStore() && !w.plain:
		w.plain = true
	default:
		w.end(notDone("select", w.e.Raw, s))
	}
}
