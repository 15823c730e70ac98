package remote

import (
	"context"
	"strings"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

const (
	// maxListed bounds the octets that a listing holds: names and attributes, and what
	// each name and each word about a known one cost beside them. 100,000 mailboxes
	// with names in the hundred of octets stay below; nobody has more.
	maxListed = 52 << 20
	nameCost  = 320
	wordCost  = 64
)

// listing collects what LIST, LSUB and STATUS say, by raw name, in the order of
// the server. Names listed twice are one mailbox.
type listing struct {
	boxes  []Mailbox
	byName map[string]int
	status map[string]*Status
	subs   map[string]bool
	hidden bool // a line could not be read
	octets int  // of what was said so far
}

func newListing() *listing {
	return &listing{byName: map[string]int{}, status: map[string]*Status{}, subs: map[string]bool{}}
}

// List returns every mailbox with its STATUS: in one exchange where the server
// offers LIST-STATUS (RFC 5819), else LIST, then STATUS for each selectable one,
// sent without waiting for one another. A mailbox whose STATUS the server
// refuses or leaves out has none; that is no error.
func (c *Conn) List(ctx context.Context) ([]Mailbox, error) {
	boxes, _, err := c.ListAll(ctx)
	return boxes, err
}

// ListAll is List that also tells whether the list is whole. A line that cannot be
// read hides a mailbox: that it is not listed then proves nothing.
func (c *Conn) ListAll(ctx context.Context) (boxes []Mailbox, whole bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.takeAhead(); l != nil {
		return l.result(), !l.hidden, nil
	}
	l := newListing()
	withStatus, err := c.list(ctx, l)
	if err != nil {
		return nil, false, err
	}
	if !withStatus {
		if err := c.statusAll(ctx, l); err != nil {
			return nil, false, err
		}
	}
	return l.result(), !l.hidden, nil
}

// list sends the richest LIST the server offers and falls back to the plain one
// when it does not keep its word.
func (c *Conn) list(ctx context.Context, l *listing) (withStatus bool, err error) {
	if cmd := c.extendedList(); cmd != nil {
		cmds := []*wire.Command{cmd}
		if !c.hasRev2(imap.CapListExtended) {
			cmds = append(cmds, lsubCommand())
		}
		err := c.listWith(ctx, l, cmds)
		if err == nil {
			return c.hasRev2(imap.CapListStatus), nil
		}
		if ClassOf(err) != Refused {
			return false, err
		}
		c.notice("server refused " + cmd.Name() + " RETURN, which it offers: " + err.Error())
		*l = *newListing()
	}
	return false, c.listWith(ctx, l, []*wire.Command{wire.Cmd("LIST").Raw(`"" "*"`), lsubCommand()})
}

// lsubCommand asks for the subscribed names.
func lsubCommand() *wire.Command { return wire.Cmd("LSUB").Raw(`"" "*"`) }

// extendedList is LIST with those RETURN options that are offered (RFC 5258, 6154,
// 5819; iCloud has the last alone), nil without any.
func (c *Conn) extendedList() *wire.Command {
	if !c.hasRev2(imap.CapListExtended) && !c.Has(imap.CapListStatus) {
		return nil
	}
	var options []string
	if c.hasRev2(imap.CapListExtended) {
		options = append(options, "SUBSCRIBED")
		if c.hasRev2(imap.CapSpecialUse) {
			options = append(options, "SPECIAL-USE")
		}
	}
	if c.hasRev2(imap.CapListStatus) {
		options = append(options, "STATUS ("+c.statusItems()+")")
	}
	return wire.Cmd("LIST").Raw(`"" "*" RETURN (` + strings.Join(options, " ") + ")")
}

// listWith sends a LIST and perhaps an LSUB. LSUB only marks: names it alone knows
// do not exist, and its refusal costs nothing.
func (c *Conn) listWith(ctx context.Context, l *listing, cmds []*wire.Command) error {
	var refusal error
	err := c.pipeline(ctx, c.where(), cmds, l.take, func(i int, s wire.Status) error {
		if i == 0 && !s.OK() {
			refusal = refused("list", c.where(), s)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return refusal
}

// take is the handler of all these commands.
func (l *listing) take(resp *wire.Response) error {
	switch resp.Name {
	case "LIST":
		return l.takeList(resp)
	case "LSUB":
		box, err := readList(resp)
		if err == nil && box.Selectable { // LSUB says \NoSelect of parents it made up
			err = l.count(box.Raw)
			l.subs[l.held(box.Raw)] = true
		}
		return err
	case "STATUS":
		name, st, err := readStatus(resp)
		if err == nil {
			err = l.count(name, st.MailboxID)
			l.status[l.held(name)] = st
		}
		return err
	}
	return wire.ErrStray
}

// held is a name as it is kept already, if it is.
func (l *listing) held(name string) string {
	if i, known := l.byName[name]; known {
		return l.boxes[i].Raw
	}
	return name
}

// count notes what is kept of a response about a name, and refuses what no account
// has.
func (l *listing) count(name string, more ...string) error {
	l.octets += wordCost
	if _, known := l.byName[name]; !known {
		l.octets += nameCost - wordCost + len(name)
	}
	for _, s := range more {
		l.octets += len(s)
	}
	if l.octets > maxListed {
		return &wire.LimitError{What: "octets of mailbox names", Limit: maxListed}
	}
	return nil
}

func (l *listing) takeList(resp *wire.Response) error {
	box, err := readList(resp)
	if err != nil {
		l.hidden = true
		return err
	}
	if err := l.count(box.Raw, box.Attrs...); err != nil {
		return err
	}
	if box.Raw == "" {
		return wire.ErrStray // the answer to LIST "" "": a delimiter, no mailbox
	}
	i, known := l.byName[box.Raw]
	if !known {
		l.byName[box.Raw] = len(l.boxes)
		l.boxes = append(l.boxes, box)
		return nil
	}
	first := &l.boxes[i]
	first.Attrs = append(first.Attrs, missing(first.Attrs, box.Attrs)...)
	interpret(first)
	return nil
}

// missing returns the attributes of more that have lacks.
func missing(have, more []string) (rest []string) {
	for _, attr := range more {
		if !hasAttr(have, attr) {
			rest = append(rest, attr)
		}
	}
	return rest
}

func (l *listing) result() []Mailbox {
	for i := range l.boxes {
		box := &l.boxes[i]
		box.Subscribed = box.Subscribed || l.subs[box.Raw]
		if box.Selectable {
			box.Status = l.status[box.Raw]
		}
	}
	return l.boxes
}
