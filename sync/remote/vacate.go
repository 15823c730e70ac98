package remote

import (
	"context"
	"strings"

	"mailstow/sync/wire"
)

// Courier takes no message for a mailbox that the connection has open read-only, and
// neither removes nor renames one that it has open at all, though nothing of that
// disturbs anybody (RFC 9051 sections 6.3.5, 6.3.6, 6.3.12). Servers that let a
// mailbox be left (UNSELECT, RFC 3691) were not seen to mind.

// reopen opens a mailbox for changes that is open read-only and is to get mail.
func (c *Conn) reopen(ctx context.Context, raw string) error {
	if c.box != raw || c.opened.writable || c.Has("UNSELECT") {
		return nil
	}
	return passable(c.openBox(ctx, "SELECT", raw))
}

// vacate leaves a mailbox that a command is about, or that lies below it, by opening
// another one.
func (c *Conn) vacate(ctx context.Context, cmd *wire.Command, raw string) error {
	switch cmd.Name() {
	case "DELETE", "RENAME":
	default:
		return nil
	}
	if c.box == "" || !strings.HasPrefix(c.box, raw) || raw == "INBOX" || c.Has("UNSELECT") {
		return nil
	}
	return passable(c.openBox(ctx, "EXAMINE", "INBOX"))
}

// passable lets the command itself show what a refusal means for it.
func passable(_ Selected, err error) error {
	if ClassOf(err) == Refused {
		return nil
	}
	return err
}
