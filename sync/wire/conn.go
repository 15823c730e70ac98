package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Options adjusts a Conn.
type Options struct {
	// MaxLiteral is the longest literal accepted; 0 means MaxLiteral.
	MaxLiteral int64
	// Alert hears the text of each [ALERT], once per text.
	Alert func(text string)
	// Repaired hears of responses that were skipped or mended.
	Repaired func(what string)
	// Trace hears the conversation; nil: nobody does.
	Trace *Trace
}

// Conn is one IMAP connection below imapclient. It is used by one goroutine at
// a time, but for Close, and but for imapclient's reader, which reads only while
// a command of imapclient is in flight.
type Conn struct {
	sock *Socket
	nc   net.Conn // sock, or TLS above it
	opt  Options
	r    *reader
	w    *bufio.Writer
	// NonSync is the longest literal the server takes unasked: 0 none, 4096 with
	// LITERAL-, any with LITERAL+ (RFC 7888).
	NonSync int64

	tag        int
	commands   atomic.Int64
	roundTrips atomic.Int64
	responses  atomic.Int64  // of this exchange
	asked      time.Time     // when something was sent that is not answered
	begun      time.Time     // when what is buffered was
	idle       bool          // nothing was in flight then
	sent       bool          // something was, since an answer was waited for
	trip       time.Duration // the shortest between asking and the first answer
	garbage    int
	alerts     map[string]bool
	resp       Response

	whenSlow   bool  // compress once the link proves to be slow
	expected   int64 // octets of mail
	bulk       int64 // of these, asked for and not answered
	compressed atomic.Bool
	parted     atomic.Bool // BYE came, as LOGOUT asked for

	client *clientConn // imapclient's end; nil before Client
	trace  *tracer

	mu  sync.Mutex
	err error // why the connection ended
}

// New guards a fresh connection. It does no I/O and starts no goroutine.
func New(sock *Socket, opt Options) *Conn {
	if opt.MaxLiteral <= 0 {
		opt.MaxLiteral = MaxLiteral
	}
	if opt.Alert == nil {
		opt.Alert = func(string) {}
	}
	if opt.Repaired == nil {
		opt.Repaired = func(string) {}
	}
	c := &Conn{sock: sock, opt: opt, alerts: map[string]bool{}, trace: opt.Trace.conn()}
	c.attach(sock)
	return c
}

func (c *Conn) attach(nc net.Conn) {
	c.nc = nc
	c.r = newReader(nc, c.opt.MaxLiteral)
	c.r.trace, c.r.meter.sock = c.trace, c.sock
	c.w = bufio.NewWriterSize(nc, writeChunk)
}

// Upgrade puts TLS (handshake done by wrap) above the socket: before the
// greeting, or right after the answer to STARTTLS. Anything the server sent
// beyond that answer is refused, because it would count as said under TLS.
func (c *Conn) Upgrade(wrap func(net.Conn) (net.Conn, error)) error {
	if c.r.br.Buffered() > 0 {
		return c.fail(ErrInjected)
	}
	nc, err := wrap(c.sock)
	if err != nil {
		return c.fail(err)
	}
	c.attach(nc)
	c.trace.note("TLS")
	return nil
}

// Note adds a line to the trace.
func (c *Conn) Note(format string, args ...any) { c.trace.note(format, args...) }

// Hide keeps secrets, in these forms, out of the trace. It must come before the
// first of them is sent.
func (c *Conn) Hide(forms []string) { c.trace.hide(forms) }

// Close ends the connection at once, from any goroutine, whatever is going on.
func (c *Conn) Close() error {
	c.fail(net.ErrClosed)
	return nil
}

// fail ends the connection for the first reason given and returns that reason.
func (c *Conn) fail(err error) error {
	c.mu.Lock()
	first := c.err == nil
	if first {
		c.err = err
	}
	err = c.err
	client := c.client
	c.mu.Unlock()
	if first {
		c.trace.note("closed: %v", err)
		// The socket, not the TLS above it: a close_notify could block.
		_ = c.sock.Close()
		if client != nil {
			client.wake()
		}
	}
	return err
}

// Err returns why the connection ended, nil while it stands.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Counts returns the commands sent and the times the client waited for answers.
func (c *Conn) Counts() (commands, roundTrips int) {
	return int(c.commands.Load()), int(c.roundTrips.Load())
}

// next reads the head of the next response and handles what concerns every
// exchange: garbage, BYE, ALERT. A nil response was dealt with here.
func (c *Conn) next() (*Response, error) {
	if err := c.flush(); err != nil {
		return nil, err
	}
	resp, ok, err := c.r.head()
	if err != nil {
		return nil, c.fail(err)
	}
	c.arrived()
	if c.responses.Add(1) > MaxResponses {
		return nil, c.fail(&LimitError{What: "count of responses", Limit: MaxResponses})
	}
	c.resp = resp
	if !ok {
		return nil, c.stray("a line that is no response")
	}
	if c.resp.isStatus() && c.resp.Tag != "+" {
		s := c.resp.Status()
		c.alert(s)
		if s.Type == "BYE" && !c.leaving() {
			return nil, c.fail(&ByeError{Status: s})
		}
		if s.Type == "BYE" {
			c.parted.Store(true)
		}
	}
	return &c.resp, nil
}

// flush sends what is buffered. It is one round trip with all that was sent since
// something was waited for.
func (c *Conn) flush() error {
	if c.w.Buffered() == 0 {
		return nil
	}
	if !c.sent {
		c.roundTrips.Add(1)
	}
	c.sent = true
	if err := c.w.Flush(); err != nil {
		return c.fail(err)
	}
	if c.idle {
		c.asked = time.Now()
	}
	return nil
}

// dawdling is how long a command waits for others, to leave together with them.
const dawdling = 300 * time.Microsecond

// hasten sends what has waited long enough: the server is to be at work while what comes
// behind it is made, which may take a look into the store each.
func (c *Conn) hasten() error {
	if time.Since(c.begun) < dawdling {
		return nil
	}
	return c.flush()
}

// arrived measures the round trip.
func (c *Conn) arrived() {
	if c.asked.IsZero() {
		return
	}
	if d := time.Since(c.asked); c.trip == 0 || d < c.trip {
		c.trip = d
	}
	c.asked = time.Time{}
}

// Trip is the shortest round trip so far, the server's thinking included; 0 before
// the first.
func (c *Conn) Trip() time.Duration { return c.trip }

// stray skips a response that makes no sense here and counts it.
func (c *Conn) stray(what string) error {
	c.opt.Repaired("skipped " + what)
	if c.garbage++; c.garbage > MaxGarbage {
		return c.fail(&ProtocolError{What: "this is no IMAP: too many lines make no sense"})
	}
	if err := c.resp.finish(); err != nil {
		return c.fail(err)
	}
	return nil
}

func (c *Conn) alert(s Status) {
	if s.Code == "ALERT" && !c.alerts[s.Text] && len(c.alerts) < MaxAlerts {
		c.alerts[s.Text] = true
		c.opt.Alert(s.Text)
	}
}

// leaving: a BYE is expected while LOGOUT is in flight.
func (c *Conn) leaving() bool { return c.client != nil && c.client.loggingOut() }

// Parted reports whether the server said goodbye to a LOGOUT.
func (c *Conn) Parted() bool { return c.parted.Load() }

// guard runs f while ctx stands; when it ends, the connection is closed beneath f.
func (c *Conn) guard(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.Err(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { c.fail(ctx.Err()) })
	err := f()
	if !stop() && ctx.Err() != nil {
		return c.fail(ctx.Err())
	}
	return err
}

// Guard runs f, which talks through imapclient, while ctx stands.
func (c *Conn) Guard(ctx context.Context, f func() error) error { return c.guard(ctx, f) }

// Greeting reads the first response: OK, PREAUTH or BYE (RFC 9051 section 7.1).
func (c *Conn) Greeting(ctx context.Context) (s Status, err error) {
	err = c.guard(ctx, func() error {
		if c.greetsFromAfar() {
			c.asked = time.Now()
		}
		resp, ok, err := c.r.head()
		if err != nil {
			return c.fail(firstCut(err))
		}
		c.arrived()
		c.resp = resp
		if !ok || resp.Tag != "*" || resp.HasNum || resp.Name != "OK" && resp.Name != "PREAUTH" && resp.Name != "BYE" {
			return c.fail(&ProtocolError{What: "the greeting is no IMAP greeting: " + OneLine(c.r.seg)})
		}
		s = c.resp.Status()
		c.alert(s)
		if s.Type == "BYE" {
			return c.fail(&ByeError{Status: s})
		}
		return nil
	})
	return s, err
}

// greetsFromAfar reports whether the greeting takes a round trip: the server greets when it
// hears that the connection stands. Up to TLS 1.2 it is the server that ends the handshake
// (RFC 5246 section 7.3), and the greeting comes right behind.
func (c *Conn) greetsFromAfar() bool {
	above, ok := c.nc.(*tls.Conn)
	return !ok || above.ConnectionState().Version >= tls.VersionTLS13
}

// firstCut: a connection that ends before its greeting was cut, not finished.
func firstCut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
