package remote_test

import (
	"io"
	"strings"
	"testing"

	"mailstow/sync/remote"
)

// Courier refuses what is about a mailbox that the connection has open: it is left, or
// opened for changes, first. Nothing of that is sent to servers that can UNSELECT.
func TestVacate(t *testing.T) {
	for _, able := range []bool{false, true} {
		caps := "UIDPLUS"
		if able {
			caps += " UNSELECT"
		}
		c := session(t, caps, func(p *peer) {
			p.answer(`EXAMINE "a"`, era(7))
			if !able {
				p.answer(`SELECT "a"`, era(7))
			}
			tag := p.command(`APPEND "a" {3}`)
			p.send("+ go\r\n")
			io.CopyN(io.Discard, p.r, 5)
			p.send("%s OK done\r\n", tag)
			if !able {
				p.answer(`EXAMINE "INBOX"`, era(1))
			}
			p.answer(`DELETE "a"`, "")
			p.wait()
		})
		if _, err := c.Examine(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		out, err := c.Append(t.Context(), "a", []remote.Outgoing{{Size: 3, Open: func() (io.Reader, error) { return strings.NewReader("abc"), nil }}})
		if err != nil || out[0].Outcome != remote.Done {
			t.Errorf("%+v, %v", out, err)
		}
		if err := c.Delete(t.Context(), "a"); err != nil {
			t.Error(err)
		}
		c.Close()
	}
}
