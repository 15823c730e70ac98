package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

// imapclient and crypto/tls set absolute deadlines, which cut off slow links and
// leave silence unbounded: none of them reaches the socket.
func TestDeadlinesFromAboveAreIgnored(t *testing.T) {
	c := talk(t, func(r *bufio.Reader, w net.Conn) {
		r.ReadString('\n')
		fmt.Fprint(w, "T1 OK done\r\n")
		io.Copy(io.Discard, r)
	})
	nc, past := c.Client(nil), time.Unix(1, 0)
	for _, set := range []func(time.Time) error{nc.SetDeadline, nc.SetReadDeadline, nc.SetWriteDeadline, c.sock.SetDeadline, c.sock.SetReadDeadline, c.sock.SetWriteDeadline} {
		if err := set(past); err != nil {
			t.Error(err)
		}
	}
	r := bufio.NewReader(nc)
	if _, err := r.ReadString('\n'); err != nil { // the greeting
		t.Fatal(err)
	}
	if _, err := nc.Write([]byte("T1 NOOP\r\n")); err != nil {
		t.Fatal(err)
	}
	if line, err := r.ReadString('\n'); line != "T1 OK done\r\n" {
		t.Errorf("%q, %v", line, err)
	}
}

// Only silence trips: each octet that comes, or is taken, starts the wait anew. The
// connection below is told so before every read and write.
func TestEveryReadRenewsTheDeadline(t *testing.T) {
	const timeout = time.Hour
	below := &patient{}
	s := NewSocket(below, timeout)
	start := time.Now()
	for range 3 {
		s.Read(make([]byte, 1))
		s.Write(make([]byte, 3*writeChunk))
	}
	if len(below.reads) != 3 || len(below.writes) != 9 {
		t.Fatalf("%d read and %d write deadlines", len(below.reads), len(below.writes))
	}
	for _, d := range append(below.reads, below.writes...) {
		if d.Before(start.Add(timeout)) || d.After(time.Now().Add(timeout)) {
			t.Errorf("deadline %v", d)
		}
	}
	below.err = timeoutError{}
	if _, err := s.Read(nil); !silent(err, timeout) {
		t.Errorf("%v", err)
	}
	if _, err := s.Write(nil); !silent(err, timeout) {
		t.Errorf("%v", err)
	}
}

func silent(err error, after time.Duration) bool {
	e, ok := errors.AsType[*SilenceError](err)
	return ok && e.After == after && e.Timeout()
}

// patient is a connection that notes its deadlines.
type patient struct {
	net.Conn
	reads, writes []time.Time
	err           error
}

func (p *patient) Read(b []byte) (int, error)  { return len(b), p.err }
func (p *patient) Write(b []byte) (int, error) { return len(b), p.err }
func (p *patient) SetReadDeadline(t time.Time) error {
	p.reads = append(p.reads, t)
	return nil
}
func (p *patient) SetWriteDeadline(t time.Time) error {
	p.writes = append(p.writes, t)
	return nil
}

type timeoutError struct{}

func (timeoutError) Error() string   { return "late" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return false }
