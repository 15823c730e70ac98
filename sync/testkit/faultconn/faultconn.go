package faultconn

import (
	"bytes"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Conn is a connection with faults.
type Conn struct {
	net.Conn
	silence net.Conn // reads and writes of a stalled connection end up here: nobody answers
	in, out atomic.Int64
	closed  chan struct{}
	once    sync.Once
	cut     atomic.Bool

	cutRead, cutWrite     int64 // -1: never
	stallRead, stallWrite int64
	reset                 bool
	chunk                 int
	pause                 time.Duration
	readHooks             []readHook // touched by the reader only
	writeHooks            []writeHook
	tail                  []byte // end of what was written, for texts split over two writes
}

type readHook struct {
	at int64
	fn func()
}

type writeHook struct {
	text []byte
	cut  bool
	fn   func()
}

// Option is one fault.
type Option func(*Conn)

// CutRead ends the connection once n bytes have been read.
func CutRead(n int64) Option { return func(c *Conn) { c.cutRead = n } }

// CutWrite ends the connection once n bytes have been written.
func CutWrite(n int64) Option { return func(c *Conn) { c.cutWrite = n } }

// StallRead lets the peer fall silent once n bytes have been read.
func StallRead(n int64) Option { return func(c *Conn) { c.stallRead = n } }

// StallWrite lets the peer stop reading once n bytes have been written.
func StallWrite(n int64) Option { return func(c *Conn) { c.stallWrite = n } }

// Reset makes cuts look like a TCP reset instead of an orderly end.
func Reset() Option { return func(c *Conn) { c.reset = true } }

// Drip delivers at most n bytes per Read, after a pause.
func Drip(n int, pause time.Duration) Option {
	return func(c *Conn) { c.chunk, c.pause = n, pause }
}

// OnRead calls fn once, in the reader, when at least n bytes have been read.
func OnRead(n int64, fn func()) Option {
	return func(c *Conn) { c.readHooks = append(c.readHooks, readHook{n, fn}) }
}

// OnWrite calls fn once, in the writer, before the write that completes text
// (a command such as "UID FETCH") leaves. For plaintext connections.
func OnWrite(text string, fn func()) Option {
	return func(c *Conn) { c.writeHooks = append(c.writeHooks, writeHook{text: []byte(text), fn: fn}) }
}

// CutOnWrite ends the connection instead of letting the write that completes
// text leave.
func CutOnWrite(text string) Option {
	return func(c *Conn) { c.writeHooks = append(c.writeHooks, writeHook{text: []byte(text), cut: true}) }
}

// New wraps a connection. Without options it only counts.
func New(conn net.Conn, opts ...Option) *Conn {
	silence, _ := net.Pipe()
	c := &Conn{Conn: conn, silence: silence, closed: make(chan struct{}),
		cutRead: -1, cutWrite: -1, stallRead: -1, stallWrite: -1}
	for _, o := range opts {
		o(c)
	}
	return c
}

// In is how many bytes have been read, Out how many have been written.
func (c *Conn) In() int64  { return c.in.Load() }
func (c *Conn) Out() int64 { return c.out.Load() }

// Cut ends the connection from outside, as a cable pulled now.
func (c *Conn) Cut() {
	c.cut.Store(true)
	if tcp, ok := c.Conn.(*net.TCPConn); ok && c.reset {
		tcp.SetLinger(0) // the peer sees RST, too
	}
	c.Close()
}

func (c *Conn) Read(p []byte) (int, error) {
	if c.pause > 0 && !c.wait() {
		return 0, c.broken(net.ErrClosed)
	}
	if c.chunk > 0 && len(p) > c.chunk {
		p = p[:c.chunk]
	}
	done := c.in.Load()
	if c.stallRead >= 0 && done >= c.stallRead {
		return c.silence.Read(p)
	}
	if c.cutRead >= 0 && done >= c.cutRead {
		c.Cut()
		return 0, c.broken(io.EOF)
	}
	n, err := c.Conn.Read(limit(p, done, c.stallRead, c.cutRead))
	c.runReadHooks(c.in.Add(int64(n)))
	if err != nil {
		err = c.broken(err)
	}
	return n, err
}

func (c *Conn) Write(p []byte) (total int, err error) {
	if c.runWriteHooks(p) {
		c.Cut()
		return 0, c.broken(io.ErrClosedPipe)
	}
	for len(p) > 0 {
		done := c.out.Load()
		if c.stallWrite >= 0 && done >= c.stallWrite {
			n, err := c.silence.Write(p)
			return total + n, err
		}
		if c.cutWrite >= 0 && done >= c.cutWrite {
			c.Cut()
			return total, c.broken(io.ErrClosedPipe)
		}
		n, err := c.Conn.Write(limit(p, done, c.stallWrite, c.cutWrite))
		c.out.Add(int64(n))
		total += n
		if err != nil {
			return total, c.broken(err)
		}
		p = p[n:]
	}
	return total, nil
}

// Close ends the connection and everything that waits on it.
func (c *Conn) Close() error {
	err := net.ErrClosed
	c.once.Do(func() {
		close(c.closed)
		c.silence.Close()
		err = c.Conn.Close()
	})
	return err
}

// SetDeadline bounds stalled operations, too.
func (c *Conn) SetDeadline(t time.Time) error {
	c.silence.SetDeadline(t)
	return c.Conn.SetDeadline(t)
}

// SetReadDeadline bounds stalled reads, too.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.silence.SetReadDeadline(t)
	return c.Conn.SetReadDeadline(t)
}

// SetWriteDeadline bounds stalled writes, too.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.silence.SetWriteDeadline(t)
	return c.Conn.SetWriteDeadline(t)
}

// broken is what a cut connection reports, and otherwise err itself.
func (c *Conn) broken(err error) error {
	switch {
	case !c.cut.Load():
		return err
	case c.reset:
		return syscall.ECONNRESET
	case err == io.ErrClosedPipe:
		return err
	}
	return io.EOF
}

func (c *Conn) wait() bool {
	timer := time.NewTimer(c.pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.closed:
		return false
	}
}

func (c *Conn) runReadHooks(total int64) {
	for i := 0; i < len(c.readHooks); {
		if h := c.readHooks[i]; total >= h.at {
			c.readHooks = append(c.readHooks[:i], c.readHooks[i+1:]...)
			h.fn()
			continue
		}
		i++
	}
}

// runWriteHooks tells whether the connection is to be cut.
func (c *Conn) runWriteHooks(p []byte) (cut bool) {
	if len(c.writeHooks) == 0 {
		return false
	}
	seen := append(c.tail, p...)
	rest := c.writeHooks[:0:0]
	keep := 0
	for _, h := range c.writeHooks {
		if !bytes.Contains(seen, h.text) {
			rest = append(rest, h)
			keep = max(keep, len(h.text)-1)
			continue
		}
		if cut = cut || h.cut; h.fn != nil {
			h.fn()
		}
	}
	c.writeHooks = rest
	c.tail = bytes.Clone(seen[max(0, len(seen)-keep):])
	return cut
}

// limit shortens p so that it does not pass the next of the marks.
func limit(p []byte, done int64, marks ...int64) []byte {
	for _, m := range marks {
		if m >= 0 && int64(len(p)) > m-done {
			p = p[:m-done]
		}
	}
	return p
}
