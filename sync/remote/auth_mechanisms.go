package remote

import (
	"cmp"
	"errors"
	"net"
	"strings"

	"github.com/emersion/go-sasl"

	"mailstow/sync/wire"
)

// mechanism is one way to log in.
type mechanism struct {
	name    string
	alias   string // another name under which it may be asked for
	token   bool   // the secret is an OAuth access token
	clear   bool   // the secret itself goes to the server
	offered func(c *Conn) bool
	sasl    func(cfg Config, secret string) exchange // nil: the LOGIN command
	hint    string                                   // what to do when it is refused
}

// exchange is the client's side of one SASL exchange.
type exchange interface {
	// first is the initial response; nil where the server speaks first.
	first() []byte
	// next answers a challenge. errCancel cancels the exchange, any other error
	// ends the connection.
	next(challenge []byte) ([]byte, error)
	// proven tells why the server's OK does not count, nil when it does.
	proven() error
	// reason is what the server said inside the exchange about its refusal.
	reason() string
}

// errCancel has the exchange cancelled: the answer to a challenge that makes no
// sense, or that brings an error only.
var errCancel = errors.New("cancel the exchange")

const (
	passwordHint = "check the user name and password; some providers want an app password"
	scramHint    = passwordHint + `; a server that holds no SCRAM form of the password may still take mechanism = "PLAIN"`
	tokenHint    = "the token has expired, is for another user, or not for IMAP: see what token-command prints"
)

// mechanisms holds the best first. Those of a token come into question only for
// an account with a token, and the others only for one with a password. Those that
// hand the secret itself to the server are chosen under TLS, or where it does not
// leave this computer; anywhere else only when the user asks for one by its name.
var mechanisms = []mechanism{
	{name: "OAUTHBEARER", token: true, clear: true, offered: offers("OAUTHBEARER"), sasl: newOAuthBearer, hint: tokenHint},
	{name: "XOAUTH2", token: true, clear: true, offered: offers("XOAUTH2"), sasl: newXOAuth2, hint: tokenHint},
	{name: "SCRAM-SHA-256", offered: offers("SCRAM-SHA-256"), sasl: newScramSHA256, hint: scramHint},
	{name: "SCRAM-SHA-1", offered: offers("SCRAM-SHA-1"), sasl: newScramSHA1, hint: scramHint},
	{name: "PLAIN", clear: true, offered: offers("PLAIN"), sasl: newPlain, hint: passwordHint},
	{name: "LOGIN", clear: true, offered: offers("LOGIN"), sasl: newLogin, hint: passwordHint},
	// The command of RFC 9051 section 6.2.3. "LOGIN" means it too, where the server
	// has no SASL LOGIN.
	{name: "LOGIN-COMMAND", alias: "LOGIN", clear: true, offered: func(c *Conn) bool { return !c.caps["LOGINDISABLED"] }, hint: passwordHint},
}

func offers(name string) func(c *Conn) bool {
	return func(c *Conn) bool { return c.caps["AUTH="+name] }
}

// Mechanisms names the ways to log in that Config.Mechanism may ask for, and
// those of them that need a token.
func Mechanisms() (names []string, token map[string]bool) {
	token = map[string]bool{}
	for _, m := range mechanisms {
		names = append(names, m.name)
		token[m.name] = m.token
	}
	return names, token
}

func (c *Conn) chooseMechanism() (mechanism, error) {
	want := c.cfg.Mechanism
	if want != "" {
		return c.forcedMechanism(want)
	}
	inClear := ""
	for _, m := range mechanisms {
		switch {
		case m.token != (c.cfg.Token != nil) || !m.offered(c):
		case m.clear && !c.private():
			inClear = cmp.Or(inClear, m.name)
		default:
			return m, nil
		}
	}
	switch {
	case inClear != "":
		return mechanism{}, c.authError("the server offers only ways to log in that would send the secret over the network in clear",
			"use imaps:// or imap://; where that cannot be, mechanism = \""+inClear+"\" in the account sends it all the same")
	case c.cfg.Token != nil:
		return mechanism{}, c.authError("the server offers no way to log in with a token", "OAUTHBEARER and XOAUTH2 are known; the account may need a password instead")
	case c.cfg.Security == Plain:
		return mechanism{}, c.authError(noWay, "the server wants TLS first: use imaps:// or imap://")
	case c.caps["AUTH=OAUTHBEARER"] || c.caps["AUTH=XOAUTH2"]:
		return mechanism{}, c.authError(noWay+" with a password", "it wants an OAuth token: configure token-command")
	}
	return mechanism{}, c.authError(noWay, "")
}

// private reports whether nobody on the network can read what is sent.
func (c *Conn) private() bool {
	if c.cfg.Security != Plain {
		return true
	}
	tcp, ok := c.sock.RemoteAddr().(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback() // no TCP: a pipe or socket within this computer
}

const noWay = "the server offers no way to log in that mailstow knows"

func (c *Conn) forcedMechanism(want string) (mechanism, error) {
	known := false
	for _, m := range mechanisms {
		if !strings.EqualFold(want, m.name) && !strings.EqualFold(want, m.alias) {
			continue
		}
		known = true
		switch {
		case m.token && c.cfg.Token == nil:
			return m, c.authError(m.name+" needs a token", "configure token-command: a token is fetched anew for each connection")
		case !m.token && c.cfg.Password == nil && c.cfg.Token != nil:
			return m, c.authError(m.name+" needs a password, and the account has a token", "OAUTHBEARER and XOAUTH2 take a token")
		case m.offered(c):
			return m, nil
		}
	}
	if known {
		return mechanism{}, c.authError("the server does not offer "+strings.ToUpper(want), "leave mechanism out to have the best one chosen")
	}
	names, _ := Mechanisms()
	return mechanism{}, c.authError("unknown mechanism "+want, "known are "+strings.Join(names, ", "))
}

// plain is PLAIN (RFC 4616).
type plain struct{ sasl.Client }

func newPlain(cfg Config, secret string) exchange {
	return plain{sasl.NewPlainClient("", cfg.User, secret)}
}

func (p plain) first() []byte {
	_, first, _ := p.Start() // never fails
	return first
}

func (plain) next([]byte) ([]byte, error) { return nil, errCancel }
func (plain) proven() error               { return nil }
func (plain) reason() string              { return "" }

// loginSASL is the LOGIN mechanism (draft-murchison-sasl-login). The server speaks
// first, and what it calls its two questions differs: only their order counts.
type loginSASL struct {
	answers [][]byte
}

func newLogin(cfg Config, secret string) exchange {
	return &loginSASL{answers: [][]byte{[]byte(cfg.User), []byte(secret)}}
}

func (*loginSASL) first() []byte { return nil }

func (l *loginSASL) next([]byte) ([]byte, error) {
	if len(l.answers) == 0 {
		return nil, errCancel
	}
	answer := l.answers[0]
	l.answers = l.answers[1:]
	return answer, nil
}

func (l *loginSASL) proven() error {
	if len(l.answers) > 0 {
		return &wire.ProtocolError{What: "the server logged in without asking for the password"}
	}
	return nil
}

func (*loginSASL) reason() string { return "" }
