package wire

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/klauspost/compress/flate"
)

// COMPRESS=DEFLATE (RFC 4978). It is asked for on an authenticated session only,
// and only while nothing is in flight: compressed together, what a foreign mail
// says and a secret tell on each other by their size (CVE-2026-40203).
//
// It pays where the link is the bottleneck. Text shrinks to a fifth, but a server
// deflates at some 30 MB/s (Dovecot, measured), and every octet costs processor
// time at both ends. So CompressWhenSlow waits until literals, that is mail, have
// kept the client waiting for slowAfter, and switches on when they came at less
// than slowLink: then deflating costs the server an eighth of the time at most,
// whatever made the transfer slow. Waiting for the first octet of an answer does
// not count, so that a distant but fast server stays uncompressed, and neither
// does the time the client itself takes.
const (
	slowLink  = 4 << 20 // octets per second
	slowAfter = time.Second
	slowBytes = 256 << 10 // fewer tell nothing
	// undecided is how many octets may be on their way before it is known; or one in
	// undecidedPart of all that is expected, up to what a slow link brings in a second.
	undecided     = 512 << 10
	undecidedPart = 16
)

// ErrTooEarly: COMPRESS before login.
var ErrTooEarly = errors.New("compression before login is refused")

// Compress asks for compression. It reports whether the connection is compressed;
// a server that refuses leaves it as it is.
func (c *Conn) Compress(ctx context.Context) (on bool, err error) {
	err = c.guard(ctx, func() error {
		if c.client != nil && c.client.busy() {
			return ErrBusy
		}
		return c.compress(func(*Response) error { return ErrStray })
	})
	return c.Compressed(), err
}

// CompressWhenSlow lets the connection be compressed once it proves to be slow.
func (c *Conn) CompressWhenSlow() { c.whenSlow = true }

// Expect tells how much mail is to come in all, as far as is known: of much of it, some
// may come uncompressed so that the link is not left empty before it is known. Call it
// where the connection is used.
func (c *Conn) Expect(octets int64) { c.expected = max(c.expected, octets) }

// Compressed reports whether the connection is compressed.
func (c *Conn) Compressed() bool { return c.compressed.Load() }

// Pace reports whether mail is known to come fast, or slowly. Call it where the connection
// is used.
func (c *Conn) Pace() (swift, slow bool) {
	m := &c.r.meter
	return m.octets >= slowBytes && !m.slow(), m.octets >= slowBytes && m.slow()
}

// slow tells whether it is time to compress.
func (c *Conn) slow() bool {
	m := &c.r.meter
	return c.whenSlow && c.client != nil && m.waited >= slowAfter && m.octets >= slowBytes && m.slow()
}

// Full reports whether a request for so many octets of mail must wait for what is in
// flight: so much that no link gets empty; and less while the link may be one that is
// worth compressing for, since what was asked for already comes uncompressed. Call it
// where the connection is used.
func (c *Conn) Full(octets int64) bool {
	if octets == 0 || c.bulk == 0 {
		return false
	}
	m := &c.r.meter
	open := c.whenSlow && m.waited < 2*slowAfter && (m.octets < slowBytes || m.slow())
	return c.bulk+octets > maxBulk || open && c.bulk+octets > max(undecided, min(c.expected/undecidedPart, slowLink))
}

// compress runs COMPRESS with nothing in flight. It is tried once.
func (c *Conn) compress(h Handler) error {
	c.whenSlow = false
	if c.client == nil {
		return ErrTooEarly
	}
	if c.Compressed() {
		return nil
	}
	var status Status
	x := exchange{c: c, h: h, done: func(_ *Command, s Status) error {
		status = s
		return nil
	}}
	if err := x.send(Cmd("COMPRESS").Raw("DEFLATE")); err != nil {
		return err
	}
	if err := x.drain(); err != nil {
		return err
	}
	if !status.OK() {
		c.opt.Repaired("the server refuses compression: " + status.Text)
		return nil
	}
	c.deflate()
	return nil
}

// deflate puts the two streams between what is there and what reads and writes.
// What the server sent right behind its OK is in the old reader's buffer.
func (c *Conn) deflate() {
	w, _ := flate.NewWriter(c.nc, flate.DefaultCompression) // fails for unknown levels alone
	d := &deflated{Conn: c.nc, w: w}
	d.in = &inflater{src: &source{r: c.r.br}, taken: &c.r.taken}
	d.in.z = flate.NewReader(bufio.NewReaderSize(d.in.src, writeChunk)) // flate is fast on a bufio.Reader
	c.nc = d
	c.w = bufio.NewWriterSize(d, writeChunk)
	c.r.br = bufio.NewReaderSize(d, bufSize)
	c.compressed.Store(true)
	c.trace.note("compressed")
}

// deflated is a connection whose streams are compressed. Every Write is flushed:
// Conn writes whole batches of commands.
type deflated struct {
	net.Conn
	in *inflater
	w  *flate.Writer
}

func (d *deflated) Read(p []byte) (int, error) { return d.in.Read(p) }

func (d *deflated) Write(p []byte) (int, error) {
	n, err := d.w.Write(p)
	if err == nil {
		err = d.w.Flush()
	}
	return n, err
}

// inflater inflates within limits, with the memory of one window.
type inflater struct {
	src   *source
	z     io.ReadCloser
	out   int64
	taken *int64 // octets of literals that somebody asked for and took
}

func (f *inflater) Read(p []byte) (int, error) {
	n, err := f.z.Read(p)
	f.out += int64(n)
	if n > 0 {
		f.src.idle = 0
	}
	if f.out-*f.taken > InflateGrace+MaxInflateRatio*f.src.in {
		return 0, &LimitError{What: WhatRatio, Limit: MaxInflateRatio}
	}
	var corrupt flate.CorruptInputError
	var internal flate.InternalError
	switch {
	case f.src.err != nil && f.src.err != io.EOF && err != nil:
		return n, f.src.err // flate wraps what the socket said
	case errors.As(err, &corrupt), errors.As(err, &internal):
		return n, &ProtocolError{What: "the compressed stream is damaged"}
	}
	return n, err
}

// source is what the inflater reads: it counts, and ends a stream that never
// yields anything.
type source struct {
	r    io.Reader
	in   int64
	idle int64 // octets since the last output
	err  error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.in += int64(n)
	if s.idle += int64(n); s.idle > MaxInflateIdle {
		n, err = 0, &LimitError{What: "compressed data that holds nothing", Limit: MaxInflateIdle}
	}
	if err != nil && s.err == nil {
		s.err = err
	}
	return n, err
}
