package sync_test

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"slices"
	"strings"
	"sync"

	"mailstow/sync/testkit/faultconn"
)

// said is a line of the server, and what it is about: servers answer in order.
type said struct {
	conn   int    // which connection, from 0
	box    string // the mailbox that is open, or being opened
	cmd    string // the oldest command without an answer
	tagged bool   // the line is its answer
	asked  int    // requests for mail that have none
	line   []byte
}

// tapped is a connection on which somebody listens, and lies.
type tapped struct {
	net.Conn
	n     int
	lines *bufio.Reader
	lie   func(said) []byte
	rest  []byte

	mu   sync.Mutex
	sent []byte      // of a command not complete
	cmds [][2]string // tag and text, not answered yet
	box  string
}

// tap lets everything the server says pass through lie. A line that becomes nil is
// swallowed, and severed, as the line, ends the connection there.
func (f *fixture) tap(lie func(said) []byte) {
	f.reconnect()
	dialer, n := f.dialer, 0
	var mu sync.Mutex
	f.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dialer.Dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		mu.Lock()
		defer mu.Unlock()
		n++
		return &tapped{Conn: c, n: n - 1, lines: bufio.NewReader(c), lie: lie}, nil
	}
}

// untap is an honest server again.
func (f *fixture) untap() {
	f.reconnect()
	f.dial = nil
}

var severed = []byte("cut here")

func (c *tapped) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.sent = append(c.sent, p...)
	for {
		line, rest, more := bytes.Cut(c.sent, []byte("\r\n"))
		if !more {
			break
		}
		c.sent = rest
		if tag, text, ok := strings.Cut(string(line), " "); ok { // else the answer to a challenge
			c.cmds = append(c.cmds, [2]string{tag, text})
		}
	}
	c.mu.Unlock()
	return c.Conn.Write(p)
}

func (c *tapped) Read(p []byte) (int, error) {
	for len(c.rest) == 0 {
		line, err := c.lines.ReadBytes('\n')
		if len(line) == 0 {
			return 0, err
		}
		if c.rest = c.lie(c.about(line)); bytes.Equal(c.rest, severed) {
			c.Close()
			c.rest = nil
		}
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// about finds out what a line is about.
func (c *tapped) about(line []byte) said {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := said{conn: c.n, box: c.box, line: line}
	if len(c.cmds) == 0 {
		return s
	}
	for _, cmd := range c.cmds {
		if strings.Contains(cmd[1], "BODY.PEEK[]") {
			s.asked++
		}
	}
	s.cmd = c.cmds[0][1]
	if examine, ok := strings.CutPrefix(s.cmd, `EXAMINE "`); ok {
		s.box, _, _ = strings.Cut(examine, `"`)
	}
	tag, _, _ := strings.Cut(string(line), " ")
	if i := slices.IndexFunc(c.cmds, func(cmd [2]string) bool { return cmd[0] == tag }); i >= 0 {
		s.cmd, s.tagged = c.cmds[i][1], true
		c.box, c.cmds = s.box, slices.Delete(c.cmds, i, i+1)
	}
	return s
}

// refused makes a tagged answer a NO.
func (s said) refused(text string) []byte {
	tag, _, _ := bytes.Cut(s.line, []byte(" "))
	return append(bytes.Clone(tag), " NO "+text+"\r\n"...)
}

// mail reports whether the line begins a message.
func (s said) mail() bool { return bytes.Contains(s.line, []byte(" BODY[] {")) }

// reset of the faults, for the next run.
func (f *fixture) faults(opts ...faultconn.Option) {
	f.reconnect()
	f.dialer.Faults = first(opts...)
}
