package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"mailstow/sync/testkit/testcert"
)

// says is a server that says one thing and waits for the end.
func says(text string) func(*bufio.Reader, net.Conn) {
	return func(r *bufio.Reader, w net.Conn) {
		fmt.Fprint(w, text)
		w.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, r)
	}
}

// The first response decides whether there is an IMAP server at all.
func TestGreeting(t *testing.T) {
	for said, want := range map[string]error{
		"* OK ready\r\n":               nil,
		"* PREAUTH welcome\r\n":        nil,
		"* BYE full up\r\n":            &ByeError{Status: Status{Type: "BYE", Text: "full up"}},
		"220 mail ESMTP\r\n":           &ProtocolError{},
		"* 3 EXISTS\r\n":               &ProtocolError{},
		"M1 OK early\r\n":              &ProtocolError{},
		"HTTP/1.1 400 Bad Request\r\n": &ProtocolError{},
		"":                             io.ErrUnexpectedEOF,
		"* OK rea":                     io.ErrUnexpectedEOF,
	} {
		c := talk(t, says(said))
		s, err := c.Greeting(t.Context())
		switch {
		case want == nil && (err != nil || s.Text == ""):
			t.Errorf("%q: %+v, %v", said, s, err)
		case want != nil && reflect.TypeOf(err) != reflect.TypeOf(want):
			t.Errorf("%q: %v (%T), want a %T", said, err, err, want)
		case want != nil && c.Err() == nil:
			t.Errorf("%q: the connection stands", said)
		}
	}
}

// The greeting tells how far away the server is, but for the one behind a handshake that
// the server ended.
func TestGreetingIsARoundTrip(t *testing.T) {
	cert := testcert.New(t, t.TempDir())
	for version, travels := range map[uint16]bool{0: true, tls.VersionTLS12: false, tls.VersionTLS13: true} {
		c := talk(t, func(_ *bufio.Reader, w net.Conn) {
			if version != 0 {
				w = tls.Server(w, &tls.Config{Certificates: []tls.Certificate{cert.TLS}, MaxVersion: version})
			}
			fmt.Fprint(w, "* OK hello\r\n")
		})
		if version != 0 {
			err := c.Upgrade(func(nc net.Conn) (net.Conn, error) {
				above := tls.Client(nc, &tls.Config{InsecureSkipVerify: true})
				return above, above.HandshakeContext(t.Context())
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		before := c.Trip()
		if _, err := c.Greeting(t.Context()); err != nil || before != 0 || c.Trip() > 0 != travels {
			t.Errorf("%s: %v before, %v behind, %v", tls.VersionName(version), before, c.Trip(), err)
		}
	}
}

// What a person reads of the ends of a connection.
func TestErrorTexts(t *testing.T) {
	for want, err := range map[string]error{
		"literal exceeds the limit of 7":   &LimitError{What: WhatLiteral, Limit: 7},
		"no sign of life for 3s":           &SilenceError{After: 3 * time.Second},
		"server said goodbye: full up":     &ByeError{Status: Status{Text: "full up"}},
		"reading what was to be sent: EOF": &SourceError{Err: io.EOF},
		"this is no IMAP":                  &ProtocolError{What: "this is no IMAP"},
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
	if !(&SilenceError{}).Timeout() {
		t.Error("silence is no time-out")
	}
	if !errors.Is(&SourceError{Err: io.EOF}, io.EOF) {
		t.Error("the cause is hidden")
	}
}

// TLS begins only where the server said nothing beyond its answer (CVE-2020-14954).
func TestUpgrade(t *testing.T) {
	for _, injected := range []string{"", "* OK injected\r\n"} {
		c := talk(t, func(r *bufio.Reader, w net.Conn) {
			r.ReadString('\n')
			fmt.Fprint(w, "M1 OK begin\r\n"+injected)
			if line, _ := r.ReadString('\n'); line != "" {
				fmt.Fprint(w, "M2 OK above\r\n")
			}
		})
		if _, err := c.Do(t.Context(), Cmd("STARTTLS"), ignore); err != nil {
			t.Fatal(err)
		}
		wrapped := false
		err := c.Upgrade(func(nc net.Conn) (net.Conn, error) { wrapped = true; return nc, nil })
		if injected != "" {
			if !errors.Is(err, ErrInjected) || wrapped || !errors.Is(c.Err(), ErrInjected) {
				t.Errorf("%v, wrapped %v, %v", err, wrapped, c.Err())
			}
			continue
		}
		if s, err2 := c.Do(t.Context(), Cmd("NOOP"), ignore); err != nil || err2 != nil || s.Text != "above" {
			t.Errorf("%v, %v, %+v", err, err2, s)
		}
	}
	c := talk(t, says(""))
	broken := errors.New("no handshake")
	if err := c.Upgrade(func(net.Conn) (net.Conn, error) { return nil, broken }); !errors.Is(err, broken) || !errors.Is(c.Err(), broken) {
		t.Errorf("%v, %v", err, c.Err())
	}
}

// Each alert is heard once; what makes no sense is skipped, but not for ever.
func TestAlertsAndNonsense(t *testing.T) {
	alert := "* OK [ALERT] disk is full\r\n"
	c := talk(t, func(r *bufio.Reader, w net.Conn) {
		r.ReadString('\n')
		fmt.Fprint(w, alert+alert+"* NO [ALERT] really\r\n ???\r\nM1 OK [ALERT] disk is full\r\n")
		r.ReadString('\n')
		fmt.Fprint(w, strings.Repeat("???\r\n", MaxGarbage))
		io.Copy(io.Discard, r)
	})
	var alerts, repaired []string
	c.opt.Alert = func(s string) { alerts = append(alerts, s) }
	c.opt.Repaired = func(s string) { repaired = append(repaired, s) }
	if s, err := c.Do(t.Context(), Cmd("NOOP"), ignore); err != nil || !s.OK() {
		t.Errorf("%+v, %v", s, err)
	}
	if got := strings.Join(alerts, ", "); got != "disk is full, really" {
		t.Errorf("alerts %q", got)
	}
	if len(repaired) != 1 {
		t.Errorf("repaired %q", repaired)
	}
	var protocol *ProtocolError
	if _, err := c.Do(t.Context(), Cmd("NOOP"), ignore); !errors.As(err, &protocol) || len(repaired) != MaxGarbage+1 {
		t.Errorf("%v after %d lines of nonsense", err, len(repaired))
	}
}

// A connection can be ended from anywhere at any time, and says why ever after.
func TestEnds(t *testing.T) {
	hang := func(r *bufio.Reader, w net.Conn) { io.Copy(io.Discard, r) }
	noop := func(c *Conn) error { _, err := c.Do(context.Background(), Cmd("NOOP"), ignore); return err }

	c := talk(t, hang)
	sent := make(chan error, 1)
	go func() { sent <- noop(c) }()
	c.Close()
	if err := <-sent; !errors.Is(err, net.ErrClosed) || !errors.Is(noop(c), net.ErrClosed) {
		t.Errorf("closed: %v, then %v", err, noop(c))
	}

	c = talk(t, hang)
	ctx, cancel := context.WithCancel(t.Context())
	if err := c.Guard(ctx, func() error { cancel(); <-ctx.Done(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while guarded: %v", err)
	}
	if err := c.Guard(t.Context(), func() error { t.Error("runs"); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("guarded after the end: %v", err)
	}

	c = talk(t, hang)
	if err := c.Guard(ctx, func() error { t.Error("runs"); return nil }); !errors.Is(err, context.Canceled) || c.Err() != nil {
		t.Errorf("guarded by what has ended: %v; the connection %v", err, c.Err())
	}
}
