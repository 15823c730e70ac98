package remote

import (
	"context"

	"mailstow/sync/wire"
)

// uses are the special-use attributes that a mailbox can be created with, by role
// (RFC 6154 section 2).
var uses = map[string]string{
	"all": `\All`, "archive": `\Archive`, "drafts": `\Drafts`, "flagged": `\Flagged`,
	"junk": `\Junk`, "sent": `\Sent`, "trash": `\Trash`,
}

// Create makes a mailbox. role is one of Mailbox.Role, or "": it is told to servers
// that want to hear it (CREATE-SPECIAL-USE, RFC 6154 section 3); one that refuses
// the role (USEATTR) is asked for the mailbox without.
func (c *Conn) Create(ctx context.Context, raw, role string) error {
	use := uses[role]
	if use != "" && c.Has("CREATE-SPECIAL-USE") {
		err := c.change(ctx, raw, wire.Cmd("CREATE").Mailbox(raw).Raw("(USE ("+use+"))"))
		if e, ok := err.(*Error); !ok || e.Code != "USEATTR" {
			return err
		}
	}
	return c.change(ctx, raw, wire.Cmd("CREATE").Mailbox(raw))
}

// Rename gives a mailbox, and what is below it, another name.
func (c *Conn) Rename(ctx context.Context, from, to string) error {
	return c.change(ctx, from, wire.Cmd("RENAME").Mailbox(from).Mailbox(to))
}

// Delete removes a mailbox with all mail in it.
func (c *Conn) Delete(ctx context.Context, raw string) error {
	return c.change(ctx, raw, wire.Cmd("DELETE").Mailbox(raw))
}

// Subscribe puts a mailbox on the list of those to be shown.
func (c *Conn) Subscribe(ctx context.Context, raw string) error {
	return c.change(ctx, raw, wire.Cmd("SUBSCRIBE").Mailbox(raw))
}

// Unsubscribe takes a mailbox off that list.
func (c *Conn) Unsubscribe(ctx context.Context, raw string) error {
	return c.change(ctx, raw, wire.Cmd("UNSUBSCRIBE").Mailbox(raw))
}
