package remote_test

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/xdg-go/scram"

	"mailstow/sync/remote"
	"mailstow/sync/testkit/dovecot"
)

// Every mechanism of a real server, best first, and a wrong password with each:
// refused, after one try.
func TestMechanismsOfDovecot(t *testing.T) {
	srv := dovecot.Start(t, dovecot.Config("auth_mechanisms = plain login scram-sha-1 scram-sha-256\nauth_failure_delay = 0\n"+
		"service anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}")) // else each failure makes the next login wait
	for mechanism, used := range map[string]string{
		"": "SCRAM-SHA-256", "scram-sha-256": "SCRAM-SHA-256", "SCRAM-SHA-1": "SCRAM-SHA-1",
		"PLAIN": "PLAIN", "LOGIN": "LOGIN", "login-command": "LOGIN-COMMAND",
	} {
		cfg := config(srv, "joe")
		cfg.Mechanism = mechanism
		c := dial(t, cfg)
		if got := c.Info().Mechanism; got != used {
			t.Errorf("%q: logged in with %s", mechanism, got)
		}
		if _, err := c.List(t.Context()); err != nil {
			t.Errorf("%s: %v", used, err)
		}
		c.Close()

		asked := 0
		cfg.Password = func(context.Context) (string, error) { asked++; return "wrong", nil }
		_, err := remote.Dial(t.Context(), cfg)
		wantClass(t, err, remote.Auth, "")
		if e, _ := errors.AsType[*remote.Error](err); asked != 1 || !strings.Contains(e.Hint, "check the user name and password") {
			t.Errorf("%s: asked %d times, %+v", used, asked, e)
		}
	}
}

// SASLprep refuses characters newer than Unicode 3.2; servers that never prepare
// passwords have taken them.
func TestSCRAMWithoutSASLprep(t *testing.T) {
	const secret = "pa ssw\u00f6rd \U0001f5dd"
	cfg := play(t, func(p *peer) { scramServer(p, secret, "4096", "") })
	cfg.Password = func(context.Context) (string, error) { return secret, nil }
	dial(t, cfg).Close()
}

const salt = "QSXCR+Q6sek8bf92"

// scramServer plays the server's side of SCRAM-SHA-256 with the client's password,
// or does what lie says.
func scramServer(p *peer, secret, iters, lie string) {
	p.raw("* OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256 SASL-IR] hi\r\n")
	line, _ := p.r.ReadString('\n')
	words := strings.Fields(line)
	first, err := base64.StdEncoding.DecodeString(words[3])
	if err != nil || words[1] != "AUTHENTICATE" {
		p.t.Errorf("%q: %v", line, err)
		return
	}
	client, _ := scram.SHA256.NewClientUnprepped("joe", secret, "")
	server, _ := scram.SHA256.NewServer(func(string) (scram.StoredCredentials, error) {
		raw, _ := base64.StdEncoding.DecodeString(salt)
		return client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: string(raw), Iters: 4096})
	})
	conv := server.NewConversation()
	challenge, _ := conv.Step(string(first))
	challenge = strings.Replace(challenge, "i=4096", "i="+iters, 1)
	if lie == "nonce" {
		challenge = "r=mine" + challenge
	}
	if lie == "ok" {
		p.send("%s OK in\r\n", words[0])
		return
	}
	p.send("+ %s\r\n", base64.StdEncoding.EncodeToString([]byte(challenge)))
	line, err = p.r.ReadString('\n')
	if err != nil {
		return // the client left
	}
	proof, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
	if lie == "nonce" || iters != "4096" {
		p.t.Errorf("the client sent %q", proof)
	}
	final, _ := conv.Step(string(proof))
	switch lie {
	case "signature":
		final = "v=" + base64.StdEncoding.EncodeToString(make([]byte, 32))
	case "early":
		p.send("%s OK in\r\n", words[0])
		return
	case "error":
		final = "e=invalid-proof"
	}
	p.send("+ %s\r\n", base64.StdEncoding.EncodeToString([]byte(final)))
	line, err = p.r.ReadString('\n')
	switch {
	case err != nil:
	case lie == "error":
		if line != "*\r\n" {
			p.t.Errorf("answer to an error: %q", line)
		}
		p.send("%s NO no such luck\r\n", words[0])
	default:
		p.send("%s OK [CAPABILITY IMAP4rev1] in\r\n", words[0])
		p.wait()
	}
}

// A server that does not know the password cannot pose as one that does; one that
// asks for absurd work gets none of it, and no proof to try passwords against.
func TestLyingSCRAMServer(t *testing.T) {
	for _, tc := range []struct {
		name, iters, lie string
		class            remote.Class
		text             string
	}{
		{"honest", "4096", "", remote.Other, ""},
		{"wrong signature", "4096", "signature", remote.Protocol, "SCRAM is wrong"},
		{"OK without a signature", "4096", "early", remote.Protocol, "without having proven"},
		{"OK without an exchange", "4096", "ok", remote.Protocol, "without having proven"},
		{"foreign nonce", "4096", "nonce", remote.Protocol, "nonce"},
		{"wrong password", "4096", "error", remote.Auth, "invalid-proof"},
		{"iterations above the cap", "2000001", "", remote.Protocol, "2000000 SCRAM iterations"},
		{"iterations beyond 32 bits", "4294967296000", "", remote.Protocol, "SCRAM iterations"},
		{"iterations beyond 64 bits", "99999999999999999999999", "", remote.Protocol, "SCRAM iterations"},
		{"too few iterations", "1", "", remote.Protocol, "too few iterations"},
		{"negative iterations", "-1", "", remote.Protocol, "SCRAM"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := remote.Dial(t.Context(), play(t, func(p *peer) { scramServer(p, "se cret", tc.iters, tc.lie) }))
			if tc.class != remote.Other {
				wantClass(t, err, tc.class, tc.text)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			c.Close()
		})
	}
}

func token(value string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return value, nil }
}

// withToken is play for an account that has a token and no password.
func withToken(t *testing.T, value string, script func(p *peer)) remote.Config {
	cfg := neverAsked(t, play(t, script))
	cfg.Token = token(value)
	return cfg
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

const (
	xoauth2 = "user=joe\x01auth=Bearer ya29.token\x01\x01"
	bearer  = "n,a=joe,\x01host=imap.example.org\x01port=143\x01auth=Bearer ya29.token\x01\x01"
)

func TestTokens(t *testing.T) {
	const caps = "[CAPABILITY IMAP4rev1 IDLE]"
	for _, tc := range []struct {
		name, offer, command, mechanism string
	}{
		{"both", "AUTH=XOAUTH2 AUTH=OAUTHBEARER AUTH=PLAIN SASL-IR", "AUTHENTICATE OAUTHBEARER " + b64(bearer), ""},
		{"Microsoft", "AUTH=PLAIN AUTH=XOAUTH2 SASL-IR", "AUTHENTICATE XOAUTH2 " + b64(xoauth2), ""},
		{"forced", "AUTH=XOAUTH2 AUTH=OAUTHBEARER SASL-IR", "AUTHENTICATE XOAUTH2 " + b64(xoauth2), "xoauth2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := withToken(t, "ya29.token", func(p *peer) {
				p.send("* OK [CAPABILITY IMAP4rev1 %s] hi\r\n", tc.offer)
				p.send("%s OK %s in\r\n", p.command(tc.command), caps)
				p.wait()
			})
			cfg.Mechanism = tc.mechanism
			dial(t, cfg).Close()
		})
	}
}

// The token of some providers is longer than a command line may be.
func TestLongToken(t *testing.T) {
	long := strings.Repeat("x", 9000)
	c := dial(t, withToken(t, long, func(p *peer) {
		p.raw("* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR] hi\r\n")
		tag := p.command("AUTHENTICATE XOAUTH2")
		p.raw("+ \r\n")
		if line, _ := p.r.ReadString('\n'); line != b64("user=joe\x01auth=Bearer "+long+"\x01\x01")+"\r\n" {
			p.t.Errorf("response of %d octets", len(line))
		}
		p.send("%s OK [CAPABILITY IMAP4rev1] in\r\n", tag)
		p.wait()
	}))
	c.Close()
}

// The reason of a refused token comes in a challenge that has to be answered
// first; the token is in it here, and must not be shown.
func TestTokenRefused(t *testing.T) {
	for mechanism, dummy := range map[string]string{"OAUTHBEARER": "AQ==", "XOAUTH2": ""} {
		for _, said := range []string{`{"status":"invalid_token","scope":"mail"}`, `{"status":"400","token":"ya29.token"}`} {
			tries := 0
			cfg := withToken(t, "ya29.token", func(p *peer) {
				p.send("* OK [CAPABILITY IMAP4rev1 AUTH=%s SASL-IR] hi\r\n", mechanism)
				tag := p.command("AUTHENTICATE")
				p.send("+ %s\r\n", b64(said))
				if line, _ := p.r.ReadString('\n'); line != dummy+"\r\n" {
					p.t.Errorf("answer %q", line)
				}
				p.send("%s NO SASL authentication failed\r\n", tag)
				p.wait()
			})
			cfg.Token = func(context.Context) (string, error) { tries++; return "ya29.token", nil }
			_, err := remote.Dial(t.Context(), cfg)
			want := "invalid_token"
			if strings.Contains(said, "ya29") {
				want = "repeats the credentials"
			}
			wantClass(t, err, remote.Auth, want)
			if e, _ := errors.AsType[*remote.Error](err); tries != 1 || strings.Contains(fmt.Sprintf("%+v", e), "ya29") {
				t.Errorf("%d tries, %+v", tries, e)
			}
		}
	}
}

// A session that ends because its token has expired is replaced by one with a
// fresh token (failure table, row 11).
func TestTokenIsAskedForAnew(t *testing.T) {
	var asked atomic.Int32
	fresh := func(context.Context) (string, error) { return fmt.Sprintf("token%d", asked.Add(1)), nil }
	for n := 1; n <= 2; n++ {
		cfg := withToken(t, "", func(p *peer) {
			p.raw("* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR] hi\r\n")
			p.send("%s OK [CAPABILITY IMAP4rev1] in\r\n", p.command("AUTHENTICATE XOAUTH2 "+b64(fmt.Sprintf("user=joe\x01auth=Bearer token%d\x01\x01", n))))
			p.command("NOOP")
			p.raw("* BYE Session expired, please login again\r\n")
		})
		cfg.Token = fresh
		wantClass(t, dial(t, cfg).Noop(t.Context()), remote.Connect, "Session expired")
	}
}

func TestMechanismChoice(t *testing.T) {
	for _, tc := range []struct {
		name, offer, force string
		token              bool
		password           bool
		command            string // what is sent, or
		text, hint         string // the error
	}{
		{"PLAIN before LOGIN", "AUTH=LOGIN AUTH=PLAIN SASL-IR", "", false, true, "AUTHENTICATE PLAIN ", "", ""},
		{"LOGIN before the command", "AUTH=LOGIN SASL-IR", "", false, true, "AUTHENTICATE LOGIN\r", "", ""},
		{"SHA-1", "AUTH=SCRAM-SHA-1 AUTH=PLAIN SASL-IR", "", false, true, "AUTHENTICATE SCRAM-SHA-1 ", "", ""},
		{"the command last", "AUTH=CRAM-MD5", "", false, true, `LOGIN "joe" "se cret"`, "", ""},
		{"LOGIN means the command too", "AUTH=PLAIN", "LOGIN", false, true, `LOGIN "joe" "se cret"`, "", ""},
		{"the command by name", "AUTH=LOGIN", "login-command", false, true, `LOGIN "joe" "se cret"`, "", ""},
		{"nothing", "LOGINDISABLED AUTH=GSSAPI", "", false, true, "", "no way to log in", "TLS"},
		{"forced, not offered", "AUTH=PLAIN", "SCRAM-SHA-256", false, true, "", "does not offer SCRAM-SHA-256", ""},
		{"forced, disabled", "LOGINDISABLED", "LOGIN", false, true, "", "does not offer LOGIN", ""},
		{"unknown", "AUTH=PLAIN", "NTLM", false, true, "", "unknown mechanism NTLM", "SCRAM-SHA-256"},
		{"no OAuth for a token", "AUTH=PLAIN", "", true, true, "", "with a token", "password"},
		{"no password for PLAIN", "AUTH=PLAIN", "PLAIN", true, false, "", "needs a password", "OAUTHBEARER"},
		{"no token for XOAUTH2", "AUTH=XOAUTH2", "XOAUTH2", false, true, "", "needs a token", "token-command"},
		{"neither", "AUTH=PLAIN", "", false, false, "", "no password configured", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := play(t, func(p *peer) {
				p.send("* OK [CAPABILITY IMAP4rev1 %s] hi\r\n", tc.offer)
				if tc.command == "" {
					p.wait()
					return
				}
				line, _ := p.r.ReadString('\n')
				tag, rest, _ := strings.Cut(line, " ")
				if !strings.HasPrefix(rest, tc.command) {
					p.t.Errorf("sent %q, want %q", rest, tc.command)
				}
				p.send("%s NO not today\r\n", tag)
			})
			cfg.Mechanism = tc.force
			if tc.token {
				cfg.Token = token("t")
			}
			if !tc.password {
				cfg.Password = nil
			}
			_, err := remote.Dial(t.Context(), cfg)
			want := tc.text
			if tc.command != "" {
				want = "not today"
			}
			wantClass(t, err, remote.Auth, want)
			if e, _ := errors.AsType[*remote.Error](err); !strings.Contains(e.Hint, tc.hint) {
				t.Errorf("hint %q", e.Hint)
			}
		})
	}
}

// elsewhere is a connection to another computer.
type elsewhere struct{ net.Conn }

func (elsewhere) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 143} }

// A secret crosses the network in clear only when the user asked for that by name;
// a mechanism that keeps it needs no leave.
func TestSecretsInClear(t *testing.T) {
	for _, tc := range []struct {
		name, offer, force string
		token              bool
		command            string // what is sent, or
		text, hint         string // the error
	}{
		{"PLAIN", "AUTH=PLAIN AUTH=LOGIN SASL-IR", "", false, "", "in clear", `mechanism = "PLAIN"`},
		{"the LOGIN command", "", "", false, "", "in clear", `mechanism = "LOGIN-COMMAND"`},
		{"token", "AUTH=XOAUTH2 SASL-IR", "", true, "", "in clear", `mechanism = "XOAUTH2"`},
		{"SCRAM before them", "AUTH=PLAIN AUTH=SCRAM-SHA-1 SASL-IR", "", false, "AUTHENTICATE SCRAM-SHA-1 ", "", ""},
		{"asked for by name", "AUTH=PLAIN AUTH=SCRAM-SHA-1 SASL-IR", "PLAIN", false, "AUTHENTICATE PLAIN ", "", ""},
		{"token, by name", "AUTH=XOAUTH2 SASL-IR", "xoauth2", true, "AUTHENTICATE XOAUTH2 ", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := play(t, func(p *peer) {
				p.send("* OK [CAPABILITY IMAP4rev1 %s] hi\r\n", tc.offer)
				if tc.command == "" {
					p.wait()
					return
				}
				p.send("%s NO not today\r\n", p.command(tc.command))
			})
			cfg.Mechanism = tc.force
			if tc.token {
				cfg.Token = token("ya29.token")
			}
			if tc.command == "" {
				cfg = neverAsked(t, cfg)
			}
			dial := cfg.Dial
			cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				nc, err := dial(ctx, network, addr)
				return elsewhere{nc}, err
			}
			_, err := remote.Dial(t.Context(), cfg)
			wantClass(t, err, remote.Auth, cmp.Or(tc.text, "not today"))
			if e, _ := errors.AsType[*remote.Error](err); tc.hint != "" && !strings.Contains(e.Hint, tc.hint) {
				t.Errorf("hint %q", e.Hint)
			}
		})
	}
}

// A server that asks on after the exchange was cancelled is left, and one that
// never asked for the password has not checked it.
func TestOddExchanges(t *testing.T) {
	_, err := remote.Dial(t.Context(), play(t, func(p *peer) {
		p.raw(offer)
		p.command("AUTHENTICATE PLAIN")
		for range 3 {
			p.raw("+ eA==\r\n")
		}
		p.r.ReadString('\n')
		p.wait()
	}))
	wantClass(t, err, remote.Protocol, "cancelled")
	_, err = remote.Dial(t.Context(), play(t, func(p *peer) {
		p.raw("* OK [CAPABILITY IMAP4rev1 AUTH=LOGIN] hi\r\n")
		p.send("%s OK in\r\n", p.command("AUTHENTICATE LOGIN"))
		p.wait()
	}))
	wantClass(t, err, remote.Protocol, "without asking")
	cfg := withToken(t, "two words", func(p *peer) { p.raw("* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2] hi\r\n"); p.wait() })
	_, err = remote.Dial(t.Context(), cfg)
	wantClass(t, err, remote.Auth, "no access token")
}

// The password is recognised in whatever base64 it comes back.
func TestPasswordNeverShownInBase64(t *testing.T) {
	for _, echo := range []string{b64("user=joe\x01auth=Bearer hunter2hunter2\x01\x01"), b64("ahunter2hunter2"), b64("abhunter2hunter2, you said")} {
		cfg := play(t, func(p *peer) {
			p.raw(offer)
			p.send("%s NO bad: %s\r\n", p.command("AUTHENTICATE PLAIN"), echo)
		})
		cfg.Password = func(context.Context) (string, error) { return "hunter2hunter2", nil }
		_, err := remote.Dial(t.Context(), cfg)
		wantClass(t, err, remote.Auth, "repeats the credentials")
	}
}
