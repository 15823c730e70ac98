package synthetic

import (
	"bufio"
	"net"
	"strings"
	"sync"
	"testing"
)

// Mailbox is INBOX, or one more, of n messages that are all alike but for what
// depends on their number. Every tenth UID is left out, as if it had been
// expunged.
type Mailbox struct {
	Name     string
	Messages int
	Mail     func(n int) Mail // n from 1
}

// uid is that of message n.
func (m Mailbox) uid(n int) uint32 { return uint32(n + (n-1)/9) }

// number is the last message with a UID of at most uid.
func (m Mailbox) number(uid uint32) int {
	n := int(uid) - int(uid)/10
	return min(n, m.Messages)
}

func (m Mailbox) uidNext() uint32 {
	if m.Messages == 0 {
		return 1
	}
	return m.uid(m.Messages) + 1
}

// Server listens on loopback, in clear, and lets everybody in.
type Server struct {
	Host string
	Port int

	boxes []Mailbox
	ln    net.Listener
	mu    sync.Mutex
	conns map[net.Conn]bool
	wg    sync.WaitGroup
}

// Start serves mailboxes until the test ends.
func Start(t testing.TB, boxes ...Mailbox) *Server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Host: "127.0.0.1", Port: ln.Addr().(*net.TCPAddr).Port, boxes: boxes, ln: ln, conns: map[net.Conn]bool{}}
	s.wg.Go(s.accept)
	t.Cleanup(s.stop)
	return s
}

func (s *Server) accept() {
	for {
		nc, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[nc] = true
		s.mu.Unlock()
		s.wg.Go(func() {
			c := &conn{s: s, r: bufio.NewReader(nc), w: bufio.NewWriterSize(nc, 64<<10)}
			c.serve()
			nc.Close()
			s.mu.Lock()
			delete(s.conns, nc)
			s.mu.Unlock()
		})
	}
}

func (s *Server) stop() {
	s.ln.Close()
	s.mu.Lock()
	for nc := range s.conns {
		nc.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// Add puts another mailbox, or another state of one, in place from the next
// connection on.
func (s *Server) Add(box Mailbox) {
	s.mu.Lock()
	defer s.mu.Unlock()
	boxes := []Mailbox{}
	for _, b := range s.boxes {
		if b.Name != box.Name {
			boxes = append(boxes, b)
		}
	}
	s.boxes = append(boxes, box)
}

// conn is one session.
type conn struct {
	s     *Server
	r     *bufio.Reader
	w     *bufio.Writer
	boxes []Mailbox
	index map[string]*Mailbox // by quoted name, when first wanted
	open  *Mailbox
	over  bool
}

const caps = "IMAP4rev1 SASL-IR AUTH=PLAIN LITERAL+ ID ENABLE UNSELECT UIDPLUS NAMESPACE LIST-EXTENDED LIST-STATUS ESEARCH CONDSTORE QRESYNC"

func (c *conn) serve() {
	c.s.mu.Lock()
	c.boxes = c.s.boxes
	c.s.mu.Unlock()
	c.printf("* OK [CAPABILITY %s] made up\r\n", caps)
	for !c.over {
		if c.r.Buffered() == 0 && c.w.Flush() != nil {
			return
		}
		line, err := c.r.ReadString('\n')
		if err != nil {
			return
		}
		tag, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		c.printf("%s %s\r\n", tag, c.command(rest))
	}
	c.w.Flush()
}
