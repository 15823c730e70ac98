package remote_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
)

// What servers say when they want to be left alone, as users of other programs
// reported it: imapsync #198, #272; imap_tools #135; email-oauth2-proxy #191;
// ha-email-sensor #16; MailKit #377; node-imap #606, #523.
func TestTryLater(t *testing.T) {
	for _, tc := range []struct {
		answer       string
		login, fetch remote.Class
		after        time.Duration
	}{
		{"NO Request is throttled. Suggested Backoff Time: 299961 milliseconds", remote.Connect, remote.Connect, 299961 * time.Millisecond},
		{"BAD Request is throttled. Suggested Backoff Time: 89117 milliseconds", remote.Connect, remote.Connect, 89117 * time.Millisecond},
		{"NO Request is throttled. Suggested Backoff Time: 999999999999 milliseconds", remote.Connect, remote.Connect, 24 * time.Hour},
		{"NO Request is throttled. Suggested Backoff Time: 99999999999999999999 milliseconds", remote.Connect, remote.Connect, 0},
		{"BAD User is authenticated but not connected.", remote.Connect, remote.Connect, 0},
		{"NO [OVERQUOTA] Account exceeded command or bandwidth limits. 123mb12345678ilb.98", remote.Connect, remote.Connect, 0},
		{"NO [ALERT] Account exceeded command or bandwidth limits. (Failure)", remote.Connect, remote.Connect, 0},
		{"NO [ALERT] Too many simultaneous connections. (Failure)", remote.Connect, remote.Connect, 0},
		{"NO [THROTTLED] slow down", remote.Connect, remote.Connect, 0},
		{"NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=16)", remote.Connect, remote.Connect, 0},
		{"NO [LIMIT] LOGIN Rate limit hit.", remote.Connect, remote.Connect, 0},
		{"NO Temporary authentication failure. [host:2024-01-01 00:00:00]", remote.Connect, remote.Connect, 0},
		// Of this command alone, but for the login.
		{"NO [UNAVAILABLE] Backend down", remote.Connect, remote.Refused, 0},
		{"NO [INUSE] Mailbox is locked", remote.Connect, remote.Refused, 0},
		{"NO [LIMIT] Too many messages", remote.Connect, remote.Refused, 0},
		{"NO [OVERQUOTA] Quota exceeded (mailbox for user is full)", remote.Connect, remote.Refused, 0},
		{"NO [NONEXISTENT] no", remote.Auth, remote.Refused, 0},
		{"NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", remote.Auth, remote.Refused, 0},
	} {
		check := func(what string, err error, class remote.Class) {
			e, ok := errors.AsType[*remote.Error](err)
			if !ok || e.Class != class || e.RetryAfter != tc.after {
				t.Errorf("%s, %s: %+v, want %v and %v", tc.answer, what, e, class, tc.after)
				return
			}
			if tc.after > 0 && !strings.Contains(e.Hint, "try again in ") || class == remote.Connect && !strings.Contains(e.Hint, "try ") {
				t.Errorf("%s, %s: hint %q", tc.answer, what, e.Hint)
			}
		}
		_, err := remote.Dial(t.Context(), play(t, func(p *peer) {
			p.raw(offer)
			p.send("%s %s\r\n", p.command("AUTHENTICATE"), tc.answer)
			p.wait()
		}))
		check("login", err, tc.login)
		c := session(t, "", func(p *peer) { p.send("%s %s\r\n", p.command("UID FETCH"), tc.answer) })
		check("fetch", c.Headers(t.Context(), imap.UIDSetNum(1), func(imap.UID, []byte) error { return nil }), tc.fetch)
		c = session(t, "", func(p *peer) { p.send("%s %s\r\n", p.command("EXAMINE"), tc.answer) })
		_, err = c.Examine(t.Context(), "INBOX")
		check("examine", err, tc.fetch)
	}
}

// A goodbye may carry the same words, in the greeting too.
func TestTryLaterAtGoodbye(t *testing.T) {
	const bye = "* BYE Request is throttled. Suggested Backoff Time: 5000 milliseconds\r\n"
	_, err := remote.Dial(t.Context(), play(t, func(p *peer) { p.raw(bye) }))
	c := session(t, "", func(p *peer) { p.command("NOOP"); p.raw(bye) })
	for _, err := range []error{err, c.Noop(t.Context())} {
		e, _ := errors.AsType[*remote.Error](err)
		if e.Class != remote.Connect || e.RetryAfter != 5*time.Second || !strings.Contains(e.Hint, "5s") {
			t.Errorf("%+v", e)
		}
	}
}

// An ALERT is heard wherever it stands, once for each text.
func TestAlerts(t *testing.T) {
	var heard []string
	cfg := play(t, func(p *peer) {
		p.raw("* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n")
		p.answer("NOOP", "* OK [ALERT] down at noon\r\n* NO [ALERT] disk nearly full\r\n")
		p.send("* OK [ALERT] down at noon\r\n%s NO [ALERT] Too many simultaneous connections. (Failure)\r\n", p.command("NOOP"))
	})
	cfg.Notice = func(text string) { heard = append(heard, text) }
	c := dial(t, cfg)
	_ = c.Noop(t.Context())
	wantClass(t, c.Noop(t.Context()), remote.Connect, "simultaneous")
	want := "server alert: down at noon|server alert: disk nearly full|server alert: Too many simultaneous connections. (Failure)"
	if got := strings.Join(heard, "|"); got != want {
		t.Errorf("heard %q", got)
	}
}
