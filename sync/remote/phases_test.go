package remote_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/klauspost/compress/flate"

	"mailstow/sync/remote"
	"mailstow/sync/testkit/testcert"
)

// phase is a moment in the life of a connection at which the client waits for the
// server. Whatever happens then (fates, below) has to end the call at once, with a
// class that says what to do, and leave nothing running.
type phase struct {
	name   string
	set    func(cfg *remote.Config) // on top of what play makes
	script func(p *peer)            // up to the moment
	use    func(ctx context.Context, c *remote.Conn) error
	// lines: what the server says now is read as a response. It is not in the
	// middle of a literal, a line, a compressed stream or a handshake.
	lines bool
	// again: a connection that just falls silent or ends is tried once more.
	again bool
}

const welcomed = "* PREAUTH [CAPABILITY IMAP4rev1 ESEARCH NAMESPACE] hi\r\n"

// after is a script that greets and waits for a command.
func after(command string, then ...string) func(p *peer) {
	return func(p *peer) {
		p.raw(welcomed)
		p.command(command)
		p.raw(strings.Join(then, ""))
	}
}

// opened is one that opens a mailbox first.
func opened(command string, then ...string) func(p *peer) {
	return func(p *peer) {
		p.raw(welcomed)
		p.answer("EXAMINE", opening(9, 100, 30))
		p.command(command)
		p.raw(strings.Join(then, ""))
	}
}

// in opens the mailbox, then does something in it.
func in(do func(ctx context.Context, c *remote.Conn) error) func(ctx context.Context, c *remote.Conn) error {
	return func(ctx context.Context, c *remote.Conn) error {
		if _, err := c.Examine(ctx, "box"); err != nil {
			return err
		}
		return do(ctx, c)
	}
}

func list(ctx context.Context, c *remote.Conn) error { _, err := c.List(ctx); return err }

func fetchBodies(ctx context.Context, c *remote.Conn) error {
	return c.Bodies(ctx, imap.UIDSet{{Start: 1, Stop: 3}}, func(_ imap.UID, _ int64, r io.Reader) error {
		_, err := io.Copy(io.Discard, r)
		return err
	})
}

func fetchSets(ctx context.Context, c *remote.Conn) error {
	return c.BodySets(ctx, []remote.BodySet{{UIDs: imap.UIDSetNum(1)}, {UIDs: imap.UIDSetNum(2)}, {UIDs: imap.UIDSetNum(3)}}, func(_ int, _ imap.UID, _ int64, r io.Reader) error {
		_, err := io.Copy(io.Discard, r)
		return err
	}, func(_ int, err error) error { return err })
}

func fetchMetadata(ctx context.Context, c *remote.Conn) error {
	return c.Metadata(ctx, 1, 0, remote.Want{Date: true}, func(remote.Meta) error { return nil })
}

func findChanges(ctx context.Context, c *remote.Conn) error {
	_, _, err := c.ExamineChanged(ctx, "box", held, remote.Want{}, func(remote.Meta) error { return nil })
	return err
}

func examineBoth(ctx context.Context, c *remote.Conn) error {
	visit := func(raw string) remote.Visit {
		return remote.Visit{Raw: raw, Fn: func(remote.Meta) error { return nil },
			Done: func(remote.Selected, remote.Changes, error) error { return nil }}
	}
	return examineAll(ctx, c, slices.Values([]remote.Visit{visit("a"), visit("b")}))
}

func fetchBoth(ctx context.Context, c *remote.Conn) error {
	visit := func(raw string) *remote.BodyVisit {
		return &remote.BodyVisit{Raw: raw, UIDValidity: 7, Sets: slices.Values([]remote.BodySet{{UIDs: imap.UIDSetNum(1)}}),
			Fn: func(_ int, _ imap.UID, _ int64, r io.Reader) error {
				_, err := io.Copy(io.Discard, r)
				return err
			},
			Answered: func(int, error) error { return nil }, Done: func(error) error { return nil }}
	}
	return c.BodiesAll(ctx, slices.Values([]*remote.BodyVisit{visit("a"), visit("b")}))
}

// phases in the order of a connection's life.
func phases(t *testing.T) []phase {
	cert := testcert.New(t, t.TempDir())
	startTLS := func(cfg *remote.Config) {
		cfg.Security, cfg.Host, cfg.CAFile = remote.StartTLS, "localhost", cert.CertFile
	}
	implicit := func(cfg *remote.Config) {
		startTLS(cfg)
		cfg.Security = remote.ImplicitTLS
	}
	secured := func(p *peer) {
		p.conn = tls.Server(p.conn, &tls.Config{Certificates: []tls.Certificate{cert.TLS}})
		p.r = bufio.NewReader(p.conn)
	}
	compress := func(cfg *remote.Config) { cfg.Compress = remote.CompressOn }
	password := func(secret string) func(*remote.Config) {
		return func(cfg *remote.Config) {
			cfg.Password = func(context.Context) (string, error) { return secret, nil }
		}
	}
	return []phase{
		{"TLS handshake", implicit, func(p *peer) { p.r.ReadByte() }, nil, false, false},
		{"greeting", nil, func(*peer) {}, nil, true, false},
		{"half a greeting", nil, func(p *peer) { p.raw("* OK wel") }, nil, false, false},
		{"greeting under TLS", implicit, func(p *peer) { secured(p); p.conn.(*tls.Conn).Handshake() }, nil, true, false},
		{"capabilities", nil, func(p *peer) { p.raw("* OK hi\r\n"); p.command("CAPABILITY") }, nil, true, false},
		{"STARTTLS", startTLS, func(p *peer) { p.raw("* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n"); p.command("STARTTLS") }, nil, true, false},
		{"handshake after STARTTLS", startTLS, func(p *peer) {
			p.raw("* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n")
			p.send("%s OK go\r\n", p.command("STARTTLS"))
			p.r.ReadByte()
		}, nil, false, false},
		{"capabilities after STARTTLS", startTLS, func(p *peer) {
			p.raw("* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n")
			p.send("%s OK go\r\n", p.command("STARTTLS"))
			secured(p)
			p.command("CAPABILITY")
		}, nil, true, false},
		{"login", nil, func(p *peer) { p.raw(offer); p.command("AUTHENTICATE PLAIN") }, nil, true, false},
		{"challenge", nil, func(p *peer) {
			p.raw("* OK [CAPABILITY IMAP4rev1 AUTH=LOGIN] hi\r\n")
			p.command("AUTHENTICATE LOGIN")
			p.raw("+ VXNlcm5hbWU6\r\n")
			p.r.ReadString('\n')
		}, nil, true, false},
		{"leave for a literal", password("geheimß"), func(p *peer) { p.raw("* OK [CAPABILITY IMAP4rev1] hi\r\n"); p.command("LOGIN") }, nil, true, false},
		{"capabilities after login", nil, func(p *peer) {
			p.raw(offer)
			p.send("%s OK in\r\n", p.command("AUTHENTICATE PLAIN"))
			p.command("CAPABILITY")
		}, nil, true, false},
		{"compression", compress, func(p *peer) {
			p.raw("* PREAUTH [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] hi\r\n")
			p.command("COMPRESS DEFLATE")
		}, nil, true, false},
		{"list", nil, after("LIST"), list, true, false},
		{"amid the list", nil, after("LIST", "* LIST () \"/\" a\r\n* LIST () \"/\" {5}\r\nab"), list, false, false},
		{"status", nil, func(p *peer) {
			p.raw(welcomed)
			l, s := p.command("LIST"), p.command("LSUB")
			p.send("* LIST () \"/\" a\r\n%s OK\r\n%s OK\r\n", l, s)
			p.command("STATUS")
		}, list, true, false},
		{"namespace", nil, after("NAMESPACE"), func(ctx context.Context, c *remote.Conn) error { _, err := c.Namespaces(ctx); return err }, true, false},
		{"examine", nil, after("EXAMINE", "* 9 EXISTS\r\n"), in(fetchMetadata), true, false},
		{"news", nil, after("EXAMINE", opening(8, 10, 30)), findChanges, true, false},
		{"metadata", nil, opened("UID FETCH", "* 1 FETCH (UID 1 FLAGS ())\r\n"), in(fetchMetadata), true, false},
		{"amid metadata", nil, opened("UID FETCH", "* 1 FETCH (UID 1 FLAGS ("), in(fetchMetadata), false, false},
		{"search", nil, opened("UID SEARCH"), in(func(ctx context.Context, c *remote.Conn) error { _, err := c.UIDs(ctx, 1, 0); return err }), true, false},
		{"amid an answer to the client", nil, opened("UID SEARCH", "* ESEARCH (TAG \"T1\") UID"), in(func(ctx context.Context, c *remote.Conn) error { _, err := c.UIDs(ctx, 1, 0); return err }), false, false},
		{"headers", nil, opened("UID FETCH"), in(func(ctx context.Context, c *remote.Conn) error {
			return c.Headers(ctx, imap.UIDSetNum(1), func(imap.UID, []byte) error { return nil })
		}), true, false},
		{"body", nil, opened("UID FETCH"), in(fetchBodies), true, false},
		{"amid a body", nil, opened("UID FETCH", "* 1 FETCH (UID 1 BODY[] {9}\r\nabc"), in(fetchBodies), false, false},
		{"behind a body", nil, opened("UID FETCH", "* 1 FETCH (UID 1 BODY[] {3}\r\nabc"), in(fetchBodies), false, false},
		{"amid a body nobody asked for", nil, opened("UID FETCH", "* 7 FETCH (UID 7 BODY[] {9}\r\nabc"), in(fetchBodies), false, false},
		{"amid a body under TLS", implicit, func(p *peer) {
			secured(p)
			p.raw(welcomed)
			p.answer("EXAMINE", opening(9, 100, 30))
			p.command("UID FETCH")
			p.raw("* 1 FETCH (UID 1 BODY[] {9}\r\nabc")
		}, in(fetchBodies), false, false},
		{"amid a compressed body", compress, func(p *peer) {
			p.raw("* PREAUTH [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] hi\r\n")
			p.send("%s OK go\r\n", p.command("COMPRESS DEFLATE"))
			p.r = bufio.NewReader(flate.NewReader(p.r))
			z, _ := flate.NewWriter(p.conn, 6)
			p.command("UID FETCH")
			io.WriteString(z, "* 1 FETCH (UID 1 BODY[] {9}\r\nabc")
			z.Flush()
		}, fetchBodies, false, false},
		{"amid a piece", nil, opened("UID FETCH", "* 1 FETCH (UID 1 BODY[]<0> {9}\r\nabc"), in(operations["pieces"]), false, false},
		{"a piece", nil, opened("UID FETCH"), in(operations["pieces"]), true, false},
		{"between bodies", nil, opened("UID FETCH", "* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n"), in(fetchBodies), true, false},
		{"several requests in flight", nil, func(p *peer) {
			opened("UID FETCH 1 ")(p)
			p.command("UID FETCH 2 ")
			p.raw("* 2 FETCH (UID 2 BODY[] {3}\r\nabc)\r\n")
		}, in(fetchSets), true, false},
		{"list behind the login", func(cfg *remote.Config) { cfg.ListAhead = true }, func(p *peer) {
			p.raw("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] Dovecot ready.\r\n")
			tag := p.command("AUTHENTICATE PLAIN")
			p.command("LIST")
			p.send("%s OK [CAPABILITY IMAP4rev1] in\r\n* LIST () \"/\" a\r\n", tag)
		}, list, true, true},
		{"a tour", nil, func(p *peer) {
			p.raw(welcomed)
			first, _, _ := p.command("EXAMINE \"a\""), p.command("UID FETCH"), p.command("EXAMINE \"b\"")
			p.send("%s%s OK\r\n", opening(9, 100, 30), first)
		}, examineBoth, true, false},
		{"amid the bodies of a tour", nil, func(p *peer) {
			p.raw(welcomed)
			first, fetch, second, _ := p.command("EXAMINE \"a\""), p.command("UID FETCH 1"), p.command("EXAMINE \"b\""), p.command("UID FETCH 1")
			p.send("%s%s OK\r\n* 1 FETCH (UID 1 BODY[] {3}\r\none)\r\n%s OK\r\n", opening(9, 100, 30), first, fetch)
			p.send("%s%s OK\r\n* 1 FETCH (UID 1 BODY[] {3}\r\nt", opening(9, 100, 30), second)
		}, fetchBoth, false, false},
		{"leave to append", nil, after("APPEND"), operations["append"], true, false},
		{"appended", nil, func(p *peer) {
			p.raw("* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] hi\r\n")
			p.command("APPEND")
		}, operations["append"], true, false},
		{"opening for changes", nil, after("SELECT", opening(9, 100, 30)), operations["edit"], true, false},
		{"changes", nil, func(p *peer) {
			p.raw(welcomed)
			p.answer("SELECT", opening(9, 100, 30))
			p.command("UID STORE")
		}, operations["edit"], true, false},
		{"create", nil, after("CREATE"), operations["create"], true, false},
		{"noop", nil, after("NOOP"), func(ctx context.Context, c *remote.Conn) error { return c.Noop(ctx) }, true, false},
	}
}

// fate is what happens at the moment.
type fate struct {
	name  string
	lines bool // makes sense where responses are read, nowhere else
	set   func(cfg *remote.Config)
	seal  func(p *peer, cancel func()) // in the place of the server; the connection ends behind it
	class remote.Class
	text  string
}

// stay keeps the connection open until the client goes.
func stay(p *peer) { io.Copy(io.Discard, p.r) }

// raw is the connection below TLS.
func (p *peer) below() net.Conn {
	if c, ok := p.conn.(*tls.Conn); ok {
		return c.NetConn()
	}
	return p.conn
}

var fates = []fate{
	// No silence would end it in the place of the cancellation.
	{"cancelled", false, func(cfg *remote.Config) { cfg.Timeout = time.Hour }, func(p *peer, cancel func()) { cancel(); stay(p) }, remote.Canceled, "context canceled"},
	{"silence", false, func(cfg *remote.Config) { cfg.Timeout = short }, func(p *peer, _ func()) { stay(p) }, remote.Connect, "no sign of life for 60ms"},
	{"cut", false, nil, func(p *peer, _ func()) { p.below().Close() }, remote.Connect, "EOF"},
	{"reset", false, nil, func(p *peer, _ func()) { p.below().(*net.TCPConn).SetLinger(0); p.below().Close() }, remote.Connect, ""},
	{"goodbye", true, nil, func(p *peer, _ func()) { p.raw("* BYE [UNAVAILABLE] going down\r\n"); stay(p) }, remote.Connect, "going down"},
	{"referral", true, nil, func(p *peer, _ func()) { p.raw("* BYE [REFERRAL imap://joe@evil.example/] not here\r\n"); stay(p) }, remote.Connect, "not here"},
	{"endless line", true, nil, func(p *peer, _ func()) { flood(p, "* OK "+strings.Repeat("x", 1<<16)) }, remote.Protocol, "response line exceeds"},
	{"nonsense", true, nil, func(p *peer, _ func()) { flood(p, "HTTP/1.1 400 what\r\n") }, remote.Protocol, "no IMAP"},
}

// flood sends a text again and again, the first time as it begins.
func flood(p *peer, text string) {
	for {
		if _, err := p.conn.Write([]byte(text)); err != nil {
			return
		}
		text = strings.TrimPrefix(text, "* OK ")
	}
}

func TestEveryPhase(t *testing.T) {
	for _, ph := range phases(t) {
		for _, f := range fates {
			if f.lines && !ph.lines || ph.again && !f.lines && f.class != remote.Canceled {
				continue
			}
			t.Run(ph.name+"/"+f.name, func(t *testing.T) { meet(t, ph, f) })
		}
	}
}

// meet brings a connection to a moment and lets fate take its course.
func meet(t *testing.T, ph phase, f fate) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cfg := play(t, func(p *peer) { ph.script(p); f.seal(p, cancel) })
	for _, set := range []func(*remote.Config){ph.set, f.set} {
		if set != nil {
			set(&cfg)
		}
	}
	c, err := remote.Dial(ctx, cfg)
	if ph.use != nil && err == nil {
		err = ph.use(ctx, c)
	}
	wantClass(t, err, f.class, f.text)
	if f.class == remote.Canceled && !errors.Is(err, context.Canceled) {
		t.Errorf("%v hides its cause", err)
	}
	if c == nil {
		return
	}
	if again := c.Noop(t.Context()); again == nil || remote.ClassOf(again) == remote.Refused {
		t.Errorf("used again: %v", again) // the first error sticks
	}
	c.Close()
}

// What the server is not at fault for: nobody listens, or nobody takes the call.
func TestConnectPhase(t *testing.T) {
	cfg := play(t, nil)
	cfg.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, fmt.Errorf("dial: %w", ctx.Err())
	}
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	_, err := remote.Dial(ctx, cfg)
	wantClass(t, err, remote.Canceled, "context canceled")
	cfg.Timeout = short
	_, err = remote.Dial(t.Context(), cfg)
	wantClass(t, err, remote.Connect, "no sign of life for 60ms")
}

// Whoever is asked for the password may be interrupted, and nothing has been sent.
func TestCancelAtThePassword(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cfg := play(t, func(p *peer) { p.raw(offer); p.wait() })
	cfg.Password = func(ctx context.Context) (string, error) {
		cancel()
		<-ctx.Done()
		return "", ctx.Err()
	}
	_, err := remote.Dial(ctx, cfg)
	wantClass(t, err, remote.Canceled, "context canceled")
}

// A server that takes nothing any more is no reason to wait, whoever gives up.
func TestCancelADeafServer(t *testing.T) {
	cfg := play(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cfg.Dial = func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe() // without buffers: a write waits for its reader
		t.Cleanup(func() { server.Close() })
		go func() {
			server.Write([]byte(offer))
			cancel()
		}()
		return client, nil
	}
	_, err := remote.Dial(ctx, cfg)
	wantClass(t, err, remote.Canceled, "context canceled")
}
