package courier

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"mailstow/sync/testkit/daemon"
	"mailstow/sync/testkit/imapuser"
	"mailstow/sync/testkit/testcert"
)

// Password opens every account.
const Password = "secret"

// mailUID owns the mail; it needs no passwd entry.
const mailUID = 5000

// Server is a running Courier. Any lower-case user logs in with Password.
type Server struct {
	Host           string
	Port, TLSPort  int
	Addr, TLSAddr  string
	CAFile         string
	Fingerprint    string
	KeyFingerprint string
	Password       string
	Dir            string

	root    string // where the packages were unpacked
	extra   []string
	running sync.WaitGroup
	stop    context.Context
	log     *os.File
}

// Option changes the configuration of a server.
type Option func(*Server)

// Env sets variables of Courier's imapd configuration file, as NAME=value.
func Env(settings ...string) Option {
	return func(s *Server) { s.extra = append(s.extra, settings...) }
}

// Start runs a server until the test ends.
func Start(t testing.TB, opts ...Option) *Server {
	t.Helper()
	root := Require(t)
	lock(t)
	dir := daemon.TempDir(t)
	cert := testcert.New(t, dir)
	s := &Server{Host: daemon.Host, Password: Password, Dir: dir, root: root,
		CAFile: cert.CertFile, Fingerprint: cert.Fingerprint, KeyFingerprint: cert.KeyFingerprint}
	for _, o := range opts {
		o(s)
	}
	var cancel context.CancelFunc
	s.stop, cancel = context.WithCancel(context.Background())
	t.Cleanup(func() {
		cancel()
		s.running.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(s.log.Name())
			t.Logf("courier said:\n%s", text)
		}
		s.log.Close()
	})
	log, err := os.Create(filepath.Join(dir, "courier.log"))
	if err != nil {
		t.Fatal(err)
	}
	s.log = log
	s.authenticate(t)
	s.accept(t, cert)
	return s
}

// Require finds the folder that Courier was unpacked to, or skips the test, or
// fails it when MAILSTOW_REQUIRE_SERVERS=1.
func Require(t testing.TB) string {
	t.Helper()
	root := os.Getenv("MAILSTOW_COURIER")
	if root == "" {
		root = "/opt/mailstow-servers/courier"
	}
	daemon.Require(t, "Debian: .ci/run servers, as root", filepath.Join(root, "usr/lib/courier/courier/imaplogin"))
	if os.Getuid() != 0 {
		daemon.Missing(t, "courier must be started by root")
	}
	return root
}

// User logs in over a connection of its own.
func (s *Server) User(t testing.TB, name string) *imapuser.User {
	t.Helper()
	return imapuser.Dial(t, s.Addr, name, Password)
}

// MailDir is the folder of a mailbox on disk. mailbox is the name on the wire.
func (s *Server) MailDir(user, mailbox string) string {
	dir := filepath.Join(s.Dir, "mail", user, "Maildir")
	if mailbox == "INBOX" {
		return dir
	}
	return filepath.Join(dir, "."+strings.TrimPrefix(mailbox, "INBOX."))
}

// lock holds the machine's only place for a Courier until the test ends.
func lock(t testing.TB) {
	t.Helper()
	l := flock.New("/tmp/mailstow-courier.lock") // the same whatever TMPDIR is
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if _, err := l.TryLockContext(ctx, 10*time.Millisecond); err != nil {
		t.Fatalf("another test has Courier: %v", err)
	}
	t.Cleanup(func() { l.Close() })
}

// listen takes a free port and closes it when the test ends.
func (s *Server) listen(t testing.TB, network, addr string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	context.AfterFunc(s.stop, func() { l.Close() })
	return l
}

// serve answers each connection in a goroutine of its own, all of which end
// before the test does.
func (s *Server) serve(l net.Listener, answer func(net.Conn)) {
	s.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			stop := context.AfterFunc(s.stop, func() { c.Close() })
			s.running.Go(func() {
				defer stop()
				defer c.Close()
				answer(c)
			})
		}
	})
}
