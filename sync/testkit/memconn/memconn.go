package memconn

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// Pipe is a connection in memory: both its ends.
func Pipe() (net.Conn, net.Conn) {
	a, b := newStream(), newStream()
	return &end{in: a, out: b}, &end{in: b, out: a}
}

// stream is one direction.
type stream struct {
	mu       sync.Mutex
	changed  *sync.Cond
	data     []byte
	ended    bool // by the writer
	left     bool // by the reader
	deadline time.Time
	alarm    *time.Timer
}

func newStream() *stream {
	s := &stream{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.left:
			return 0, net.ErrClosed
		case !s.deadline.IsZero() && !time.Now().Before(s.deadline):
			return 0, os.ErrDeadlineExceeded
		case len(s.data) > 0:
			n := copy(p, s.data)
			if s.data = s.data[n:]; len(s.data) == 0 {
				s.data = nil
			}
			return n, nil
		case s.ended:
			return 0, io.EOF
		}
		s.changed.Wait()
	}
}

func (s *stream) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended:
		return 0, net.ErrClosed
	case s.left:
		return 0, io.ErrClosedPipe
	}
	s.data = append(s.data, p...)
	s.changed.Broadcast()
	return len(p), nil
}

// end is called by the writer, leave by the reader.
func (s *stream) end() { s.set(func() { s.ended = true }) }

func (s *stream) leave() {
	s.set(func() {
		s.left = true
		if s.alarm != nil {
			s.alarm.Stop()
		}
	})
}

func (s *stream) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	s.changed.Broadcast()
}

// until sets the deadline of reading; a timer wakes the reader then. The timer is
// moved, not made anew: deadlines change with every read.
func (s *stream) until(t time.Time) {
	s.set(func() {
		s.deadline = t
		switch {
		case t.IsZero() || s.left:
			if s.alarm != nil {
				s.alarm.Stop()
			}
		case s.alarm == nil:
			s.alarm = time.AfterFunc(time.Until(t), func() { s.set(func() {}) })
		default:
			s.alarm.Reset(time.Until(t))
		}
	})
}

// end is one end of a connection.
type end struct{ in, out *stream }

func (e *end) Read(p []byte) (int, error)  { return e.in.read(p) }
func (e *end) Write(p []byte) (int, error) { return e.out.write(p) }

func (e *end) Close() error {
	e.out.end()
	e.in.leave()
	return nil
}

func (e *end) LocalAddr() net.Addr  { return address{} }
func (e *end) RemoteAddr() net.Addr { return address{} }

func (e *end) SetDeadline(t time.Time) error     { return e.SetReadDeadline(t) }
func (e *end) SetWriteDeadline(time.Time) error  { return nil } // writing never waits
func (e *end) SetReadDeadline(t time.Time) error { e.in.until(t); return nil }

type address struct{}

func (address) Network() string { return "memory" }
func (address) String() string  { return "memory" }
