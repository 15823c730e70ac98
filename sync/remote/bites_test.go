package remote_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
	"mailstow/sync/testkit/testcert"
)

// A server whose ENABLED makes imapclient spin (a parenthesis in it) is believed as
// far as it can be understood: not at all.
func TestEnabledBeyondUnderstanding(t *testing.T) {
	for said, qresync := range map[string]bool{
		"* ENABLED (\r\n": false, "* ENABLED (QRESYNC)\r\n": false, "* ENABLED\r\n": false, "* ENABLED \"QRESYNC\"\r\n": false,
		"* ENABLED {7}\r\nQRESYNC\r\n": false, "* ENABLED ( QRESYNC\r\n": true, "* enabled condstore qresync\r\n": true,
	} {
		c := session(t, qresyncCaps, func(p *peer) {
			p.answer("ENABLE QRESYNC", said)
			p.answer("LIST", "* LIST () \"/\" box\r\n")
			p.answer("LSUB", "")
			p.answer("STATUS", "")
			if qresync {
				p.answer(examineQ, opening(8, 10, 20))
			} else {
				p.answer(examineC, opening(8, 10, 30))
				p.answer(askSince, "")
				p.answer(askCount, "* ESEARCH UID COUNT 8\r\n")
			}
			p.answer(askNew, "")
			p.wait()
		})
		if _, err := c.List(t.Context()); err != nil {
			t.Errorf("%q: %v", said, err)
		}
		_, ch, err := c.ExamineChanged(t.Context(), "box", held, remote.Want{}, func(remote.Meta) error { return nil })
		if want := map[bool]remote.Method{true: remote.ByQResync, false: remote.ByModSeq}[qresync]; err != nil || ch.Method != want {
			t.Errorf("%q: %v, %v", said, ch.Method, err)
		}
		c.Close()
	}
}

const qresyncCaps = "ENABLE QRESYNC CONDSTORE ESEARCH"

// Servers may hold every tagged OK back until all data is out: whoever waits for
// the first before reading on waits for ever.
func TestAnswersHeldBack(t *testing.T) {
	const n = 20
	c := selected(t, func(p *peer) {
		var tags []string
		for i := range n {
			tags = append(tags, p.command(fmt.Sprintf("UID FETCH %d ", i+1)))
		}
		for i := range n {
			p.send("* %d FETCH (UID %d BODY[] {100000}\r\n%s)\r\n", i+1, i+1, strings.Repeat("x", 100000))
		}
		for _, tag := range tags {
			p.send("%s OK\r\n", tag)
		}
	})
	var sets []remote.BodySet
	for i := range n {
		sets = append(sets, remote.BodySet{UIDs: imap.UIDSetNum(imap.UID(i + 1)), Size: 100})
	}
	got, done := 0, 0
	err := c.BodySets(t.Context(), sets, func(_ int, _ imap.UID, _ int64, r io.Reader) error {
		got++
		_, err := io.Copy(io.Discard, r)
		return err
	}, func(_ int, err error) error { done++; return err })
	if err != nil || got != n || done != n {
		t.Errorf("%d bodies, %d answers, %v", got, done, err)
	}
}

// Nobody follows a referral (row 32): it is told, with where it leads, and play
// would refuse another connection.
func TestReferrals(t *testing.T) {
	const url = "imap://joe@evil.example/"
	var notices []string
	_, err := remote.Dial(t.Context(), play(t, func(p *peer) { p.raw("* BYE [REFERRAL " + url + "] gone there\r\n") }))
	wantClass(t, err, remote.Connect, "gone there")

	cfg := play(t, func(p *peer) {
		p.raw(offer)
		p.send("%s OK [REFERRAL %s] better there, but welcome\r\n", p.command("AUTHENTICATE"), url) // RFC 2221 section 4.2
		p.answer("CAPABILITY", "* CAPABILITY IMAP4rev1\r\n")
		p.send("%s NO [REFERRAL %s] that mailbox is there\r\n", p.command("EXAMINE"), url)
		p.send("* NO [REFERRAL %s] it still is\r\n%s OK\r\n", url, p.command("NOOP"))
		p.wait()
	})
	cfg.Notice = func(text string) { notices = append(notices, text) }
	c := dial(t, cfg)
	_, err = c.Examine(t.Context(), "box")
	wantClass(t, err, remote.Refused, "[REFERRAL] that mailbox is there")
	if e, _ := errors.AsType[*remote.Error](err); !strings.Contains(e.Hint, url) || !strings.Contains(e.Hint, "never follows") {
		t.Errorf("hint %q", e.Hint)
	}
	if err := c.Noop(t.Context()); err != nil {
		t.Error(err)
	}
}

// However a server ends the session that was asked to end, that is no failure,
// as long as it says something to it.
func TestLogout(t *testing.T) {
	for _, tc := range []struct {
		name, said string // behind LOGOUT, with $ for the tag
		text       string // of the error
	}{
		{"as it should be", "* BYE bye\r\n$ OK out\r\n", ""},
		{"OK first", "$ OK out\r\n* BYE bye\r\n", ""},
		{"no BYE", "$ OK out\r\n", ""},
		{"no OK", "* BYE bye\r\n", ""},
		{"BYE and half an OK", "* BYE bye\r\n$ O", ""},
		{"refused", "$ NO not yet\r\n", "not yet"},
		{"nothing", "", "EOF"},
		{"half a line", "* BY", "EOF"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := session(t, "", func(p *peer) {
				tag := p.command("LOGOUT")
				p.raw(strings.ReplaceAll(tc.said, "$", tag))
			})
			err := c.Logout(t.Context())
			if tc.text == "" && err != nil || tc.text != "" && (err == nil || !strings.Contains(err.Error(), tc.text)) {
				t.Errorf("%v, want %q", err, tc.text)
			}
			if err := c.Noop(t.Context()); err == nil {
				t.Error("usable afterwards")
			}
		})
	}
}

// What a server says in clear ahead of TLS counts for nothing behind it.
func TestCapabilitiesInClear(t *testing.T) {
	cert := testcert.New(t, t.TempDir())
	cfg := play(t, func(p *peer) {
		p.raw("* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN SASL-IR X-CLEAR] hi\r\n")
		p.send("* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR X-INJECTED\r\n%s OK [CAPABILITY IMAP4rev1 AUTH=PLAIN X-INJECTED] go\r\n", p.command("STARTTLS"))
		p.conn = tls.Server(p.conn, &tls.Config{Certificates: []tls.Certificate{cert.TLS}})
		p.r = bufio.NewReader(p.conn)
		p.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=LOGIN\r\n")
		tag := p.command("AUTHENTICATE LOGIN") // and not PLAIN, which is not offered under TLS
		for range 2 {
			p.raw("+ \r\n") // empty challenges
			p.r.ReadString('\n')
		}
		p.send("%s OK in\r\n", tag)
		p.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 X-SAFE\r\n")
	})
	cfg.Security, cfg.Host, cfg.CAFile = remote.StartTLS, "localhost", cert.CertFile
	c := dial(t, cfg)
	if c.Has("X-CLEAR") || c.Has("X-INJECTED") || !c.Has("X-SAFE") {
		t.Errorf("%v", c.Info().CapsAfter)
	}
}

// literal8 (RFC 3516) may stand wherever a string may.
func TestLiteral8Anywhere(t *testing.T) {
	c := session(t, "ID NAMESPACE", func(p *peer) {
		p.answer("ID", "* ID (~{4}\r\nname ~{1}\r\nx \"support\" {0}\r\n)\r\n")
		p.answer("NAMESPACE", "* NAMESPACE ((~{3}\r\na\x00b ~{1}\r\n/)) NIL NIL\r\n")
		l, s := p.command("LIST"), p.command("LSUB")
		p.send("* LIST (~{5}\r\n\\Sent) ~{1}\r\n/ ~{3}\r\nbox\r\n%s OK\r\n* LSUB () ~{1}\r\n/ ~{3}\r\nbox\r\n%s OK\r\n", l, s)
		p.answer("STATUS", "* STATUS ~{3}\r\nbox (MESSAGES 4 MAILBOXID (~{2}\r\nF1))\r\n")
		p.answer("EXAMINE", opening(8, 10, 30))
		p.answer("UID FETCH", "* 1 FETCH (X ~{2}\r\nab UID 1 FLAGS (~{1}\r\na))\r\n")
	})
	ns, err := c.Namespaces(t.Context())
	if err != nil || len(ns) != 1 || ns[0].Prefix != "a\x00b" || c.Info().ServerID["name"] != "x" {
		t.Errorf("%+v, %+v, %v", ns, c.Info().ServerID, err)
	}
	boxes, err := c.List(t.Context())
	if err != nil || len(boxes) != 1 || boxes[0].Role != "sent" || boxes[0].Delim != "/" || !boxes[0].Subscribed || boxes[0].Status == nil || boxes[0].Status.MailboxID != "F1" {
		t.Errorf("%+v, %v", boxes, err)
	}
	if _, err := c.Examine(t.Context(), "box"); err != nil {
		t.Error(err)
	}
	if got, err := metadata(t, c, 1, 0, remote.Want{}); err != nil || got != "1 [a];" {
		t.Errorf("%s, %v", got, err)
	}
}

// More mailboxes than anybody has end the listing, not the memory.
func TestMailboxesWithoutEnd(t *testing.T) {
	c := session(t, "LIST-EXTENDED LIST-STATUS", func(p *peer) {
		p.command("LIST")
		w := bufio.NewWriter(p.conn)
		for i := 0; ; i++ {
			if _, err := fmt.Fprintf(w, "* LIST () \"/\" %d\r\n", i); err != nil {
				return
			}
		}
	})
	_, err := c.List(t.Context())
	wantClass(t, err, remote.Protocol, "octets of mailbox names exceeds the limit of 54525952")
}

// Nor do names that only STATUS knows.
func TestNamesWithoutEnd(t *testing.T) {
	name := strings.Repeat("x", 60000)
	c := session(t, "LIST-EXTENDED LIST-STATUS", func(p *peer) {
		p.command("LIST")
		w := bufio.NewWriter(p.conn)
		for i := 0; ; i++ {
			if _, err := fmt.Fprintf(w, "* STATUS %d%s (MESSAGES 1)\r\n", i, name); err != nil {
				return
			}
		}
	})
	_, err := c.List(t.Context())
	wantClass(t, err, remote.Protocol, "octets of mailbox names exceeds")
}

// Capabilities without end are none at all.
func TestCapabilitiesWithoutEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("four million responses")
	}
	_, err := remote.Dial(t.Context(), play(t, func(p *peer) {
		p.raw("* OK hi\r\n")
		p.command("CAPABILITY")
		flood(p, strings.Repeat("* CAPABILITY A B\r\n", 1<<12))
	}))
	wantClass(t, err, remote.Protocol, "unwanted responses exceeds")
}

// Alerts without end are heard up to a point.
func TestAlertsWithoutEnd(t *testing.T) {
	heard := 0
	cfg := play(t, func(p *peer) {
		p.raw("* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n")
		tag := p.command("NOOP")
		for i := range 1000 {
			p.send("* OK [ALERT] alert %d\r\n", i)
		}
		p.send("%s OK\r\n", tag)
	})
	cfg.Notice = func(string) { heard++ }
	if err := dial(t, cfg).Noop(t.Context()); err != nil || heard != 100 {
		t.Errorf("%d alerts, %v", heard, err)
	}
}

// The end of a call must not wait for what the server still has to say: data that
// nobody has read stands in the way of imapclient's own Close.
func TestCloseAmidUnreadData(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := selected(t, func(p *peer) {
		p.command("UID FETCH")
		p.raw("* 1 FETCH (UID 1 BODY[] {1000000000}\r\n")
		flood(p, strings.Repeat("x", 1<<16))
	})
	err := c.Bodies(ctx, imap.UIDSetNum(1), func(_ imap.UID, _ int64, r io.Reader) error {
		_, err := io.CopyN(io.Discard, r, 1<<20)
		cancel()
		return err
	})
	wantClass(t, err, remote.Canceled, "")
	c.Close()
}
