package hostile

import (
	"io"
	"net"
	"sync"
	"time"
)

// quiet is how long both ends must be seen waiting for each other before the
// conversation counts as over: a client may be about to write what its reader waits for.
const quiet = 5 * time.Millisecond

// line is a connection in memory between a client and a server that is mutated. When
// the server waits for the client and the client for the server, as happens when an
// answer was lost on the way, the client's input ends: nobody would ever say anything.
type line struct {
	mu       sync.Mutex
	changed  *sync.Cond
	mutate   func(said []byte) (heard []byte, over bool)
	asked    func(command []byte)
	toServer []byte
	toClient []byte
	waits    bool // the server, for the client
	over     bool // the server says no more
	closed   bool // by the client
	since    time.Time
	watch    *watch
	quiet    time.Duration
}

func newLine(w *watch, mutate func([]byte) ([]byte, bool), asked func([]byte)) (near, far net.Conn) {
	l := &line{mutate: mutate, asked: asked, watch: w, quiet: quiet}
	l.changed = sync.NewCond(&l.mu)
	return &clientEnd{silent{}, l}, &serverEnd{silent{}, l}
}

type serverEnd struct {
	silent
	*line
}

func (s *serverEnd) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.toServer) == 0 && !s.closed {
		s.waits = true
		s.changed.Broadcast()
		s.changed.Wait()
	}
	s.waits = false
	if len(s.toServer) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.toServer)
	s.toServer = s.toServer[n:]
	return n, nil
}

func (s *serverEnd) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || s.closed {
		return 0, io.ErrClosedPipe
	}
	heard, over := s.mutate(p)
	s.toClient = append(s.toClient, heard...)
	s.over = over
	s.changed.Broadcast()
	return len(p), nil
}

func (s *serverEnd) Close() error { return s.set(func() { s.over = true }) }

type clientEnd struct {
	silent
	*line
}

func (c *clientEnd) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.since = (time.Time{}); len(c.toClient) == 0; c.changed.Wait() {
		switch {
		case c.closed:
			return 0, net.ErrClosed
		case c.over, c.deaf():
			c.over = true
			c.watch.ended()
			return 0, io.EOF
		}
	}
	n := copy(p, c.toClient)
	c.toClient = c.toClient[n:]
	return n, nil
}

// deaf: both wait for each other, and have for a while.
func (c *clientEnd) deaf() bool {
	if !c.waits || len(c.toServer) > 0 {
		c.since = time.Time{}
		return false
	}
	if c.since.IsZero() {
		c.since = time.Now()
	}
	left := c.quiet - time.Since(c.since)
	if left > 0 {
		time.AfterFunc(left, func() { c.set(func() {}) })
	}
	return left <= 0
}

func (c *clientEnd) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over || c.closed {
		return 0, io.ErrClosedPipe
	}
	c.asked(p)
	c.toServer = append(c.toServer, p...)
	c.changed.Broadcast()
	return len(p), nil
}

func (c *clientEnd) Close() error { return c.set(func() { c.closed = true }) }

func (l *line) set(f func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
	l.changed.Broadcast()
	return nil
}

// silent is what such a connection has of no use: it needs no deadlines.
type silent struct{}

func (silent) LocalAddr() net.Addr              { return nowhere{} }
func (silent) RemoteAddr() net.Addr             { return nowhere{} }
func (silent) SetDeadline(time.Time) error      { return nil }
func (silent) SetReadDeadline(time.Time) error  { return nil }
func (silent) SetWriteDeadline(time.Time) error { return nil }

type nowhere struct{}

func (nowhere) Network() string { return "memory" }
func (nowhere) String() string  { return "memory" }

// said is a connection on which the server has said all that it will ever say,
// whatever it is told.
type said struct {
	silent
	r     io.Reader
	watch *watch
}

func (s *said) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil {
		s.watch.ended()
	}
	return n, err
}

func (s *said) Write(p []byte) (int, error) { return len(p), nil }
func (s *said) Close() error                { return nil }

// watch ends what goes on for longer than grace after the last input has ended.
type watch struct {
	mu    sync.Mutex
	timer *time.Timer
	late  func()
}

const grace = 2 * time.Second

func (w *watch) ended() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer == nil {
		w.timer = time.AfterFunc(grace, w.late)
	}
}

// begun: there is input again, or nothing left to wait for.
func (w *watch) begun() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
}
