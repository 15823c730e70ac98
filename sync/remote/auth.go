package remote

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mailstow/sync/wire"
)

// login authenticates with one try and learns the capabilities that hold after it.
func (c *Conn) login(ctx context.Context) error {
	if c.info.Mechanism == "PREAUTH" {
		return nil
	}
	m, err := c.chooseMechanism()
	if err != nil {
		return err
	}
	secret, err := c.secret(ctx, m)
	if err != nil {
		return err
	}
	c.info.Mechanism = m.name
	a := newAttempt(c, m, secret)
	c.leaks = a.veil.leaks
	c.wire.Hide(a.veil.forms)
	caps, err := a.run(ctx)
	if err != nil {
		return a.veil.redact(err)
	}
	if caps == nil {
		if caps, err = c.askCaps(ctx); err != nil {
			return err
		}
	}
	c.setCaps(caps)
	c.info.CapsAfter = caps
	return nil
}

// attempt is the one try to log in on a connection.
type attempt struct {
	c     *Conn
	m     mechanism
	sasl  exchange // nil: the LOGIN command
	cmd   *wire.Command
	veil  *veil
	whole bool // the client's part is in the command
	over  bool // the exchange was cancelled: the server's NO is due
}

// newAttempt makes LOGIN, or AUTHENTICATE with the initial response in it where
// the server takes that (RFC 4959), else as the answer to the first challenge.
func newAttempt(c *Conn, m mechanism, secret string) *attempt {
	a := &attempt{c: c, m: m, veil: newVeil(c.cfg.User, secret)}
	if m.sasl == nil {
		a.cmd = wire.Cmd("LOGIN").String(c.cfg.User).String(secret)
		return a
	}
	a.sasl = m.sasl(c.cfg, secret)
	a.cmd = wire.Cmd("AUTHENTICATE").Raw(m.name)
	first := a.sasl.first()
	a.veil.add(first)
	if ir := initialResponse(first); first != nil && c.caps["SASL-IR"] && len(ir) <= maxInitial {
		a.cmd.Raw(ir)
		first, a.whole = nil, true
	}
	a.cmd.OnContinue(func(challenge []byte) ([]byte, error) {
		if answer := first; answer != nil {
			first = nil
			return encode(answer), nil
		}
		return a.answer(challenge)
	})
	return a
}

// maxInitial is the longest initial response sent within the command line:
// servers limit lines, and 8192 octets is what clients may count on (RFC 9051
// section 4); a response of its own may be longer.
const maxInitial = 8000

// run sends the command and returns the capabilities that came with its answer.
func (a *attempt) run(ctx context.Context) (caps []string, err error) {
	var status wire.Status
	cmds := append([]*wire.Command{a.cmd}, a.ahead()...)
	err = a.c.wire.Pipeline(ctx, slices.Values(cmds), func(resp *wire.Response) error {
		if resp.Name == "CAPABILITY" {
			caps = parseCaps(string(resp.Rest()))
			return nil
		}
		return a.c.ahead.take(resp)
	}, func(cmd *wire.Command, s wire.Status) error {
		if cmd == a.cmd {
			status = s
		}
		a.c.ahead.note(cmd == a.cmd, s)
		return nil
	})
	if err != nil && (status.Type == "" || status.OK()) {
		return nil, fail(ctx, "login", a.c.where(), err)
	}
	if !status.OK() { // a server may hang up at once after that
		return nil, a.refused(status)
	}
	if a.sasl != nil {
		if err := a.sasl.proven(); err != nil {
			_ = a.c.wire.Close()
			return nil, fail(ctx, "login", a.c.where(), err)
		}
	}
	if status.Code == "CAPABILITY" {
		caps = parseCaps(status.Arg)
	}
	return caps, nil
}

// answer answers one challenge.
func (a *attempt) answer(challenge []byte) ([]byte, error) {
	if a.over {
		return nil, &wire.ProtocolError{What: "the server goes on with a login that was cancelled"}
	}
	raw, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(challenge)))
	if err != nil {
		err = errCancel
	}
	var answer []byte
	if err == nil {
		answer, err = a.sasl.next(raw)
	}
	if errors.Is(err, errCancel) {
		a.over = true
		return []byte("*"), nil // the server's NO says so (RFC 9051 section 6.2.2)
	}
	a.veil.add(answer)
	return encode(answer), err
}

func initialResponse(b []byte) string {
	if len(b) == 0 {
		return "=" // RFC 4959 section 3
	}
	return string(encode(b))
}

func encode(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) }

// secret asks for the password or token. This is the only place that does, and
// everything that must hold of the channel has been checked before.
func (c *Conn) secret(ctx context.Context, m mechanism) (string, error) {
	ask, what := c.cfg.Password, "password"
	if m.token {
		ask, what = c.cfg.Token, "token"
	}
	if ask == nil {
		return "", c.authError("no "+what+" configured", "")
	}
	secret, err := ask(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return "", fail(ctx, "login", c.where(), err)
		}
		return "", &Error{Class: Auth, Op: "login", Where: c.where(), Err: err}
	}
	if strings.ContainsAny(c.cfg.User+secret, "\x00\r\n") {
		return "", c.authError("the user name or "+what+" holds a line break or NUL", "a trailing line break often comes from the "+what+" command")
	}
	if m.token && (strings.Contains(c.cfg.User, "\x01") || strings.ContainsFunc(secret, notInToken)) {
		return "", c.authError("this is no access token: it holds a blank or another character that none has", "see what the token command prints")
	}
	return secret, nil
}

// notInToken: RFC 6750 section 2.1 allows less still; ^A would end the field.
func notInToken(r rune) bool { return r <= ' ' || r > '~' }

func (c *Conn) authError(text, hint string) error {
	return &Error{Class: Auth, Op: "login", Where: c.where(), Err: errors.New(text), Hint: hint}
}

// refused tells a wrong password from a server that cannot now (RFC 5530).
func (a *attempt) refused(s wire.Status) error {
	e := refused("login", a.c.where(), s).(*Error)
	if a.sasl != nil && a.sasl.reason() != "" {
		e.Err = fmt.Errorf("%w: %s", e.Err, wire.OneLine([]byte(a.sasl.reason())))
	}
	if e.Class == Connect {
		return e
	}
	switch s.Code {
	case "UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "THROTTLED", "OVERQUOTA":
		e.Class = Connect
		e.Hint = "the server cannot log anybody in now: try later"
		return e
	case "PRIVACYREQUIRED":
		e.Hint = "the server wants TLS first: use imaps:// or imap://"
	case "EXPIRED":
		e.Hint = "the password has expired"
		if a.m.token {
			e.Hint = tokenHint
		}
	case "REFERRAL":
	default:
		e.Hint = a.m.hint
	}
	e.Class = Auth
	return e
}
