package proto

import (
	"context"
	"crypto/tls"
	"net"
	"sync"

	"mailstow/sync/testkit/memconn"
	"mailstow/sync/testkit/model"
)

// Everything is all that a Server can do beyond IMAP4rev1.
var Everything = []string{"IMAP4rev2", "SASL-IR", "LITERAL+", "LITERAL-", "ID", "IDLE", "COMPRESS=DEFLATE", "ENABLE", "NAMESPACE", "UIDPLUS", "MOVE", "UNSELECT", "ESEARCH", "SEARCHRES",
	"LIST-EXTENDED", "LIST-STATUS", "SPECIAL-USE", "CREATE-SPECIAL-USE", "CONDSTORE", "QRESYNC", "MULTIAPPEND", "OBJECTID", "STATUS=SIZE"}

// Server lets clients work on an account. Whoever gives a name and a password is let
// in.
type Server struct {
	// Fault is asked before each command is carried out; nil: nothing ever goes
	// wrong. It is called by one goroutine at a time.
	Fault func(command string) Fault
	// TLS is what STARTTLS is offered with; nil: it is not. With LOGINDISABLED among the
	// capabilities nobody is let in without.
	TLS *tls.Config
	// Lies change what the server says of itself and of mail.
	Lies Lies

	mu       sync.Mutex
	account  *model.Account
	caps     []string
	heard    []string
	delayed  []delayed
	idlers   int
	stirred  chan struct{} // closed when something may have changed
	sessions sync.WaitGroup
}

// NewServer serves an account with these capabilities beyond IMAP4rev1.
func NewServer(account *model.Account, caps ...string) *Server {
	return &Server{account: account, caps: caps, stirred: make(chan struct{})}
}

// Do looks at the account, or changes it, between two commands.
func (s *Server) Do(f func(*model.Account)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.account)
	s.stir()
}

// stir wakes those who wait for news.
func (s *Server) stir() {
	if s.idlers > 0 {
		close(s.stirred)
		s.stirred = make(chan struct{})
	}
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

// Listen lets clients in until the listener is closed, and returns its error.
func (s *Server) Listen(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		s.sessions.Go(func() { s.Serve(conn) })
	}
}

// Wait ends when all sessions that Dial and Listen began have ended.
func (s *Server) Wait() { s.sessions.Wait() }
