package demo

import (
	"fmt"
	"io"
	"log"
	"net"
	"sync"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// Login of the only account.
const (
	User     = "demo"
	Password = "demo"
)

// Server is a running server with the sample mail.
type Server struct {
	Host string
	Port int

	listener net.Listener
	imap     *imapserver.Server
	user     *imapmemserver.User
	serving  sync.WaitGroup

	mu     sync.Mutex
	ledger ledger
}

// caps are the extensions that the library serves well enough for a mirror.
var caps = imap.CapSet{
	imap.CapIMAP4rev1: {}, imap.CapNamespace: {}, imap.CapUIDPlus: {}, imap.CapMove: {}, imap.CapListExtended: {},
	imap.CapListStatus: {}, imap.CapStatusSize: {},
}

// Start fills a server with sample mail and lets it listen on a free port.
func Start() (*Server, error) {
	s := &Server{user: imapmemserver.NewUser(User, Password)}
	for _, box := range sample() {
		if err := s.fill(box.name, box.messages); err != nil {
			return nil, err
		}
	}
	s.imap = imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &session{server: s}, nil, nil
		},
		Caps:         caps,
		InsecureAuth: true, // on loopback, with a password that everybody knows
		Logger:       log.New(io.Discard, "", 0),
	})
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	addr := s.listener.Addr().(*net.TCPAddr)
	s.Host, s.Port = addr.IP.String(), addr.Port
	s.serving.Go(func() { _ = s.imap.Serve(s.listener) }) // ends with an error when closed
	return s, nil
}

// URL names the account the way the command line takes it.
func (s *Server) URL() string {
	return fmt.Sprintf("imap+insecure://%s@%s:%d", User, s.Host, s.Port)
}

// Close ends the server and its connections.
func (s *Server) Close() error {
	err := s.imap.Close()
	s.serving.Wait()
	return err
}
