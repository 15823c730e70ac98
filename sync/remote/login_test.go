package remote_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"

	"mailstow/sync/remote"
)

// neverAsked makes asking for the password a failure.
func neverAsked(t *testing.T, cfg remote.Config) remote.Config {
	cfg.Password = func(context.Context) (string, error) {
		t.Error("the password was asked for")
		return "", errors.New("not now")
	}
	return cfg
}

// Every way in which a channel is not fit for credentials (CVE-2020-14093 and
// -28896 in mutt, CVE-2021-39272 in fetchmail): nothing may be sent, nor even the
// password asked for.
func TestRefusedBeforeCredentialsLeave(t *testing.T) {
	for _, tc := range []struct {
		name     string
		security remote.Security
		script   func(p *peer)
		class    remote.Class
		text     string
	}{
		{"BYE greeting", remote.Plain, func(p *peer) { p.raw("* BYE too many connections\r\n") }, remote.Connect, "too many connections"},
		{"POP greeting", remote.Plain, func(p *peer) { p.raw("+OK POP3 ready\r\n") }, remote.Protocol, "no IMAP greeting"},
		{"tagged greeting", remote.Plain, func(p *peer) { p.raw("M1 OK welcome\r\n") }, remote.Protocol, "no IMAP greeting"},
		{"NO greeting", remote.Plain, func(p *peer) { p.raw("* NO go away\r\n") }, remote.Protocol, "no IMAP greeting"},
		{"HTTP greeting", remote.Plain, func(p *peer) { p.raw("HTTP/1.1 400 Bad Request\r\n") }, remote.Protocol, "no IMAP greeting"},
		{"no greeting", remote.Plain, func(*peer) {}, remote.Connect, "unexpected EOF"},
		{"cut greeting", remote.Plain, func(p *peer) { p.raw("* OK welc") }, remote.Connect, "unexpected EOF"},
		{"endless greeting", remote.Plain, func(p *peer) { p.raw("* OK "); p.raw(strings.Repeat("x", 2<<20)) }, remote.Protocol, "limit"},
		{"LOGINDISABLED", remote.Plain, func(p *peer) { p.raw("* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hi\r\n"); p.wait() }, remote.Auth, "no way to log in"},
		{"PREAUTH before STARTTLS", remote.StartTLS, func(p *peer) { p.raw("* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n"); p.wait() }, remote.TLS, "PREAUTH"},
		{"STARTTLS not offered", remote.StartTLS, func(p *peer) { p.raw("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n"); p.wait() }, remote.TLS, "does not offer STARTTLS"},
		{"STARTTLS refused", remote.StartTLS, func(p *peer) {
			p.raw("* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n")
			p.send("%s NO not today\r\n", p.command("STARTTLS"))
			p.wait()
		}, remote.TLS, "not today"},
		{"injected before TLS", remote.StartTLS, func(p *peer) {
			p.raw("* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n")
			p.send("%s OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n", p.command("STARTTLS"))
			p.wait()
		}, remote.TLS, "ahead of the TLS handshake"},
		{"no TLS after STARTTLS", remote.StartTLS, func(p *peer) {
			p.raw("* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n")
			p.send("%s OK go\r\n", p.command("STARTTLS"))
			p.r.ReadByte()
			p.raw("* OK in clear again\r\n")
		}, remote.TLS, "TLS"},
		{"plaintext on the TLS port", remote.ImplicitTLS, func(p *peer) { go io.Copy(io.Discard, p.r); p.raw("* OK [CAPABILITY IMAP4rev1] hi\r\n") }, remote.TLS, "TLS"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := neverAsked(t, play(t, tc.script))
			cfg.Security = tc.security
			_, err := remote.Dial(t.Context(), cfg)
			wantClass(t, err, tc.class, tc.text)
		})
	}
}

const offer = "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\n"

func plainResponse(user, secret string) string {
	return base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + secret))
}

func TestLoginForms(t *testing.T) {
	const caps = "[CAPABILITY IMAP4rev1 IDLE]"
	for _, tc := range []struct {
		name, password, mechanism string
		script                    func(p *peer)
	}{
		{"PLAIN with initial response", "se cret", "", func(p *peer) {
			p.raw(offer)
			p.send("%s OK %s in\r\n", p.command("AUTHENTICATE PLAIN "+plainResponse("joe", "se cret")), caps)
		}},
		{"PLAIN without SASL-IR", "se cret", "plain", func(p *peer) {
			p.raw("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n")
			tag := p.command("AUTHENTICATE PLAIN")
			p.raw("+\r\n")
			if line, _ := p.r.ReadString('\n'); line != plainResponse("joe", "se cret")+"\r\n" {
				p.t.Errorf("response %q", line)
			}
			p.send("%s OK %s in\r\n", tag, caps)
		}},
		{"LOGIN quotes", `se"c\ret`, "LOGIN", func(p *peer) {
			p.raw(offer)
			p.send("%s OK %s in\r\n", p.command(`LOGIN "joe" "se\"c\\ret"`), caps)
		}},
		{"LOGIN sends 8-bit as a literal", "geheimß", "LOGIN", func(p *peer) {
			p.raw(offer)
			tag := p.command(`LOGIN "joe" {8}`)
			p.raw("+ go\r\n")
			if line, _ := p.r.ReadString('\n'); line != "geheimß\r\n" {
				p.t.Errorf("literal %q", line)
			}
			p.send("%s OK %s in\r\n", tag, caps)
		}},
		{"LOGIN with LITERAL+", "geheimß", "LOGIN", func(p *peer) {
			p.raw("* OK [CAPABILITY IMAP4rev1 LITERAL+] hi\r\n")
			tag := p.command(`LOGIN "joe" {8+}`)
			if line, _ := p.r.ReadString('\n'); line != "geheimß\r\n" {
				p.t.Errorf("literal %q", line)
			}
			p.send("%s OK %s in\r\n", tag, caps)
		}},
		{"capabilities unasked before the answer", "se cret", "", func(p *peer) {
			p.raw(offer)
			p.send("* CAPABILITY IMAP4rev1 IDLE\r\n%s OK in\r\n", p.command("AUTHENTICATE PLAIN"))
		}},
		{"capabilities asked for, only after the answer", "se cret", "", func(p *peer) {
			p.raw(offer)
			tag := p.command("AUTHENTICATE PLAIN")
			if n := p.r.Buffered(); n > 0 { // Courier loses what is sent ahead
				p.t.Errorf("%d octets were sent ahead of the answer", n)
			}
			p.send("%s OK in\r\n", tag)
			p.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 IDLE\r\n")
		}},
		{"a parenthesis in CAPABILITY", "se cret", "", func(p *peer) { // imapclient spins for ever on it
			p.raw("* OK hi\r\n")
			p.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 (AUTH=PLAIN SASL-IR ( AUTH=PLAIN\r\n")
			p.send("%s OK [CAPABILITY IMAP4rev1 (X) IDLE] in\r\n", p.command("AUTHENTICATE PLAIN"))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := play(t, func(p *peer) {
				tc.script(p)
				p.answer("LOGOUT", "* BYE bye\r\n")
			})
			cfg.Password = func(context.Context) (string, error) { return tc.password, nil }
			cfg.Mechanism = tc.mechanism
			c := dial(t, cfg)
			if !c.Has("IDLE") || c.Has("AUTH=PLAIN") {
				t.Errorf("capabilities after login: %v", c.Info().CapsAfter)
			}
			if err := c.Logout(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLoginRefused(t *testing.T) {
	for _, tc := range []struct {
		name, answer string
		class        remote.Class
		code, hint   string
	}{
		{"wrong password", "NO [AUTHENTICATIONFAILED] no such luck", remote.Auth, "AUTHENTICATIONFAILED", "password"},
		{"wrong password, no code", "NO no such luck", remote.Auth, "", "password"},
		{"server down", "NO [UNAVAILABLE] no such luck, try later", remote.Connect, "UNAVAILABLE", "later"},
		{"referral", "NO [REFERRAL imap://joe@evil.example/] no such luck", remote.Auth, "REFERRAL", "imap://joe@evil.example/"},
		{"BAD", "BAD no such luck", remote.Auth, "", "password"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			asked := 0
			cfg := play(t, func(p *peer) {
				p.raw(offer)
				p.send("%s %s\r\n", p.command("AUTHENTICATE PLAIN"), tc.answer)
				p.wait() // one try: no second one, no other mechanism
			})
			cfg.Password = func(context.Context) (string, error) { asked++; return "wrong", nil }
			_, err := remote.Dial(t.Context(), cfg)
			wantClass(t, err, tc.class, "no such luck")
			e, _ := errors.AsType[*remote.Error](err)
			if asked != 1 || e.Code != tc.code || !strings.Contains(e.Hint, tc.hint) {
				t.Errorf("asked %d times, %+v", asked, e)
			}
		})
	}
}

// Some servers quote the command they refuse.
func TestPasswordNeverShown(t *testing.T) {
	for _, secret := range []string{"hunter2", plainResponse("joe", "hunter2")} {
		var notices []string
		cfg := play(t, func(p *peer) {
			p.raw(offer)
			tag := p.command("AUTHENTICATE PLAIN")
			p.send("* OK [ALERT] you sent %s\r\n", secret)
			p.send("+ %s\r\n* CAPABILITY (\r\n* 1 FETCH (%s\r\n", "x", secret)
			p.send("%s NO bad command: %s\r\n", tag, secret)
		})
		cfg.Password = func(context.Context) (string, error) { return "hunter2", nil }
		cfg.Notice = func(text string) { notices = append(notices, text) }
		_, err := remote.Dial(t.Context(), cfg)
		wantClass(t, err, remote.Auth, "repeats the credentials")
		e, _ := errors.AsType[*remote.Error](err)
		for _, text := range append(notices, e.Error(), e.Hint, e.Err.Error()) {
			if strings.Contains(text, secret) {
				t.Errorf("the password is in %q", text)
			}
		}
		if len(notices) < 1 {
			t.Errorf("notices: %q", notices)
		}
	}
}

func TestPasswordsThatCannotBeSent(t *testing.T) {
	for _, secret := range []string{"a\nb", "a\r", "a\x00"} {
		cfg := play(t, func(p *peer) { p.raw(offer); p.wait() })
		cfg.Password = func(context.Context) (string, error) { return secret, nil }
		_, err := remote.Dial(t.Context(), cfg)
		wantClass(t, err, remote.Auth, "line break or NUL")
	}
	cfg := play(t, func(p *peer) { p.raw(offer); p.wait() })
	cfg.Password = func(context.Context) (string, error) { return "", errors.New("keyring is locked") }
	_, err := remote.Dial(t.Context(), cfg)
	wantClass(t, err, remote.Auth, "keyring is locked")
}
