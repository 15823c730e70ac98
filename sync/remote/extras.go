package remote

import (
	"context"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// capGmail is Google's X-GM-EXT-1: X-GM-MSGID and X-GM-LABELS, described in
// "IMAP Extensions" of its developers' pages.
const capGmail imap.Cap = "X-GM-EXT-1"

// items renders what to ask for, and no more than the server offers.
func (c *Conn) items(w Want) string {
	items := "(UID FLAGS"
	if w.Date {
		items += " INTERNALDATE"
	}
	if w.Size {
		items += " RFC822.SIZE"
	}
	return items + c.extras(w) + ")"
}

// extras are the items of extensions. A server that offers them and answers BAD is
// not asked for them again.
func (c *Conn) extras(w Want) (items string) {
	if c.noExtras {
		return ""
	}
	if w.Identity && c.Has(imap.CapObjectID) {
		items += " EMAILID"
	}
	if w.Identity && c.Has(capGmail) {
		items += " X-GM-MSGID"
	}
	if w.Labels && c.Has(capGmail) {
		items += " X-GM-LABELS"
	}
	return items
}

// giveUpExtras reports whether a command that was answered BAD may be understood
// without the items of extensions, and gives those up.
func (c *Conn) giveUpExtras(w Want, s wire.Status) bool {
	if s.Type != "BAD" || c.extras(w) == "" {
		return false
	}
	c.noExtras = true
	c.notice("the server offers identities or labels of messages and does not understand the question")
	return true
}

// listOf reads a list of atoms or strings; a value that is none, such as NIL, is
// skipped: nobody's listing may fail for the sake of an extension.
func listOf(resp *wire.Response, fn func(atom []byte)) (list bool, err error) {
	tok, err := resp.Next()
	switch {
	case err != nil:
		return false, err
	case tok.Kind != wire.Open:
		return false, resp.Skip(tok)
	}
	return true, resp.AtomsOf(tok, fn)
}

// readEmailID reads EMAILID (id).
func readEmailID(resp *wire.Response) (id string, err error) {
	n := 0
	_, err = listOf(resp, func(atom []byte) {
		id = string(atom)
		n++
	})
	if n != 1 || len(id) > maxObjectID {
		id = ""
	}
	return id, err
}

// maxObjectID is the length of an objectid (RFC 8474 section 7).
const maxObjectID = 255

func readGmailID(resp *wire.Response) (uint64, error) {
	tok, err := resp.Next()
	if err != nil {
		return 0, err
	}
	n, _ := wire.ParseNumber(tok.Text)
	if tok.Kind != wire.Atom {
		n = 0
	}
	return n, resp.Skip(tok)
}

// maxLabels bounds the labels of a message, in octets: Google allows a few hundred
// of some dozens of characters. Beyond it they count as not told.
const maxLabels = 64 << 10

// readLabels reads a list of labels: atoms, quoted strings or literals in modified
// UTF-7, Google's own beginning with a backslash.
func readLabels(resp *wire.Response) (labels []string, ok bool, err error) {
	size := 0
	list, err := listOf(resp, func(atom []byte) {
		if size += len(atom); size <= maxLabels {
			labels = append(labels, DecodeName(string(atom)))
		}
	})
	if !list || size > maxLabels {
		return nil, false, err
	}
	return labels, true, err
}

// refetch runs a FETCH of metadata, a second time without the items of extensions
// where the server does not understand it with them.
func (c *Conn) refetch(ctx context.Context, set imap.UIDSet, m *metadata) error {
	for {
		cmd := wire.Cmd("UID FETCH").Raw(set.String() + " " + c.items(m.want))
		var status wire.Status
		err := c.pipeline(ctx, c.box, []*wire.Command{cmd}, m.take, func(_ int, s wire.Status) error {
			status = s
			return nil
		})
		switch {
		case err != nil || status.OK():
			return err
		case !c.giveUpExtras(m.want, status):
			return refused("fetch", c.box, status)
		}
	}
}
