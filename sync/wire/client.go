package wire

import (
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// safeCaps are the capabilities imapclient hears of: those that change how it
// sends commands in a way this package accounts for. It never hears of
// IMAP4rev2 (raw UTF-8 names), LITERAL+ beyond its own 4096 octets, ENABLE, nor
// of anything whose responses the filter drops.
var safeCaps = map[string]bool{
	"IMAP4REV1": true, "LITERAL-": true, "LITERAL+": true, "UIDPLUS": true, "MOVE": true,
	"ESEARCH": true, "UNSELECT": true, "CONDSTORE": true,
}

// clientConn is the net.Conn imapclient works on. Its Read blocks, without
// touching the socket, until a command of imapclient is in flight; so a raw
// exchange and imapclient's reader never meet.
type clientConn struct {
	c    *Conn
	out  outgoing
	mu   sync.Mutex
	cond *sync.Cond
	in   []byte // answer bytes imapclient has not taken yet
}

// Client returns the connection for imapclient, which finds an authenticated
// session: a PREAUTH greeting with those of caps that are safe for it.
func (c *Conn) Client(caps []string) net.Conn {
	safe := []string{"IMAP4rev1"}
	for _, name := range caps {
		if up := strings.ToUpper(name); safeCaps[up] && up != "IMAP4REV1" {
			safe = append(safe, up)
		}
	}
	cc := &clientConn{c: c, out: outgoing{trace: c.trace}, in: []byte("* PREAUTH [CAPABILITY " + strings.Join(safe, " ") + "] ready\r\n")}
	cc.cond = sync.NewCond(&cc.mu)
	c.mu.Lock()
	c.client = cc
	c.mu.Unlock()
	return cc
}

func (cc *clientConn) wake() {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	cc.cond.Broadcast()
}

func (cc *clientConn) busy() bool {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	return len(cc.out.tags) > 0
}

func (cc *clientConn) loggingOut() bool {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	return cc.out.logout
}

// Read hands on the next response that is fit for imapclient.
func (cc *clientConn) Read(p []byte) (int, error) {
	for {
		if n, wait, err := cc.buffered(p); !wait {
			return n, err
		}
		resp, err := cc.c.next()
		if err != nil {
			return 0, err
		}
		if resp == nil {
			continue
		}
		if err := cc.take(resp); err != nil {
			return 0, err
		}
	}
}

// buffered returns what is there already, or waits until the socket may be read.
func (cc *clientConn) buffered(p []byte) (n int, wait bool, err error) {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	for {
		if len(cc.in) > 0 {
			n := copy(p, cc.in)
			cc.in = cc.in[n:]
			return n, false, nil
		}
		if err := cc.c.Err(); err != nil {
			return 0, false, err
		}
		if len(cc.out.tags) > 0 {
			return 0, true, nil
		}
		cc.cond.Wait()
	}
}

// take filters one response into cc.in.
func (cc *clientConn) take(resp *Response) error {
	text, tag := filter(resp), resp.Tag
	if cc.c.r.err != nil {
		return cc.c.fail(cc.c.r.err)
	}
	cc.mu.Lock()
	if text == "" && (resp.Name == "SEARCH" || resp.Name == "ESEARCH") && cc.out.searching() {
		cc.mu.Unlock()
		// Dropped, it would look like a mailbox without messages.
		return cc.c.fail(&ProtocolError{What: "malformed " + resp.Name + " response"})
	}
	if tag == "+" && !cc.out.takePlus() {
		text = ""
	}
	if tag != "+" && tag != "*" && !cc.out.answered(tag) {
		text = ""
	}
	cc.in = append(cc.in, text...)
	cc.mu.Unlock()
	if text == "" && tag != "*" {
		return cc.c.stray("an answer that no command waits for")
	}
	if err := resp.finish(); err != nil {
		return cc.c.fail(err)
	}
	return nil
}

// Write sends imapclient's commands and notes which are in flight.
func (cc *clientConn) Write(p []byte) (int, error) {
	cc.mu.Lock()
	n := cc.out.scan(p)
	cc.c.commands.Add(int64(n))
	if n > 0 {
		cc.c.responses.Store(0)
		cc.c.roundTrips.Add(1)
	}
	cc.cond.Broadcast()
	cc.mu.Unlock()
	if err := cc.c.Err(); err != nil {
		return 0, err
	}
	written, err := cc.c.nc.Write(p)
	if err != nil {
		return written, cc.c.fail(err)
	}
	return written, nil
}

// Close ends the whole connection: imapclient calls it when it gives up.
func (cc *clientConn) Close() error {
	cc.c.fail(io.ErrClosedPipe)
	return nil
}

// LocalAddr is the socket's.
func (cc *clientConn) LocalAddr() net.Addr { return cc.c.sock.LocalAddr() }

// RemoteAddr is the socket's.
func (cc *clientConn) RemoteAddr() net.Addr { return cc.c.sock.RemoteAddr() }

// SetDeadline does nothing, see Socket.
func (cc *clientConn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing, see Socket.
func (cc *clientConn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing, see Socket.
func (cc *clientConn) SetWriteDeadline(time.Time) error { return nil }
