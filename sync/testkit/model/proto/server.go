package proto

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"

	"mailstow/sync/testkit/memconn"
	"mailstow/sync/testkit/model"
)

// Everything is all that a Server can do beyond IMAP4rev1.
var Everything = []string{"SASL-IR", "LITERAL+", "ID", "ENABLE", "NAMESPACE", "UIDPLUS", "MOVE", "UNSELECT", "ESEARCH", "SEARCHRES",
	"LIST-EXTENDED", "LIST-STATUS", "SPECIAL-USE", "CREATE-SPECIAL-USE", "CONDSTORE", "QRESYNC", "MULTIAPPEND", "OBJECTID", "STATUS=SIZE"}

// Server lets clients work on an account. Whoever gives a name and a password is let
// in.
type Server struct {
	// Fault is asked before each command is carried out; nil: nothing ever goes
	// wrong. It is called by one goroutine at a time.
	Fault func(command string) Fault
	// Lies change what the server says of itself and of mail.
	Lies Lies

	mu       sync.Mutex
	account  *model.Account
	caps     []string
	heard    []string
	sessions sync.WaitGroup
}

// NewServer serves an account with these capabilities beyond IMAP4rev1.
func NewServer(account *model.Account, caps ...string) *Server {
	return &Server{account: account, caps: caps}
}

// Lies are what servers get wrong.
type Lies struct {
	HideUIDs     bool // no APPENDUID and no COPYUID, whatever is offered
	Forgetful    bool // what was expunged is forgotten: QRESYNC names every gap (RFC 7162 section 3.2.5.2)
	NoKeywords   bool // PERMANENTFLAGS without \*
	RoundedDates bool // what is appended gets a date of whole minutes
	RewritesMail bool // what is appended gets a header line more
}

// Do looks at the account, or changes it, between two commands.
func (s *Server) Do(f func(*model.Account)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.account)
}

// Heard are the commands so far, without tags and literals, and forgets them.
func (s *Server) Heard() (lines []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines, s.heard = s.heard, nil
	return lines
}

// Dial connects in memory; it has the form that net.Dialer has.
func (s *Server) Dial(context.Context, string, string) (net.Conn, error) {
	near, far := memconn.Pipe()
	s.sessions.Go(func() { s.Serve(far) })
	return near, nil
}

// Wait ends when all sessions that Dial began have ended.
func (s *Server) Wait() { s.sessions.Wait() }

// can reports whether a capability is offered.
func (s *session) can(name string) bool { return slices.Contains(s.srv.caps, name) }

func (s *session) modSeqs() bool { return s.can("CONDSTORE") || s.can("QRESYNC") }

func (s *Server) capability() string {
	return strings.Join(append([]string{"IMAP4rev1", "AUTH=PLAIN"}, s.caps...), " ")
}
