package proto

import (
	"slices"
	"strings"
)

func (s *session) capability(command) string {
	s.printf("* CAPABILITY %s\r\n", s.offers())
	return "OK done"
}

func (s *session) nothing(command) string { return "OK done" }

func (s *session) logout(command) string {
	s.over = true
	s.printf("* BYE until next time\r\n")
	return "OK done"
}

func (s *session) login(c command) string {
	switch {
	case s.user || len(c.args) != 2:
		return misunderstood
	case s.closed():
		return private
	}
	return s.welcome()
}

func (s *session) welcome() string {
	s.user = true
	return "OK [CAPABILITY " + s.offers() + "] welcome"
}

// authenticate knows PLAIN, with its answer in the command or behind it (RFC 4959).
func (s *session) authenticate(c command) string {
	if s.user || len(c.args) == 0 || !c.args[0].is("PLAIN") || len(c.args) > 1 && !s.can("SASL-IR") {
		return "NO not like this"
	}
	if s.closed() {
		return private
	}
	if len(c.args) == 1 {
		if line, err := s.challenge(); err != nil || string(line) == "*" {
			return "BAD called off"
		}
	}
	return s.welcome()
}

// challenge asks for a line; meanwhile other sessions go on.
func (s *session) challenge() ([]byte, error) {
	s.srv.mu.Unlock()
	defer s.srv.mu.Lock()
	s.printf("+ \r\n")
	if err := s.flush(); err != nil {
		return nil, err
	}
	return readLine(s.r)
}

func (s *session) id(command) string {
	s.printf("* ID (\"name\" \"model\")\r\n")
	return "OK done"
}

// enable turns on what is offered and can be (RFC 5161; QRESYNC brings CONDSTORE with
// it, RFC 7162 section 3.2.3).
func (s *session) enable(c command) string {
	var done []string
	for _, n := range c.args {
		name := strings.ToUpper(n.text)
		switch {
		case !s.can(name) || !slices.Contains([]string{"CONDSTORE", "QRESYNC", "IMAP4REV2"}, name):
			continue
		case name != "IMAP4REV2":
			s.enabled["CONDSTORE"] = true
		}
		s.enabled[name] = true
		done = append(done, name)
	}
	s.printf("* ENABLED %s\r\n", strings.Join(done, " "))
	return "OK done"
}

func (s *session) namespace(command) string {
	s.printf("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n")
	return "OK done"
}
