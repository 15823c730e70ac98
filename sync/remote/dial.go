package remote

import (
	"context"
	"errors"
	"net"

	"github.com/emersion/go-imap/v2/imapclient"

	"mailstow/sync/wire"
)

// Dial connects, secures the channel, logs in and learns what the server offers.
// Credentials leave only after every check of the channel has passed.
func Dial(ctx context.Context, cfg Config) (*Conn, error) {
	cfg = cfg.withDefaults()
	c, err := open(ctx, cfg, true)
	if alpnRefused(err) {
		c, err = open(ctx, cfg, false)
	}
	if err != nil {
		return nil, err
	}
	if err := c.login(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	if err := c.attachClient(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// open goes as far as a channel on which credentials may be sent.
func open(ctx context.Context, cfg Config, alpn bool) (*Conn, error) {
	nc, err := dialTCP(ctx, cfg)
	if err != nil {
		return nil, fail(ctx, "connect", cfg.addr(), err)
	}
	sock := wire.NewSocket(nc, cfg.Timeout)
	c := &Conn{cfg: cfg, sock: sock, info: Info{Host: cfg.Host, Port: cfg.Port}}
	c.wire = wire.New(sock, wire.Options{MaxLiteral: cfg.MaxMessage, Alert: c.alert, Repaired: cfg.Notice})
	if err := c.secure(ctx, alpn); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

func dialTCP(ctx context.Context, cfg Config) (net.Conn, error) {
	if cfg.Dial != nil {
		return cfg.Dial(ctx, "tcp", cfg.addr())
	}
	d := net.Dialer{Timeout: cfg.Timeout}
	return d.DialContext(ctx, "tcp", cfg.addr())
}

func (c *Conn) alert(text string) {
	if c.leaks != nil && c.leaks(text) {
		text = errEchoed.Error()
	}
	c.cfg.Notice("server alert: " + text)
}

// secure reads the greeting and sets up TLS, in the order the user asked for.
func (c *Conn) secure(ctx context.Context, alpn bool) error {
	if c.cfg.Security == ImplicitTLS {
		if err := c.upgrade(ctx, alpn); err != nil {
			return err
		}
	}
	greeting, err := c.wire.Greeting(ctx)
	if err != nil {
		return greetingError(fail(ctx, "greeting", c.where(), err), c.cfg.Security)
	}
	c.info.Greeting = greeting.Text
	var caps []string
	if greeting.Code == "CAPABILITY" {
		caps = parseCaps(greeting.Arg)
	}
	if greeting.Type == "PREAUTH" {
		return c.preauth(ctx, caps)
	}
	if caps == nil {
		if caps, err = c.askCaps(ctx); err != nil {
			return err
		}
	}
	c.setCaps(caps)
	c.info.CapsBefore = caps
	if c.cfg.Security == StartTLS {
		return c.startTLS(ctx, alpn)
	}
	return nil
}

func (c *Conn) upgrade(ctx context.Context, alpn bool) error {
	t, err := tlsConfig(c.cfg, alpn)
	if err != nil {
		return &Error{Class: TLS, Op: "tls", Where: c.where(), Err: err}
	}
	info := &TLSInfo{}
	if err := c.wire.Upgrade(handshake(ctx, t, info)); err != nil {
		return fail(ctx, "tls", c.where(), err)
	}
	c.info.TLS = info
	return nil
}

// startTLS requires what the user chose: no answer but OK goes on.
func (c *Conn) startTLS(ctx context.Context, alpn bool) error {
	if !c.caps["STARTTLS"] {
		return &Error{Class: TLS, Op: "starttls", Where: c.where(),
			Err:  errors.New("the server does not offer STARTTLS"),
			Hint: "use imaps:// if it speaks TLS on port 993; in clear only with imap+insecure://"}
	}
	status, err := c.wire.Do(ctx, wire.Cmd("STARTTLS"), func(*wire.Response) error { return wire.ErrStray })
	if err != nil {
		return fail(ctx, "starttls", c.where(), err)
	}
	if !status.OK() {
		e := refused("starttls", c.where(), status).(*Error)
		e.Class = TLS
		return e
	}
	if err := c.upgrade(ctx, alpn); err != nil {
		return err
	}
	// What was said in clear counts for nothing (RFC 9051 section 6.2.1).
	caps, err := c.askCaps(ctx)
	if err != nil {
		return err
	}
	c.setCaps(caps)
	c.info.CapsBefore = caps
	return nil
}

// preauth: the server wants no login. Before STARTTLS that is an attack or a
// mistake, either way TLS could not be asked for any more (CVE-2020-14093).
func (c *Conn) preauth(ctx context.Context, caps []string) error {
	if c.cfg.Security == StartTLS {
		return &Error{Class: TLS, Op: "starttls", Where: c.where(),
			Err: errors.New("the server greeted with PREAUTH, which leaves no way to start TLS")}
	}
	c.info.Mechanism = "PREAUTH"
	if caps == nil {
		var err error
		if caps, err = c.askCaps(ctx); err != nil {
			return err
		}
	}
	c.setCaps(caps)
	c.info.CapsAfter = caps
	return nil
}

// attachClient starts imapclient on an authenticated session.
func (c *Conn) attachClient(ctx context.Context) error {
	c.client = imapclient.New(c.wire.Client(c.info.CapsAfter), nil)
	return fail(ctx, "connect", c.where(), c.client.WaitGreeting())
}

func greetingError(err error, s Security) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Hint == "" && e.Class != Canceled {
		switch s {
		case ImplicitTLS:
			e.Hint = "check that this is an IMAP port (993)"
		default:
			e.Hint = "check that this is an IMAP port (143); port 993 needs imaps://"
		}
		if _, bye := errors.AsType[*wire.ByeError](err); bye {
			e.Hint = "the server takes no connection now: try later"
		}
	}
	return err
}
