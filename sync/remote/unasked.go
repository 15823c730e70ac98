package remote

import (
	"fmt"

	"mailstow/sync/wire"
)

// unasked deals with responses beside the answer: news about the mailbox, which
// the next listing tells as well, and a UIDVALIDITY that changes under an open
// mailbox (invariant I3), after which no UID in hand means anything.
func (c *Conn) unasked(resp *wire.Response) error {
	if resp.HasNum && resp.Name == "EXISTS" {
		c.opened.Messages = resp.Num
	}
	if resp.Name != "OK" && resp.Name != "NO" {
		return wire.ErrStray
	}
	s := resp.Status()
	n, ok := wire.ParseNumber([]byte(s.Arg))
	if s.Code == "UIDVALIDITY" && ok && c.opened.UIDValidity != 0 && uint32(n) != c.opened.UIDValidity {
		return &wire.ProtocolError{What: fmt.Sprintf("uidvalidity changed from %d to %d while the mailbox was open", c.opened.UIDValidity, n)}
	}
	return wire.ErrStray
}
