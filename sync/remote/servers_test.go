package remote_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"mailstow/sync/remote"
	"mailstow/sync/testkit/courier"
	"mailstow/sync/testkit/cyrus"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/imapuser"
)

// writeServer is a running server of one kind, with the capabilities it has or is
// made to have.
type writeServer struct {
	name   string
	prefix string // of mailboxes beside INBOX
	delim  string
	user   func(name string) *imapuser.User
	port   int
}

// config reaches it in clear.
func (s writeServer) config(user string) remote.Config {
	return remote.Config{
		Host: dovecot.Host, Port: s.port, Security: remote.Plain, User: user, Timeout: 20 * time.Second,
		Password: func(context.Context) (string, error) { return dovecot.Password, nil },
	}
}

// fewer are capabilities of Dovecot cut down step by step.
var fewer = map[string]string{
	"dovecot without SEARCHRES":   "IMAP4rev1 LITERAL+ ENABLE CONDSTORE QRESYNC ESEARCH UIDPLUS MOVE MULTIAPPEND",
	"dovecot without CONDSTORE":   "IMAP4rev1 LITERAL+ UIDPLUS MOVE MULTIAPPEND",
	"dovecot without MULTIAPPEND": "IMAP4rev1 LITERAL+ UIDPLUS MOVE",
	"dovecot with LITERAL-":       "IMAP4rev1 LITERAL- UIDPLUS MOVE MULTIAPPEND",
	"dovecot with nothing":        "IMAP4rev1",
}

// everyServer runs a test against each of them.
func everyServer(t *testing.T, test func(t *testing.T, s writeServer)) {
	run := func(name string, start func(t *testing.T) writeServer) {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel() // they wait more than they work
			s := start(t)
			s.name = name
			test(t, s)
		})
	}
	dove := func(opts ...dovecot.Option) func(t *testing.T) writeServer {
		return func(t *testing.T) writeServer {
			s := dovecot.Start(t, opts...)
			return writeServer{delim: "/", port: s.Port, user: func(name string) *imapuser.User { return s.User(t, name) }}
		}
	}
	run("dovecot", dove())
	run("dovecot sdbox", dove(dovecot.SDBox()))
	for name, caps := range fewer {
		run(name, dove(dovecot.Capability(caps)))
	}
	run("cyrus", func(t *testing.T) writeServer {
		s := cyrus.Start(t)
		return writeServer{delim: "/", port: s.Port, user: func(name string) *imapuser.User { return s.User(t, name) }}
	})
	run("courier", func(t *testing.T) writeServer {
		s := courier.Start(t)
		return writeServer{delim: ".", prefix: "INBOX.", port: s.Port, user: func(name string) *imapuser.User { return s.User(t, name) }}
	})
}

// raw is the wire name of a mailbox of the test.
func (s writeServer) raw(t testing.TB, name string) string {
	t.Helper()
	raw, err := remote.EncodeName(s.box(name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// box is its name for people; "/" stands for the delimiter.
func (s writeServer) box(name string) string {
	if name == "INBOX" {
		return name
	}
	return s.prefix + strings.ReplaceAll(name, "/", s.delim)
}
