package remote

import (
	"context"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// statusItems are the items to ask for, and no more than the server offers: one
// it does not know makes it refuse them all.
func (c *Conn) statusItems() string {
	items := "MESSAGES UIDNEXT UIDVALIDITY UNSEEN"
	if c.condStore() {
		items += " HIGHESTMODSEQ" // RFC 7162 section 3.1.7
	}
	if c.hasRev2(imap.CapStatusSize) {
		items += " SIZE" // RFC 8438
	}
	if c.Has(imap.CapObjectID) {
		items += " MAILBOXID" // RFC 8474 section 4.3
	}
	return items
}

func (c *Conn) condStore() bool { return c.Has(imap.CapCondStore) || c.Has(imap.CapQResync) }

// statusAll asks for each selectable mailbox, the commands sent ahead.
func (c *Conn) statusAll(ctx context.Context, l *listing) error {
	var cmds []*wire.Command
	items := "(" + c.statusItems() + ")"
	for _, box := range l.boxes {
		if cmd := wire.Cmd("STATUS").Mailbox(box.Raw).Raw(items); box.Selectable && cmd.Err() == nil {
			cmds = append(cmds, cmd)
		}
	}
	if len(cmds) == 0 {
		return nil
	}
	return c.pipeline(ctx, c.where(), cmds, l.take, func(int, wire.Status) error { return nil })
}

// readStatus reads a STATUS response behind its name. A value that makes no
// sense counts as not sent.
func readStatus(resp *wire.Response) (name string, st *Status, err error) {
	if name, err = readMailbox(resp); err != nil {
		return "", nil, err
	}
	if tok, err := resp.Next(); err != nil || tok.Kind != wire.Open {
		return "", nil, wire.ErrSyntax
	}
	st = &Status{Size: -1}
	for {
		item, err := resp.Item()
		if err != nil {
			return "", nil, err
		}
		if item.Kind == wire.Close {
			return name, st, nil
		}
		key := string(item.Text)
		if err := st.set(key, resp); err != nil {
			return "", nil, err
		}
	}
}

func (st *Status) set(key string, resp *wire.Response) error {
	tok, err := resp.Next()
	if err != nil {
		return err
	}
	if tok.Kind == wire.Open {
		return st.setList(key, resp)
	}
	n, ok := wire.ParseNumber(tok.Text)
	if tok.Kind != wire.Atom || !ok {
		return resp.Skip(tok)
	}
	is := func(name string) bool { return wire.Token{Kind: wire.Atom, Text: []byte(key)}.Is(name) }
	switch {
	case is("MESSAGES"):
		st.Messages = uint32(n)
	case is("UIDNEXT"):
		st.UIDNext = imap.UID(n)
	case is("UIDVALIDITY"):
		st.UIDValidity = uint32(n)
	case is("UNSEEN"):
		st.Unseen = uint32(n)
	case is("HIGHESTMODSEQ"):
		st.HighestModSeq = modSeq(n)
	case is("SIZE"):
		st.Size = int64(min(n, 1<<62))
	}
	return nil
}

// setList takes MAILBOXID (id).
func (st *Status) setList(key string, resp *wire.Response) error {
	if key != "MAILBOXID" {
		return resp.Skip(wire.Token{Kind: wire.Open})
	}
	var err error
	if st.MailboxID, err = resp.String(); err != nil {
		return err
	}
	return resp.Skip(wire.Token{Kind: wire.Open})
}

// modSeq drops what is no mod-sequence: they have 63 bits (RFC 7162 section 7).
func modSeq(n uint64) uint64 {
	if n >= 1<<63 {
		return 0
	}
	return n
}
