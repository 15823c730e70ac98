package proto

import (
	"bufio"
	"compress/flate"
	"fmt"
	"io"
	"net"

	"mailstow/sync/testkit/model"
)

// session is one connection.
type session struct {
	srv      *Server
	conn     net.Conn
	r        *bufio.Reader
	w        *bufio.Writer
	squeeze  *flate.Writer // below w, where COMPRESS is on
	begin    func()        // what begins behind the answer
	secure   bool          // by TLS
	user     bool          // logged in
	view     *model.View   // nil: no mailbox is open
	readOnly bool
	saved    []uint32        // by SEARCH RETURN (SAVE)
	enabled  map[string]bool // CONDSTORE, QRESYNC, IMAP4REV2
	over     bool
	stalled  bool
	cut      bool // and nothing of the answer leaves
}

// Serve talks to one client until the connection ends.
func (s *Server) Serve(conn net.Conn) {
	defer conn.Close()
	c := &session{srv: s, enabled: map[string]bool{}}
	c.on(conn)
	c.printf("* OK [CAPABILITY %s] model\r\n", c.offers())
	for !c.over {
		if c.r.Buffered() == 0 && c.flush() != nil {
			return
		}
		cmd, err := c.read()
		if err != nil {
			return
		}
		if c.carryOut(cmd); c.begin != nil && c.flush() == nil {
			c.begin()
			c.begin = nil
		}
		if c.stalled {
			c.flush()
			io.Copy(io.Discard, c.r)
			return
		}
	}
	if !c.cut {
		c.flush()
	}
}

// on speaks on a connection from now on. What the client sent before on another is
// forgotten: it may be somebody else's (RFC 3501 section 6.2.1).
func (s *session) on(conn net.Conn) {
	s.conn, s.r, s.w = conn, bufio.NewReader(conn), bufio.NewWriterSize(conn, 32<<10)
}

func (s *session) flush() error {
	err := s.w.Flush()
	if err == nil && s.squeeze != nil {
		err = s.squeeze.Flush()
	}
	return err
}

// read reads a command. A literal that does not wait has to be offered (RFC 7888).
func (s *session) read() (command, error) {
	return readCommand(s.r, s.ask, func(size int) bool {
		return s.can("LITERAL+") || s.can("LITERAL-") && size <= 4096
	})
}

func (s *session) printf(format string, args ...any) { fmt.Fprintf(s.w, format, args...) }

func (s *session) ask() error {
	s.printf("+ go on\r\n")
	return s.flush()
}

// carryOut answers one command, while no other session does.
func (s *session) carryOut(c command) {
	s.srv.mu.Lock()
	defer s.srv.mu.Unlock()
	if s.over {
		return
	}
	s.srv.heard = append(s.srv.heard, c.line)
	s.srv.ripen()
	var fault Fault
	if s.srv.Fault != nil {
		fault = s.srv.Fault(c.line)
	}
	if s.happens(fault, c) {
		return
	}
	s.reply(c)
}

func (s *session) reply(c command) {
	if s.view != nil && s.view.Stale() {
		s.printf("* BYE the mailbox is not what it was\r\n")
		s.over = true
		return
	}
	s.talk()
	answer := s.answer(c)
	s.news(c.name)
	s.printf("%s %s\r\n", c.tag, answer)
	s.srv.stir()
}

const misunderstood = "BAD not understood"

// answer carries a command out and returns what stands behind its tag.
func (s *session) answer(c command) string {
	do, known := commands[c.name]
	switch {
	case c.err != nil || !known || do.needs != "" && !s.can(do.needs):
		return misunderstood
	case do.state >= loggedIn && !s.user, do.state == opened && s.view == nil:
		return "BAD not now"
	}
	return do.run(s, c)
}
