package dovecot

import (
	"path/filepath"
	"testing"

	"mailstow/sync/testkit/daemon"
	"mailstow/sync/testkit/testcert"
)

// Password opens every account.
const Password = "secret"

// Host is where every server listens.
const Host = daemon.Host

// Server is a running Dovecot.
type Server struct {
	Host    string
	Port    int // plaintext with STARTTLS
	TLSPort int // implicit TLS

	Addr, TLSAddr  string // Host:Port, Host:TLSPort
	CAFile         string // verifies the server's certificate
	Fingerprint    string // SHA-256 of the certificate, hex
	KeyFingerprint string // SHA-256 of its public key (SPKI), hex
	Password       string
	Dir            string // everything the server has, gone after the test

	cfg  config
	conf string
}

// Option changes the configuration of a server.
type Option func(*config)

// Config appends lines to dovecot.conf; later settings win.
func Config(lines string) Option {
	return func(c *config) { c.extra += lines + "\n" }
}

// Capability replaces what the server says it can do, for example to hide an
// extension: a server without CONDSTORE is Capability("IMAP4rev1 LITERAL+ ...").
// Commands of hidden extensions are still accepted by Dovecot.
func Capability(list string) Option {
	return Config("protocol imap {\n  imap_capability = " + list + "\n}")
}

// SDBox keeps mail in Dovecot's own single-dbox instead of Maildir.
func SDBox() Option {
	return func(c *config) { c.location = "sdbox:~/dbox" }
}

// MaildirFS keeps mailboxes as nested folders instead of Maildir++: parents that
// are no mailboxes show up as \NoSelect, and names may contain dots.
func MaildirFS() Option {
	return func(c *config) { c.location = "maildir:~/Maildir:LAYOUT=fs" }
}

// Certificate lets the server use this certificate instead of a fresh one.
func Certificate(cert *testcert.Cert) Option {
	return func(c *config) { c.cert = cert }
}

// Start runs a server until the test ends.
func Start(t testing.TB, opts ...Option) *Server {
	t.Helper()
	bin := Require(t)
	dir := daemon.TempDir(t)
	cfg := config{dir: dir, location: "maildir:~/Maildir"}
	for _, o := range opts {
		o(&cfg)
	}
	if cfg.cert == nil {
		cfg.cert = testcert.New(t, dir)
	}
	s := &Server{Host: Host, CAFile: cfg.cert.CertFile, Fingerprint: cfg.cert.Fingerprint,
		KeyFingerprint: cfg.cert.KeyFingerprint, Password: Password, Dir: dir,
		cfg: cfg, conf: filepath.Join(dir, "dovecot.conf")}
	s.launch(t, bin)
	return s
}

// Require finds the dovecot binary, or skips the test, or fails it when
// MAILSTOW_REQUIRE_SERVERS=1.
func Require(t testing.TB) string {
	t.Helper()
	return daemon.Require(t, "Debian: apt-get install dovecot-imapd",
		"dovecot", "/usr/sbin/dovecot", "/usr/local/sbin/dovecot", "/opt/homebrew/sbin/dovecot")
}
