package remote

import (
	"strings"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// enabling is how far QRESYNC is turned on (RFC 7162 section 3.2.3).
type enabling int

const (
	notAsked enabling = iota
	asked             // not answered yet
	enabled           // the server said ENABLED QRESYNC
	givenUp           // refused, or not understood
)

// prelude are the commands that ride ahead of the first one of the connection, so
// that they cost no round trip: ID (some providers refuse to open mailboxes
// without it) and ENABLE, which is allowed only before a mailbox is opened (RFC
// 5161 section 3.1).
func (c *Conn) prelude() (cmds []*wire.Command) {
	c.begun = true
	if c.Has(imap.CapID) {
		cmds = append(cmds, idCommand())
	}
	if c.offersQResync() {
		c.qresync = asked
		cmds = append(cmds, wire.Cmd("ENABLE").Raw("QRESYNC"))
	}
	return cmds
}

// takePrelude takes their untagged responses.
func (c *Conn) takePrelude(resp *wire.Response) (mine bool, err error) {
	switch {
	case resp.HasNum:
		return false, nil
	case resp.Name == "ID":
		return true, c.readID(resp)
	case resp.Name == "ENABLED":
		for _, word := range strings.Fields(string(resp.Rest())) {
			if strings.EqualFold(word, "QRESYNC") && c.qresync == asked {
				c.qresync = enabled
			}
		}
		return true, nil
	}
	return false, nil
}

// preludeAnswered hears that a command of the prelude was answered.
func (c *Conn) preludeAnswered(cmd *wire.Command) {
	if cmd.Name() == "ENABLE" && c.qresync == asked {
		c.qresync = givenUp
	}
}

// canQResync: EXAMINE may carry the QRESYNC parameter. Where ENABLE leaves in the
// same flight its answer is foreseen; a server that refuses it says BAD to EXAMINE.
func (c *Conn) canQResync() bool {
	if !c.begun {
		return c.offersQResync()
	}
	return c.qresync == enabled || c.qresync == asked
}

func (c *Conn) offersQResync() bool { return c.Has(imap.CapQResync) && c.hasRev2(imap.CapEnable) }
