package remote_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
	"mailstow/sync/wire"
)

// A connection that ends inside a literal must never look like a short message
// (failure table, row 1).
func TestCutInsideALiteral(t *testing.T) {
	for _, sent := range []string{"", "o", "on", "one"} {
		c := selected(t, func(p *peer) {
			p.command("UID FETCH")
			p.raw("* 1 FETCH (UID 1 BODY[] {3}\r\n" + sent)
		})
		var inside error
		err := c.Bodies(t.Context(), imap.UIDSetNum(1), func(_ imap.UID, _ int64, r io.Reader) error {
			_, inside = io.ReadAll(r)
			return nil // a careless caller
		})
		wantClass(t, err, remote.Connect, "uid 1: unexpected EOF")
		if sent != "one" && !errors.Is(inside, io.ErrUnexpectedEOF) {
			t.Errorf("after %q the reader said %v", sent, inside)
		}
		wantClass(t, c.Noop(t.Context()), remote.Connect, "unexpected EOF")
	}
}

// Wherever the stream ends before the tagged OK, nothing may count as complete.
func TestCutAnywhere(t *testing.T) {
	data := "* 1 FETCH (UID 1 FLAGS (a))\r\n* 2 FETCH (UID 2 FLAGS (b))\r\nM2 OK done\r\n"
	for n := range len(data) - 1 {
		c := selected(t, func(p *peer) { p.command("UID FETCH"); p.raw(data[:n]) })
		_, err := metadata(t, c, 1, 0, remote.Want{})
		wantClass(t, err, remote.Connect, "EOF")
		c.Close()
	}
}

func TestBye(t *testing.T) {
	c := selected(t, func(p *peer) {
		p.command("UID FETCH")
		p.raw("* 1 FETCH (UID 1 FLAGS ())\r\n* BYE Lost mailbox lock\r\n")
		p.r.ReadByte() // stays open: the client must not wait for its end
	})
	_, err := metadata(t, c, 1, 0, remote.Want{})
	wantClass(t, err, remote.Connect, "Lost mailbox lock")
	c = selected(t, func(p *peer) {
		p.command("NOOP")
		p.raw("* BYE [UNAVAILABLE] shutting down\r\n")
		p.r.ReadByte()
	})
	err = c.Noop(t.Context())
	wantClass(t, err, remote.Connect, "shutting down")
	if e, _ := errors.AsType[*remote.Error](err); e.Code != "UNAVAILABLE" {
		t.Errorf("code %q", e.Code)
	}
}

// withTimeout changes the silence timeout of a script.
func withTimeout(cfg remote.Config, d time.Duration) remote.Config {
	cfg.Timeout = d
	return cfg
}

// A server that takes nothing any more is given up as well.
func TestDeafServer(t *testing.T) {
	cfg := withTimeout(play(t, func(*peer) {}), short)
	cfg.Dial = func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe() // without buffers: a write waits for its reader
		t.Cleanup(func() { server.Close() })
		go server.Write([]byte(offer))
		return client, nil
	}
	_, err := remote.Dial(t.Context(), cfg)
	wantClass(t, err, remote.Connect, "no sign of life")
}

// A slow server that keeps sending is never cut off, whatever the whole takes
// (row 10): six times the timeout here.
func TestDripKeepsAlive(t *testing.T) {
	const timeout, pause = 400 * time.Millisecond, 40 * time.Millisecond
	drip := func(p *peer, s string) {
		for i := range len(s) {
			time.Sleep(pause)
			p.raw(s[i : i+1])
		}
	}
	c := dial(t, withTimeout(play(t, func(p *peer) {
		p.raw("* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n")
		tag := p.command("UID FETCH")
		drip(p, "* 1 FETCH (UID 1 BODY[] {12}\r\n")
		drip(p, "twelve bytes")
		p.raw(")\r\n" + tag + " OK\r\n")
		tag = p.command("NOOP")
		drip(p, tag+" OK very slowly done\r\n")
	}), timeout))
	start := time.Now()
	got, err := bodies(t, c, imap.UIDSetNum(1))
	if err != nil || got[1] != "twelve bytes" {
		t.Errorf("%v, %v", got, err)
	}
	if err := c.Noop(t.Context()); err != nil {
		t.Error(err)
	}
	if time.Since(start) < 6*timeout {
		t.Error("the script was too fast to prove anything")
	}
}

// A slow caller is not a silent server.
func TestSlowCaller(t *testing.T) {
	c := dial(t, withTimeout(play(t, func(p *peer) {
		p.raw("* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n")
		p.answer("UID FETCH", "* 1 FETCH (UID 1 BODY[] {3}\r\none)\r\n* 2 FETCH (UID 2 BODY[] {3}\r\ntwo)\r\n")
	}), short))
	err := c.Bodies(t.Context(), imap.UIDSetNum(1, 2), func(imap.UID, int64, io.Reader) error {
		time.Sleep(2 * short)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Input made to exhaust memory or time is refused at a limit (row 26).
func TestLimits(t *testing.T) {
	flood := func(s string) func(p *peer) {
		return func(p *peer) {
			for {
				if _, err := p.conn.Write([]byte(s)); err != nil {
					return
				}
			}
		}
	}
	for _, tc := range []struct {
		name, start string
		rest        func(p *peer)
		text        string
	}{
		{"4 GiB literal", "* 1 FETCH (UID 1 BODY[] {4294967295}\r\n", nil, "literal exceeds"},
		{"2^63 literal", "* 1 FETCH (UID 1 BODY[] {9223372036854775808}\r\n", nil, "literal exceeds"},
		{"2^64 literal", "* 1 FETCH (UID 1 BODY[] {18446744073709551616}\r\n", nil, "literal exceeds"},
		{"literal of an unknown response", "* XFOO {4294967295}\r\n", nil, "literal exceeds"},
		{"literal for a name", "* LIST () \"/\" {99999999}\r\n", nil, "string exceeds"},
		{"endless line", "* OK ", flood(strings.Repeat("x", 1<<16)), "response line exceeds"},
		{"endless SEARCH", "* SEARCH", flood(strings.Repeat(" 12345", 1<<14)), "response line exceeds"},
		{"endless line in a response", "* 1 FETCH (UID 1 BODY[] {1}\r\nx", flood(strings.Repeat(" ", 1<<16)), "response line exceeds"},
		{"endless nonsense", "", flood("what\r\n"), "no IMAP"},
		{"endless news", "", flood(strings.Repeat("* 1 EXISTS\r\n", 1<<12)), "unwanted responses"},
		{"endless repetition", "", flood("* 1 FETCH (UID 1 BODY[] {8388608}\r\n" + strings.Repeat("x", 8<<20) + ")\r\n"), "unwanted data"},
		{"endless repetition of nothing", "", flood(strings.Repeat("* 1 FETCH (UID 1 BODY[] {0}\r\n)\r\n", 1<<12)), "unwanted responses"},
		{"endless bodies of nothing", "", flood(strings.Repeat("* 1 FETCH (UID 8 BODY[] {0}\r\n)\r\n", 1<<12)), "unwanted responses"},
		{"endless response", "* XFOO ", flood(strings.Repeat("{0}\r\n", 1<<12)), "literals in a response"},
		{"endless flags", "* 1 FETCH (UID 1 FLAGS (", flood(strings.Repeat("{1}\r\na ", 1<<12)), "literals in a response"},
		{"endless attributes", "* LIST (", flood("{60000}\r\n" + strings.Repeat("x", 60000) + " "), "strings in a response"},
		{"endless bodies not asked for", "", flood("* 1 FETCH (UID 9 BODY[] {8388608}\r\n" + strings.Repeat("x", 8<<20) + ")\r\n"), "unwanted data"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if testing.Short() && strings.HasSuffix(tc.name, "of nothing") {
				t.Skip("four million responses")
			}
			c := selected(t, func(p *peer) {
				p.command("")
				p.raw(tc.start)
				if tc.rest != nil {
					tc.rest(p)
				}
				io.Copy(io.Discard, p.r)
			})
			var err error
			if strings.Contains(tc.start, "LIST") {
				_, err = c.List(t.Context())
			} else {
				_, err = bodies(t, c, imap.UIDSetNum(1))
			}
			wantClass(t, err, remote.Protocol, tc.text)
		})
	}
}

func TestMaxMessage(t *testing.T) {
	cfg := play(t, func(p *peer) {
		p.raw("* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n")
		p.answer("UID FETCH", "* 1 FETCH (UID 1 BODY[] {10}\r\n0123456789)\r\n")
		p.answer("UID FETCH", "* 2 FETCH (UID 2 BODY[] {11}\r\n0123456789a)\r\n")
	})
	cfg.MaxMessage = 10
	c := dial(t, cfg)
	if got, err := bodies(t, c, imap.UIDSetNum(1)); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
	_, err := bodies(t, c, imap.UIDSetNum(2))
	wantClass(t, err, remote.Protocol, "uid 2: literal exceeds the limit of 10")
	if e, _ := errors.AsType[*remote.Error](err); e.UID != 2 || !strings.Contains(e.Hint, "max-message") {
		t.Errorf("uid %d, hint %q", e.UID, e.Hint)
	}
}

// A context that has ended already costs nothing.
func TestEndedContextSendsNothing(t *testing.T) {
	c := selected(t, func(p *peer) { p.answer("NOOP", "") })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantClass(t, c.Metadata(ctx, 1, 0, remote.Want{}, nil), remote.Canceled, "context canceled")
	if err := c.Noop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCloseFromElsewhere(t *testing.T) {
	ready := make(chan *remote.Conn, 1)
	c := selected(t, func(p *peer) {
		p.command("UID FETCH")
		(<-ready).Close()
		io.Copy(io.Discard, p.r)
	})
	ready <- c
	_, err := metadata(t, c, 1, 0, remote.Want{})
	wantClass(t, err, remote.Connect, "closed")
}

func TestDialErrors(t *testing.T) {
	cfg := play(t, nil)
	cfg.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("cable pulled") }
	_, err := remote.Dial(t.Context(), cfg)
	wantClass(t, err, remote.Connect, `connect "imap.example.org:143": cable pulled`)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Dial, cfg.Host, cfg.Port = nil, "127.0.0.1", ln.Addr().(*net.TCPAddr).Port
	ln.Close()
	_, err = remote.Dial(t.Context(), cfg)
	wantClass(t, err, remote.Connect, "refused")
	if e, _ := errors.AsType[*remote.Error](err); e.Hint == "" {
		t.Error("no hint")
	}
	for class, e := range map[remote.Class]error{
		remote.Other: io.EOF, remote.Canceled: fmt.Errorf("x: %w", context.DeadlineExceeded),
		remote.Refused: fmt.Errorf("x: %w", &remote.Error{Class: remote.Refused, Err: wire.ErrStray}),
	} {
		if got := remote.ClassOf(e); got != class {
			t.Errorf("class of %v is %v", e, got)
		}
	}
}

// ALERTs reach the user once, raw.
func TestAlert(t *testing.T) {
	var notices []string
	cfg := play(t, func(p *peer) {
		p.raw("* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n")
		p.answer("NOOP", "* OK [ALERT] mailbox \x1b[31mfull\r\n* NO [alert] mailbox \x1b[31mfull\r\n")
		p.answer("UID FETCH", "* OK [ALERT] mailbox \x1b[31mfull\r\n* OK [ALERT] other\r\n")
	})
	cfg.Notice = func(text string) { notices = append(notices, text) }
	c := dial(t, cfg)
	if err := c.Noop(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := metadata(t, c, 1, 0, remote.Want{}); err != nil {
		t.Error(err)
	}
	if got := strings.Join(notices, "|"); got != "server alert: mailbox \x1b[31mfull|server alert: other" {
		t.Errorf("%q", got)
	}
}
