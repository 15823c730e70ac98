package remote

import (
	"context"
	"strings"

	"mailstow/sync/wire"
)

// maxCaps is far above any server's list.
const maxCaps = 1000

// parseCaps reads a capability list; what is no capability in it is left out. A
// "(" there made imapclient spin for ever.
func parseCaps(arg string) []string {
	var caps []string
	for _, word := range strings.Fields(arg) {
		if len(caps) < maxCaps && isAtom(word) {
			caps = append(caps, word)
		}
	}
	return caps
}

// askCaps sends CAPABILITY.
func (c *Conn) askCaps(ctx context.Context) ([]string, error) {
	var caps []string
	status, err := c.wire.Do(ctx, wire.Cmd("CAPABILITY"), func(resp *wire.Response) error {
		if resp.Name != "CAPABILITY" {
			return wire.ErrStray
		}
		if len(caps) >= maxCaps {
			return wire.ErrStray
		}
		caps = append(caps, parseCaps(string(resp.Rest()))...)
		return nil
	})
	if err != nil {
		return nil, fail(ctx, "capability", c.where(), err)
	}
	if status.Code == "CAPABILITY" && caps == nil {
		caps = parseCaps(status.Arg)
	}
	if !status.OK() {
		return nil, refused("capability", c.where(), status)
	}
	return caps, nil
}
