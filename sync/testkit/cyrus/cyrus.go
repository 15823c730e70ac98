package cyrus

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"mailstow/sync/testkit/daemon"
	"mailstow/sync/testkit/imapuser"
	"mailstow/sync/testkit/testcert"
)

// Password opens every account.
const Password = "secret"

// Server is a running Cyrus.
type Server struct {
	Host           string
	Port, TLSPort  int
	Addr, TLSAddr  string
	CAFile         string
	Fingerprint    string
	KeyFingerprint string
	Password       string
	Dir            string

	root  string // where cyrus-imapd was unpacked
	cert  *testcert.Cert
	extra string
	users map[string]bool
}

// Option changes the configuration of a server.
type Option func(*Server)

// Config appends lines to imapd.conf.
func Config(lines string) Option { return func(s *Server) { s.extra += lines + "\n" } }

// SuppressCapabilities hides capabilities, for example "CONDSTORE QRESYNC".
func SuppressCapabilities(list string) Option { return Config("suppress_capabilities: " + list) }

// Start runs a server until the test ends.
func Start(t testing.TB, opts ...Option) *Server {
	t.Helper()
	root := Require(t)
	dir := daemon.TempDir(t)
	s := &Server{Host: daemon.Host, Password: Password, Dir: dir, root: root, cert: testcert.New(t, dir), users: map[string]bool{}}
	s.CAFile, s.Fingerprint, s.KeyFingerprint = s.cert.CertFile, s.cert.Fingerprint, s.cert.KeyFingerprint
	for _, o := range opts {
		o(s)
	}
	ports := daemon.Run(t, daemon.Spec{Name: "cyrus", Dir: dir, Ports: 2, Configure: s.configure})
	s.Port, s.TLSPort = ports[0], ports[1]
	s.Addr = net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	s.TLSAddr = net.JoinHostPort(s.Host, strconv.Itoa(s.TLSPort))
	return s
}

// Require finds the folder that cyrus-imapd was unpacked to and the programs of
// cyrus-common, or skips the test, or fails it when MAILSTOW_REQUIRE_SERVERS=1.
func Require(t testing.TB) string {
	t.Helper()
	const install = "Debian: .ci/run servers, as root"
	root := os.Getenv("MAILSTOW_CYRUS")
	if root == "" {
		root = "/opt/mailstow-servers/cyrus"
	}
	daemon.Require(t, install, filepath.Join(root, "usr/lib/cyrus/bin/imapd"))
	daemon.Require(t, install, master)
	daemon.Require(t, install, "saslpasswd2")
	if os.Getuid() != 0 {
		daemon.Missing(t, "cyrus must be started by root")
	}
	return root
}

// User logs in over a connection of its own, and makes the user when needed.
func (s *Server) User(t testing.TB, name string) *imapuser.User {
	t.Helper()
	s.AddUser(t, name)
	return imapuser.Dial(t, s.Addr, name, Password)
}

// AddUser makes a user; the mailbox comes with the first login.
func (s *Server) AddUser(t testing.TB, name string) {
	t.Helper()
	if s.users[name] {
		return
	}
	db := filepath.Join(s.Dir, "sasldb2")
	cmd := exec.Command("saslpasswd2", "-p", "-c", "-f", db, "-u", "localhost", name)
	cmd.Stdin = strings.NewReader(Password)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("saslpasswd2: %v\n%s", err, out)
	}
	if err := s.own(db); err != nil {
		t.Fatal(err)
	}
	s.users[name] = true
}
