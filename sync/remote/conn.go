package remote

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"mailstow/sync/wire"
)

// Conn is an authenticated connection. Its methods may be called from several
// goroutines; they run one after the other. After an error that is not Refused
// the connection is gone, or of no more use: Close it.
type Conn struct {
	cfg    Config
	sock   *wire.Socket
	wire   *wire.Conn
	client *imapclient.Client
	info   Info
	caps   map[string]bool        // upper case
	leaks  func(text string) bool // text of the server that repeats the password

	ahead *ahead // the list that was asked for behind the login; nil: none, or taken

	steps []Step // how the connection came about

	mu       sync.Mutex
	begun    bool // the prelude was sent
	noExtras bool // items of extensions are not understood
	pieces   bool // the server has shown that it gives messages in pieces
	noPieces bool // it does not
	qresync  enabling
	box      string   // raw name of the open mailbox, for errors
	opened   Selected // as EXAMINE or SELECT reported it
}

// Info returns what is known about the server and the session.
func (c *Conn) Info() Info {
	c.mu.Lock()
	defer c.mu.Unlock()
	info := c.info
	info.Compressed = c.Compressed()
	return info
}

// Has reports whether the server offers a capability.
func (c *Conn) Has(name imap.Cap) bool { return c.caps[strings.ToUpper(string(name))] }

// Includes reports whether the server offers something that IMAP4rev2 includes.
func (c *Conn) Includes(name imap.Cap) bool { return c.hasRev2(name) }

// hasRev2: the capability itself or IMAP4rev2, which includes it.
func (c *Conn) hasRev2(name imap.Cap) bool { return c.Has(name) || c.Has(imap.CapIMAP4rev2) }

// Stats returns the counters of the connection so far.
func (c *Conn) Stats() Stats {
	if c.wire == nil {
		return Stats{}
	}
	in, out := c.sock.Bytes()
	commands, trips := c.wire.Counts()
	return Stats{BytesIn: in, BytesOut: out, Commands: commands, RoundTrips: trips}
}

// Close ends the connection at once, from any goroutine and whatever is going on.
func (c *Conn) Close() error {
	if c.wire != nil {
		_ = c.wire.Close()
	}
	if c.client != nil {
		<-c.client.Closed() // its reader has ended
	}
	return nil
}

func (c *Conn) where() string { return c.cfg.addr() }

// setCaps takes the capabilities that hold from now on.
func (c *Conn) setCaps(names []string) {
	c.caps = map[string]bool{}
	for _, name := range names {
		c.caps[strings.ToUpper(name)] = true
	}
	switch {
	case c.caps["LITERAL+"]:
		c.wire.NonSync = maxUnasked
	case c.caps["LITERAL-"], c.caps["IMAP4REV2"]:
		c.wire.NonSync = 4096 // RFC 7888 section 5
	default:
		c.wire.NonSync = 0
	}
}

// do runs one command.
func (c *Conn) do(ctx context.Context, where string, cmd *wire.Command, h wire.Handler) (wire.Status, error) {
	var status wire.Status
	err := c.pipeline(ctx, where, []*wire.Command{cmd}, h, func(_ int, s wire.Status) error {
		status = s
		return nil
	})
	if err == nil && !status.OK() {
		err = refused(opName(cmd), where, status)
	}
	return status, err
}

// pipeline runs commands, behind the prelude when they are the first; done gets
// their index. A refused command is no error.
func (c *Conn) pipeline(ctx context.Context, where string, cmds []*wire.Command, h wire.Handler, done func(int, wire.Status) error) error {
	index := map[*wire.Command]int{}
	for i, cmd := range cmds {
		if cmd.Err() != nil {
			return fail(ctx, opName(cmd), where, cmd.Err())
		}
		index[cmd] = i
	}
	err := c.stream(ctx, slices.Values(cmds), h, func(cmd *wire.Command, s wire.Status) error { return done(index[cmd], s) })
	return fail(ctx, opName(cmds[0]), where, err)
}

// Pace reports whether mail is known to come fast on the connection, or slowly. Call it
// where that is used.
func (c *Conn) Pace() (swift, slow bool) { return c.wire.Pace() }

// Expect tells how many octets of mail are to come in all, as far as is known. Call it
// where that is asked for.
func (c *Conn) Expect(octets int64) { c.wire.Expect(octets) }

// stream is pipeline for commands that are made as they are sent.
func (c *Conn) stream(ctx context.Context, cmds iter.Seq[*wire.Command], h wire.Handler, done func(*wire.Command, wire.Status) error) error {
	var prelude []*wire.Command
	all := func(yield func(*wire.Command) bool) {
		for cmd := range cmds {
			if cmd != nil && cmd != wire.Wait {
				if !c.begun {
					prelude = c.prelude()
					if !yieldAll(yield, prelude) {
						return
					}
				}
				cmd = c.allowed(cmd)
			}
			if !yield(cmd) {
				return
			}
		}
	}
	return c.wire.Pipeline(ctx, all, func(resp *wire.Response) error {
		if mine, err := c.takePrelude(resp); mine {
			return err
		}
		return h(resp)
	}, func(cmd *wire.Command, s wire.Status) error {
		if slices.Contains(prelude, cmd) {
			c.preludeAnswered(cmd)
			return nil
		}
		return done(cmd, s)
	})
}

// yieldAll reports whether more is wanted.
func yieldAll[T any](yield func(T) bool, all []T) bool {
	for _, x := range all {
		if !yield(x) {
			return false
		}
	}
	return true
}

// opName is the command's name as users see it in an error.
func opName(cmd *wire.Command) string {
	name := strings.ToLower(strings.TrimPrefix(cmd.Name(), "UID "))
	if name == "authenticate" {
		return "login"
	}
	return name
}
