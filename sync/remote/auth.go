package remote

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/emersion/go-sasl"

	"mailstow/sync/wire"
)

// mechanism is one way to log in. More come into mechanisms, best first; one that
// speaks SASL needs only a sasl.Client.
type mechanism struct {
	name    string
	offered func(c *Conn) bool
	sasl    func(user, secret string) sasl.Client // nil: the LOGIN command
}

var mechanisms = []mechanism{
	{
		name:    "PLAIN", // RFC 4616
		offered: func(c *Conn) bool { return c.caps["AUTH=PLAIN"] },
		sasl:    func(user, secret string) sasl.Client { return sasl.NewPlainClient("", user, secret) },
	},
	{
		name:    "LOGIN", // the command of RFC 9051 section 6.2.3
		offered: func(c *Conn) bool { return !c.caps["LOGINDISABLED"] },
	},
}

// login authenticates with one try and learns the capabilities that hold after it.
func (c *Conn) login(ctx context.Context) error {
	if c.info.Mechanism == "PREAUTH" {
		return nil
	}
	m, err := c.chooseMechanism()
	if err != nil {
		return err
	}
	secret, err := c.secret(ctx)
	if err != nil {
		return err
	}
	c.info.Mechanism = m.name
	c.leaks = func(text string) bool { return leaks(text, c.cfg.User, secret) }
	var caps []string
	cmd := loginCommand(m, c.cfg.User, secret, c.caps["SASL-IR"])
	status, err := c.wire.Do(ctx, cmd, func(resp *wire.Response) error {
		if resp.Name != "CAPABILITY" {
			return wire.ErrStray
		}
		caps = parseCaps(string(resp.Rest()))
		return nil
	})
	if err != nil {
		return redact(fail(ctx, "login", c.where(), err), c.cfg.User, secret)
	}
	if !status.OK() {
		return redact(c.loginRefused(status), c.cfg.User, secret)
	}
	return c.loggedIn(ctx, status, caps)
}

func (c *Conn) loggedIn(ctx context.Context, status wire.Status, caps []string) (err error) {
	if status.Code == "CAPABILITY" {
		caps = parseCaps(status.Arg)
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

func (c *Conn) chooseMechanism() (mechanism, error) {
	for _, m := range mechanisms {
		if c.cfg.Mechanism == "" && m.offered(c) || strings.EqualFold(c.cfg.Mechanism, m.name) {
			if !m.offered(c) {
				return m, c.authError("the server does not offer "+m.name, "")
			}
			return m, nil
		}
	}
	if c.cfg.Mechanism != "" {
		return mechanism{}, c.authError("unknown mechanism "+c.cfg.Mechanism, "PLAIN and LOGIN are known")
	}
	hint := ""
	if c.cfg.Security == Plain {
		hint = "the server wants TLS first: use imaps:// or imap://"
	}
	return mechanism{}, c.authError("the server offers no way to log in that mailstow knows", hint)
}

func (c *Conn) authError(text, hint string) error {
	return &Error{Class: Auth, Op: "login", Where: c.where(), Err: errors.New(text), Hint: hint}
}

// secret asks for the password. This is the only place that does, and everything
// that must hold of the channel has been checked before.
func (c *Conn) secret(ctx context.Context) (string, error) {
	if c.cfg.Password == nil {
		return "", c.authError("no password configured", "")
	}
	secret, err := c.cfg.Password(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return "", fail(ctx, "login", c.where(), err)
		}
		return "", &Error{Class: Auth, Op: "login", Where: c.where(), Err: err}
	}
	if strings.ContainsAny(c.cfg.User+secret, "\x00\r\n") {
		return "", c.authError("the user name or password holds a line break or NUL", "a trailing line break often comes from the password command")
	}
	return secret, nil
}

// loginCommand makes LOGIN, or AUTHENTICATE with the initial response in it where
// the server takes that (RFC 4959), else as the answer to the first challenge.
func loginCommand(m mechanism, user, secret string, ir bool) *wire.Command {
	if m.sasl == nil {
		return wire.Cmd("LOGIN").String(user).String(secret)
	}
	client := m.sasl(user, secret)
	name, first, err := client.Start()
	if err != nil {
		return wire.Cmd("AUTHENTICATE").Fail(err)
	}
	cmd := wire.Cmd("AUTHENTICATE").Raw(name)
	if ir && first != nil {
		cmd.Raw(initialResponse(first))
		first = nil
	}
	return cmd.OnContinue(func(challenge []byte) ([]byte, error) {
		if answer := first; answer != nil {
			first = nil
			return encode(answer), nil
		}
		return answerChallenge(client, challenge)
	})
}

func answerChallenge(client sasl.Client, challenge []byte) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(string(challenge))
	if err != nil {
		return []byte("*"), nil // cancels; the server's NO says so (RFC 9051 section 6.2.2)
	}
	answer, err := client.Next(raw)
	if err != nil {
		return []byte("*"), nil
	}
	return encode(answer), nil
}

func initialResponse(b []byte) string {
	if len(b) == 0 {
		return "=" // RFC 4959 section 3
	}
	return string(encode(b))
}

func encode(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) }

// loginRefused tells a wrong password from a server that cannot now (RFC 5530).
func (c *Conn) loginRefused(s wire.Status) error {
	e := refused("login", c.where(), s).(*Error)
	switch s.Code {
	case "UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "THROTTLED", "OVERQUOTA":
		e.Class = Connect
		e.Hint = "the server cannot log anybody in now: try later"
		return e
	case "PRIVACYREQUIRED":
		e.Hint = "the server wants TLS first: use imaps:// or imap://"
	case "EXPIRED":
		e.Hint = "the password has expired"
	case "REFERRAL":
	default:
		e.Hint = "check the user name and password; some providers want an app password"
	}
	e.Class = Auth
	return e
}
