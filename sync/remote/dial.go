package remote

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"mailstow/sync/wire"
)

// Dial connects, secures the channel, logs in and learns what the server offers.
// Credentials leave only after every check of the channel has passed.
func Dial(ctx context.Context, cfg Config) (*Conn, error) {
	cfg = cfg.withDefaults()
	c, err := dial(ctx, cfg)
	if err != nil && ctx.Err() == nil && c.swallowed(err) {
		c.notice("the server took no notice of what was sent behind the login; logging in again")
		cfg.ListAhead = false
		c, err = dial(ctx, cfg)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// dial is one try. On an error the Conn, where there is one, is closed.
func dial(ctx context.Context, cfg Config) (*Conn, error) {
	c, err := openAny(ctx, cfg)
	if err == nil {
		err = c.login(ctx)
		if err == nil {
			err = c.attachClient(ctx)
		}
		if err != nil {
			_ = c.Close()
		}
	}
	return c, err
}

// openAny opens a connection with ALPN, and without for the servers that refuse
// it. On an error the Conn, where there is one, is closed and only tells how far
// it came.
func openAny(ctx context.Context, cfg Config) (*Conn, error) {
	c, err := open(ctx, cfg, true)
	if alpnRefused(err) {
		c, err = open(ctx, cfg, false)
	}
	return c, err
}

// open goes as far as a channel on which credentials may be sent.
func open(ctx context.Context, cfg Config, alpn bool) (*Conn, error) {
	c := &Conn{cfg: cfg, info: Info{Host: cfg.Host, Port: cfg.Port}}
	err := c.step("connect", func() error {
		nc, err := dialTCP(ctx, cfg)
		if err != nil {
			return connectError(fail(ctx, "connect", cfg.addr(), err))
		}
		c.sock = wire.NewSocket(nc, cfg.Timeout)
		return nil
	})
	if err != nil {
		return c, err
	}
	c.wire = wire.New(c.sock, wire.Options{MaxLiteral: cfg.MaxMessage, Alert: c.alert, Repaired: c.notice, Trace: cfg.Trace})
	c.wire.Note("connected to %s", cfg.addr())
	if err := c.secure(ctx, alpn); err != nil {
		_ = c.Close()
		return c, err
	}
	return c, nil
}

// step times one part of the way to a connection, for Probe.
func (c *Conn) step(name string, f func() error) error {
	start := time.Now()
	err := f()
	c.steps = append(c.steps, newStep(name, c.where(), start, err))
	return err
}

// dialTCP connects, whoever dials, within the time that any other silence may take.
func dialTCP(ctx context.Context, cfg Config) (net.Conn, error) {
	dial := cfg.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	limited, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	nc, err := dial(limited, "tcp", cfg.addr())
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = &wire.SilenceError{After: cfg.Timeout}
	}
	return nc, err
}

func (c *Conn) alert(text string) { c.notice("server alert: " + text) }

// notice passes on what the user should hear, which may quote the server.
func (c *Conn) notice(text string) {
	if c.leaks != nil && c.leaks(text) {
		text = errEchoed.Error()
	}
	c.cfg.Notice(text)
}

// secure reads the greeting and sets up TLS, in the order the user asked for.
func (c *Conn) secure(ctx context.Context, alpn bool) error {
	if c.cfg.Security == ImplicitTLS {
		if err := c.step("tls", func() error { return c.upgrade(ctx, alpn) }); err != nil {
			return err
		}
	}
	if err := c.step("greeting", func() error { return c.greet(ctx) }); err != nil {
		return err
	}
	if c.cfg.Security == StartTLS {
		return c.step("starttls", func() error { return c.startTLS(ctx, alpn) })
	}
	return nil
}

// greet reads the greeting and learns the capabilities.
func (c *Conn) greet(ctx context.Context) error {
	greeting, err := c.wire.Greeting(ctx)
	if err != nil {
		return greetingError(fail(ctx, "greeting", c.where(), err), c.cfg.Security)
	}
	c.info.Greeting = greeting.Text
	preauth := greeting.Type == "PREAUTH"
	if preauth && c.cfg.Security == StartTLS {
		// An attack or a mistake: TLS could not be asked for any more (CVE-2020-14093).
		return &Error{Class: TLS, Op: "starttls", Where: c.where(),
			Err: errors.New("the server greeted with PREAUTH, which leaves no way to start TLS")}
	}
	var caps []string
	if greeting.Code == "CAPABILITY" {
		caps = parseCaps(greeting.Arg)
	} else if caps, err = c.askCaps(ctx); err != nil {
		return err
	}
	c.setCaps(caps)
	c.info.CapsBefore = caps
	if preauth {
		c.info.Mechanism, c.info.CapsAfter = "PREAUTH", caps
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

// attachClient starts imapclient on an authenticated session.
func (c *Conn) attachClient(ctx context.Context) error {
	c.client = imapclient.New(c.wire.Client(c.info.CapsAfter), nil)
	if err := c.client.WaitGreeting(); err != nil {
		return fail(ctx, "connect", c.where(), err)
	}
	return c.compress(ctx)
}

func connectError(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Class != Connect {
		return err
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		e.Hint = "check the host name"
	} else if errors.Is(err, syscall.ECONNREFUSED) {
		e.Hint = "nothing listens there: check host and port"
	}
	return e
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
			if e.RetryAfter > 0 {
				e.Hint = laterHint(e.RetryAfter)
			}
		}
	}
	return err
}
