package proto

import (
	"bufio"
	"fmt"
	"net"

	"mailstow/sync/testkit/model"
)

// session is one connection.
type session struct {
	srv      *Server
	r        *bufio.Reader
	w        *bufio.Writer
	user     bool        // logged in
	view     *model.View // nil: no mailbox is open
	readOnly bool
	saved    []uint32        // by SEARCH RETURN (SAVE)
	enabled  map[string]bool // CONDSTORE, QRESYNC
	over     bool
	cut      bool // and nothing of the answer leaves
}

// Serve talks to one client until the connection ends.
func (s *Server) Serve(conn net.Conn) {
	defer conn.Close()
	c := &session{srv: s, r: bufio.NewReader(conn), w: bufio.NewWriterSize(conn, 32<<10), enabled: map[string]bool{}}
	c.printf("* OK [CAPABILITY %s] model\r\n", s.capability())
	for !c.over {
		if c.r.Buffered() == 0 && c.w.Flush() != nil {
			return
		}
		cmd, err := readCommand(c.r, c.ask)
		if err != nil {
			return
		}
		c.carryOut(cmd)
	}
	if !c.cut {
		c.w.Flush()
	}
}

func (s *session) printf(format string, args ...any) { fmt.Fprintf(s.w, format, args...) }

func (s *session) ask() error {
	s.printf("+ go on\r\n")
	return s.w.Flush()
}

// carryOut answers one command, while no other session does.
func (s *session) carryOut(c command) {
	s.srv.mu.Lock()
	defer s.srv.mu.Unlock()
	if s.over {
		return
	}
	s.srv.heard = append(s.srv.heard, c.line)
	var fault Fault
	if s.srv.Fault != nil {
		fault = s.srv.Fault(c.line)
	}
	if s.happens(fault, c) {
		return
	}
	if s.view != nil && s.view.Stale() {
		s.printf("* BYE the mailbox is not what it was\r\n")
		s.over = true
		return
	}
	answer := s.answer(c)
	s.news(c.name)
	s.printf("%s %s\r\n", c.tag, answer)
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

// state is what a session must have come to before a command.
type state int

const (
	always state = iota
	loggedIn
	opened
)

// verb is a command that is known.
type verb struct {
	state state
	needs string // a capability, or ""
	run   func(*session, command) string
}

var commands map[string]verb

func init() { // not at once: some of them look here
	commands = map[string]verb{
		"CAPABILITY": {always, "", (*session).capability}, "NOOP": {always, "", (*session).nothing},
		"LOGOUT": {always, "", (*session).logout}, "LOGIN": {always, "", (*session).login},
		"AUTHENTICATE": {always, "", (*session).authenticate}, "ID": {always, "ID", (*session).id},
		"ENABLE": {loggedIn, "ENABLE", (*session).enable}, "NAMESPACE": {loggedIn, "NAMESPACE", (*session).namespace},
		"LIST": {loggedIn, "", (*session).list}, "LSUB": {loggedIn, "", (*session).lsub},
		"STATUS": {loggedIn, "", (*session).status},
		"SELECT": {loggedIn, "", (*session).open}, "EXAMINE": {loggedIn, "", (*session).open},
		"CREATE": {loggedIn, "", (*session).create}, "DELETE": {loggedIn, "", (*session).delete},
		"RENAME": {loggedIn, "", (*session).rename}, "SUBSCRIBE": {loggedIn, "", (*session).subscribe},
		"UNSUBSCRIBE": {loggedIn, "", (*session).subscribe}, "APPEND": {loggedIn, "", (*session).append},
		"UNSELECT": {opened, "UNSELECT", (*session).close}, "CLOSE": {opened, "", (*session).close},
		"CHECK": {opened, "", (*session).nothing}, "EXPUNGE": {opened, "", (*session).expunge},
		"UID EXPUNGE": {opened, "UIDPLUS", (*session).expunge},
		"FETCH":       {opened, "", (*session).fetch}, "UID FETCH": {opened, "", (*session).fetch},
		"STORE": {opened, "", (*session).store}, "UID STORE": {opened, "", (*session).store},
		"COPY": {opened, "", (*session).copy}, "UID COPY": {opened, "", (*session).copy},
		"MOVE": {opened, "MOVE", (*session).move}, "UID MOVE": {opened, "MOVE", (*session).move},
		"SEARCH": {opened, "", (*session).search}, "UID SEARCH": {opened, "", (*session).search},
	}
}
