package dovecot

import (
	"testing"

	"mailstow/sync/testkit/daemon"
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
	Dir            string // the homes of its users, gone after the test

	run  *running
	said int // what the log had before
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

// Start gives a test a server until it ends.
func Start(t testing.TB, opts ...Option) *Server {
	t.Helper()
	bin := Require(t)
	cfg := config{location: "maildir:~/Maildir"}
	for _, o := range opts {
		o(&cfg)
	}
	run := idle.take(cfg)
	if run == nil {
		run = launch(t, bin, cfg)
	}
	return run.lend(t)
}

// Require finds the dovecot binary, or skips the test, or fails it when
// MAILSTOW_REQUIRE_SERVERS=1.
func Require(t testing.TB) string {
	t.Helper()
	return daemon.Require(t, "Debian: apt-get install dovecot-imapd",
		"dovecot", "/usr/sbin/dovecot", "/usr/local/sbin/dovecot", "/opt/homebrew/sbin/dovecot")
}
