package remote_test

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/wire"
)

// clean fails when any form of a secret, or mail, is in the trace.
func clean(t *testing.T, trace, what string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		for _, form := range []string{
			secret, b64(secret), b64("\x00joe\x00" + secret), b64("user=joe\x01auth=Bearer " + secret + "\x01\x01"),
			b64("n,a=joe,\x01host=imap.example.org\x01port=143\x01auth=Bearer " + secret + "\x01\x01"),
			strings.ReplaceAll(secret, `"`, `\"`),
		} {
			if strings.Contains(trace, form) {
				t.Errorf("%s: %q is in the trace:\n%s", what, form, trace)
			}
		}
	}
}

// holds fails unless every text is in the trace: an empty one hides everything.
func holds(t *testing.T, trace string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(trace, text) {
			t.Errorf("no %q in the trace:\n%s", text, trace)
		}
	}
}

// inTheClear finds answers of an exchange: a SCRAM proof lets passwords be tried.
var inTheClear = regexp.MustCompile(` [CS] (\+ )?[A-Za-z0-9+/=]{8,}\n`)

func TestTraceOfDovecot(t *testing.T) {
	srv := dovecot.Start(t, dovecot.Config("auth_mechanisms = plain login scram-sha-1 scram-sha-256\nauth_failure_delay = 0"))
	srv.User(t, "joe").Append("INBOX", []imap.Flag{"work"}, time.Now(), []byte("From: x\r\nSubject: sesame\r\n\r\nopen sesame\r\n"))
	for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN", "LOGIN-COMMAND"} {
		var b bytes.Buffer
		cfg := config(srv, "joe")
		cfg.Mechanism, cfg.Trace = mechanism, wire.NewTrace(&b)
		c := dial(t, cfg)
		if _, err := c.Examine(t.Context(), "INBOX"); err != nil {
			t.Fatal(err)
		}
		err := c.Bodies(t.Context(), imap.UIDSetNum(1), func(_ imap.UID, _ int64, r io.Reader) error {
			_, err := io.Copy(io.Discard, r)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.UIDs(t.Context(), 1, 0); err != nil { // through imapclient
			t.Fatal(err)
		}
		if err := c.Logout(t.Context()); err != nil {
			t.Fatal(err)
		}
		clean(t, b.String(), mechanism, srv.Password, "sesame")
		if line := inTheClear.FindString(b.String()); line != "" {
			t.Errorf("%s: part of the exchange is in the trace: %s", mechanism, line)
		}
		holds(t, b.String(), "#1 - connected to 127.0.0.1:", "#1 - TLS\n", "#1 S * OK [CAPABILITY", ` EXAMINE "INBOX"`, "UID SEARCH", "LOGOUT", "BODY[] {41}\n", "[masked]", "closed")
	}
}

// What scripted servers do to have secrets and mail end up in a trace.
func TestTraceMasks(t *testing.T) {
	const ok = "[CAPABILITY IMAP4rev1 IDLE]"
	for _, tc := range []struct {
		name, password, token string
		script                func(p *peer)
		hidden                []string
		shown                 []string
	}{
		{"OAUTHBEARER", "", "ya29.token", func(p *peer) {
			p.raw("* OK [CAPABILITY IMAP4rev1 AUTH=OAUTHBEARER SASL-IR] hi\r\n")
			p.send("%s OK %s in\r\n", p.command("AUTHENTICATE"), ok)
		}, nil, []string{"C M1 AUTHENTICATE OAUTHBEARER [masked]\n"}},
		{"XOAUTH2 refused", "", "ya29.token", func(p *peer) {
			p.raw("* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2] hi\r\n")
			tag := p.command("AUTHENTICATE")
			p.raw("+ \r\n")
			p.r.ReadString('\n')
			p.send("+ %s\r\n", b64(`{"token":"ya29.token"}`))
			p.r.ReadString('\n')
			p.send("%s NO bad token ya29.token\r\n", tag)
		}, []string{b64(`{"token":"ya29.token"}`)}, []string{"C M1 AUTHENTICATE XOAUTH2\n", "S + [masked]\n", "C [masked]\n", "S M1 NO bad token [masked]\n"}},
		{"echo", "hunter2hunter2", "", func(p *peer) {
			p.raw(offer)
			tag := p.command("AUTHENTICATE")
			p.send("* OK [ALERT] hunter2hunter2 %s\r\n", plainResponse("joe", "hunter2hunter2"))
			p.send("%s NO not %s\r\n", tag, b64("abhunter2hunter2, you said"))
		}, nil, []string{"S * OK [ALERT] [masked] [masked]\n"}},
		{"LOGIN with a literal", "geheimß", "", func(p *peer) {
			p.raw("* OK [CAPABILITY IMAP4rev1] hi\r\n")
			tag := p.command("LOGIN")
			p.raw("+ go\r\n")
			p.r.ReadString('\n')
			p.send("%s OK %s in\r\n", tag, ok)
		}, nil, []string{"C M1 LOGIN [masked]\n"}},
		{"LOGIN quotes", `hun"ter2`, "", func(p *peer) {
			p.raw("* OK [CAPABILITY IMAP4rev1] hi\r\n")
			p.send("%s OK %s in\r\n", p.command("LOGIN"), ok)
		}, nil, []string{"C M1 LOGIN [masked]\n"}},
		{"mail", "hunter2hunter2", "", func(p *peer) {
			p.raw(offer)
			p.send("%s OK %s in\r\n", p.command("AUTHENTICATE"), ok)
			p.answer("NOOP", "* 1 FETCH (UID 1 INTERNALDATE \" 1-Feb-2024 03:04:05 +0000\" BODY[] \"open \\\" sesame\" X {6}\r\nsesame Y \"sesame\" Z)\r\n"+
				"open sesame\r\n* 2 FETCH (BODY[] \"sesame\r\n* 3 EXISTS\r\n")
		}, []string{"sesame"}, []string{`INTERNALDATE " 1-Feb-2024 03:04:05 +0000" BODY[] "[14 octets]" X {6}`, `Y "[6 octets]" Z)`, "[11 octets that are no response]", "S * 3 EXISTS\n"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b bytes.Buffer
			done := make(chan struct{})
			cfg := play(t, func(p *peer) { defer close(done); tc.script(p) })
			cfg.Trace = wire.NewTrace(&b)
			cfg.Password = func(context.Context) (string, error) { return tc.password, nil }
			secrets := append(tc.hidden, tc.password)
			if tc.token != "" {
				cfg.Token, secrets = token(tc.token), append(tc.hidden, tc.token)
			}
			if c, err := remote.Dial(t.Context(), cfg); err == nil {
				_ = c.Noop(t.Context())
				c.Close()
			}
			<-done
			clean(t, b.String(), tc.name, secrets...)
			holds(t, b.String(), tc.shown...)
		})
	}
}

// What is sent in literals is mail, and stays out of a trace.
func TestTraceMasksAppends(t *testing.T) {
	for _, caps := range []string{"LITERAL+ MULTIAPPEND", ""} {
		var b bytes.Buffer
		cfg := play(t, func(p *peer) {
			p.send("* PREAUTH [CAPABILITY IMAP4rev1 %s] hello\r\n", caps)
			for range 2 {
				if tag, text := p.whole(0); text != "" {
					p.send("%s OK\r\n", tag)
				}
			}
		})
		cfg.Trace = wire.NewTrace(&b)
		c := dial(t, cfg)
		msgs := []remote.Outgoing{outgoing("open\r\nsesame"), outgoing("sesame")}
		msgs[0].Flags = []imap.Flag{"work"}
		if out, err := c.Append(t.Context(), "box", msgs); err != nil {
			t.Errorf("%s, %v", appended(out), err)
		}
		c.Close()
		clean(t, b.String(), caps, "sesame")
		holds(t, b.String(), `APPEND "box" (work) {12`, "[12 octets]", "[6 octets]")
	}
}
