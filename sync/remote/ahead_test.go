package remote_test

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mailstow/sync/remote"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/wire"
)

// What a Dovecot says, and what is asked of it behind the login.
const (
	dovecotReady = "* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS LITERAL+ AUTH=PLAIN] Dovecot (Debian) ready.\r\n"
	listAhead    = `LIST "" "*" RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ SIZE))`
	usualCaps    = "[CAPABILITY IMAP4rev1 LIST-EXTENDED LIST-STATUS SPECIAL-USE CONDSTORE STATUS=SIZE]"
	twoBoxes     = "* LIST (\\HasNoChildren) \"/\" INBOX\r\n* STATUS INBOX (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7 HIGHESTMODSEQ 20 SIZE 99)\r\n* LIST (\\HasNoChildren) \"/\" Work\r\n"
)

// hasty makes a configuration send the list ahead.
func hasty(cfg remote.Config) remote.Config {
	cfg.ListAhead = true
	return cfg
}

// listed asks for the list.
func listedBoxes(t testing.TB, c *remote.Conn) (names string, whole bool) {
	t.Helper()
	boxes, whole, err := c.ListAll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(raws(boxes), " "), whole
}

// Login and list take one round trip; the list is good once.
func TestListAhead(t *testing.T) {
	for mechanism, command := range map[string]string{"": "AUTHENTICATE PLAIN ", "LOGIN-COMMAND": `LOGIN "joe" "se cret"`} {
		cfg := hasty(play(t, func(p *peer) {
			p.raw(dovecotReady)
			login, list := p.command(command), p.command(listAhead) // neither waits for the other
			p.send("%s OK %s Logged in\r\n%s%s OK List completed.\r\n", login, usualCaps, twoBoxes, list)
			p.answer(listAhead, "* LIST () \"/\" Other\r\n")
			p.wait()
		}))
		cfg.Mechanism = mechanism
		c := dial(t, cfg)
		if names, whole := listedBoxes(t, c); names != "INBOX Work" || !whole || c.Stats().RoundTrips != 1 {
			t.Errorf("%s, whole: %v, %+v", names, whole, c.Stats())
		}
		if names, whole := listedBoxes(t, c); names != "Other" || !whole || c.Stats().RoundTrips != 2 {
			t.Errorf("again: %s, whole: %v, %+v", names, whole, c.Stats())
		}
	}
}

// Courier throws away what it finds behind LOGIN, and a SASL exchange would take it
// for its own: nothing leaves ahead but for servers known to read on.
func TestNothingAhead(t *testing.T) {
	courier := strings.Replace(dovecotReady, "Dovecot (Debian) ready.", "Courier-IMAP ready. Copyright 1998-2011 Double Precision, Inc.", 1)
	noIR := strings.Replace(dovecotReady, "SASL-IR ", "", 1)
	for _, tc := range []struct {
		name, greeting, mechanism string
		ahead                     bool
		login                     func(p *peer) (tag string)
	}{
		{"another server", courier, "", true, func(p *peer) string { return p.command("AUTHENTICATE PLAIN ") }},
		{"LOGIN of another server", courier, "LOGIN-COMMAND", true, func(p *peer) string { return p.command("LOGIN ") }},
		{"not wanted", dovecotReady, "", false, func(p *peer) string { return p.command("AUTHENTICATE PLAIN ") }},
		{"no initial response", noIR, "", true, func(p *peer) string {
			tag := p.command("AUTHENTICATE PLAIN")
			p.raw("+ \r\n")
			p.r.ReadString('\n')
			return tag
		}},
		{"SASL LOGIN", strings.Replace(dovecotReady, "AUTH=PLAIN", "AUTH=LOGIN", 1), "LOGIN", true, func(p *peer) string {
			tag := p.command("AUTHENTICATE LOGIN")
			for range 2 {
				p.raw("+ \r\n")
				p.r.ReadString('\n')
			}
			return tag
		}},
		{"OAUTHBEARER", strings.Replace(dovecotReady, "AUTH=PLAIN", "AUTH=OAUTHBEARER", 1), "OAUTHBEARER", true, func(p *peer) string { return p.command("AUTHENTICATE OAUTHBEARER ") }},
		{"XOAUTH2", strings.Replace(dovecotReady, "AUTH=PLAIN", "AUTH=XOAUTH2", 1), "XOAUTH2", true, func(p *peer) string { return p.command("AUTHENTICATE XOAUTH2 ") }},
		{"a response too long for a line", dovecotReady, "", true, func(p *peer) string {
			tag := p.command("AUTHENTICATE PLAIN")
			p.raw("+ \r\n")
			p.r.ReadString('\n')
			return tag
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := play(t, func(p *peer) {
				p.raw(tc.greeting)
				p.send("%s OK in\r\n", tc.login(p))
				p.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 LIST-EXTENDED LIST-STATUS\r\n") // no LIST before it
				p.answer(`LIST "" "*" RETURN (SUBSCRIBED STATUS`, twoBoxes)
				p.wait()
			})
			cfg.ListAhead, cfg.Mechanism = tc.ahead, tc.mechanism
			if strings.Contains(tc.mechanism, "OAUTH") {
				cfg.Token = func(context.Context) (string, error) { return "token", nil }
			}
			if strings.Contains(tc.name, "too long") {
				cfg.Password = func(context.Context) (string, error) { return strings.Repeat("x", 7000), nil }
			}
			c := dial(t, cfg)
			if names, _ := listedBoxes(t, c); names != "INBOX Work" {
				t.Error(names)
			}
		})
	}
	c := dial(t, hasty(play(t, func(p *peer) {
		p.raw(strings.Replace(dovecotReady, "* OK", "* PREAUTH", 1))
		p.answer(`LIST "" "*"`, twoBoxes)
		p.answer("LSUB", "")
	})))
	c.List(t.Context())
}

// However a server goes on behind a refused login: the credentials were refused
// (row 12), once.
func TestRefusedWithAListBehind(t *testing.T) {
	for _, tc := range []struct{ name, login, list string }{
		{"BAD", "NO [AUTHENTICATIONFAILED] Authentication failed.", "$ BAD Command unknown.\r\n"},
		{"NO", "NO no such luck", "$ NO log in first\r\n"},
		{"BYE", "NO no such luck", "* BYE too many bad commands\r\n"},
		{"closed", "NO no such luck", ""},
		{"a list all the same", "NO no such luck", twoBoxes + "$ OK done\r\n"},
		{"BAD login", "BAD no such luck", "$ BAD what\r\n"},
	} {
		for _, mechanism := range []string{"", "LOGIN-COMMAND"} {
			cfg := hasty(play(t, func(p *peer) {
				p.raw(dovecotReady)
				login, list := p.command(""), p.command(listAhead)
				p.send("%s %s\r\n%s", login, tc.login, strings.ReplaceAll(tc.list, "$", list))
				if tc.name != "closed" {
					p.wait()
				}
			}))
			asked := 0
			cfg.Mechanism = mechanism
			cfg.Password = func(context.Context) (string, error) { asked++; return "wrong", nil }
			cfg.Notice = func(text string) { t.Errorf("%s: notice %q", tc.name, text) }
			_, err := remote.Dial(t.Context(), cfg)
			if wantClass(t, err, remote.Auth, tc.login[strings.LastIndex(tc.login, " ")+1:]); asked != 1 {
				t.Errorf("%s: asked %d times", tc.name, asked)
			}
		}
	}
	cfg := hasty(play(t, func(p *peer) { // not the password: the moment
		p.raw(dovecotReady)
		login, list := p.command(""), p.command(listAhead)
		p.send("%s NO [UNAVAILABLE] Temporary authentication failure.\r\n%s BAD\r\n", login, list)
	}))
	_, err := remote.Dial(t.Context(), cfg)
	wantClass(t, err, remote.Connect, "Temporary")
}

// Another server behind a Dovecot that only relays may lose what came with the
// login. Then it is said, and one more login goes without; never a third.
func TestListSwallowed(t *testing.T) {
	swallow := func(p *peer) {
		p.raw(dovecotReady)
		login, _ := p.command("AUTHENTICATE PLAIN "), p.command("LIST")
		p.send("%s OK %s Logged in\r\n", login, usualCaps)
	}
	patient := func(p *peer) {
		p.raw(dovecotReady)
		p.send("%s OK in\r\n", p.command("AUTHENTICATE PLAIN "))
		p.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 LIST-STATUS\r\n")
		p.answer(`LIST "" "*" RETURN (STATUS`, twoBoxes)
		p.answer("LSUB", "")
	}
	silent := func(p *peer) { swallow(p); io.Copy(io.Discard, p.r) }
	for name, first := range map[string]func(p *peer){"closed": swallow, "silent": silent} {
		var notices []string
		cfg := hasty(play(t, first, patient))
		cfg.Notice = func(text string) { notices = append(notices, text) }
		if name == "silent" {
			cfg.Timeout = 10 * short
		}
		c := dial(t, cfg)
		if names, whole := listedBoxes(t, c); names != "INBOX Work" || !whole {
			t.Errorf("%s: %s", name, names)
		}
		if len(notices) != 1 || !strings.Contains(notices[0], "took no notice of what was sent behind the login") {
			t.Errorf("%s: notices %q", name, notices)
		}
	}
	third := func(p *peer) { p.t.Error("a third login") }
	for name, tc := range map[string]struct {
		scripts []func(p *peer)
		class   remote.Class
		text    string
	}{
		"again":              {[]func(p *peer){swallow, func(p *peer) { p.raw(dovecotReady); p.command("AUTHENTICATE") }, third}, remote.Connect, "EOF"},
		"refused":            {[]func(p *peer){swallow, func(p *peer) { p.raw(dovecotReady); p.send("%s NO no\r\n", p.command("AUTH")) }, third}, remote.Auth, "NO no"},
		"goodbye":            {[]func(p *peer){func(p *peer) { swallow(p); p.raw("* BYE Too many connections\r\n"); p.wait() }, third}, remote.Connect, "Too many"},
		"nonsense":           {[]func(p *peer){func(p *peer) { swallow(p); flood(p, "what\r\n") }, third}, remote.Protocol, "no IMAP"},
		"not even logged in": {[]func(p *peer){func(p *peer) { p.raw(dovecotReady); p.command("AUTH"); p.command("LIST") }, third}, remote.Connect, "EOF"},
	} {
		_, err := remote.Dial(t.Context(), hasty(play(t, tc.scripts...)))
		t.Log(name)
		wantClass(t, err, tc.class, tc.text)
	}
}

// The list counts only if it is what would have been asked for, knowing what the
// server can do, and whole; else it is asked for again.
func TestListAheadOfNoUse(t *testing.T) {
	for _, tc := range []struct {
		name, caps, answer string
		again              string // what is asked for then; "": nothing
		whole              bool
	}{
		{"as foreseen", usualCaps, twoBoxes, "", true},
		{"more than foreseen", "[CAPABILITY IMAP4rev1 LIST-EXTENDED LIST-STATUS SPECIAL-USE QRESYNC ENABLE STATUS=SIZE]", twoBoxes, "", true},
		{"no special use", "[CAPABILITY IMAP4rev1 LIST-EXTENDED LIST-STATUS CONDSTORE STATUS=SIZE]", twoBoxes, "", true},
		{"identities", strings.Replace(usualCaps, "]", " OBJECTID]", 1), twoBoxes, "(SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ SIZE MAILBOXID))", true},
		{"no CONDSTORE", "[CAPABILITY IMAP4rev1 LIST-EXTENDED LIST-STATUS SPECIAL-USE STATUS=SIZE]", twoBoxes, "(SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN SIZE))", true},
		{"no LIST-STATUS", "[CAPABILITY IMAP4rev1 LIST-EXTENDED SPECIAL-USE CONDSTORE STATUS=SIZE]", twoBoxes, "(SUBSCRIBED SPECIAL-USE)", true},
		{"no LIST-EXTENDED", "[CAPABILITY IMAP4rev1 LIST-STATUS CONDSTORE STATUS=SIZE]", twoBoxes, "(STATUS (MESSAGES", true},
		{"nothing offered", "[CAPABILITY IMAP4rev1]", twoBoxes, "", true},
		{"refused", usualCaps, twoBoxes + "$ NO not so\r\n", "(SUBSCRIBED SPECIAL-USE STATUS", true},
		{"not understood", usualCaps, "$ BAD what\r\n", "(SUBSCRIBED SPECIAL-USE STATUS", true},
		{"a line beyond reading", usualCaps, twoBoxes + "* LIST (\\HasNoChildren \"/\" hidden\r\n", "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := dial(t, hasty(play(t, func(p *peer) {
				p.raw(dovecotReady)
				login, list := p.command("AUTH"), p.command(listAhead)
				p.send("%s OK %s in\r\n", login, tc.caps)
				p.reply(list, tc.answer)
				for {
					tag, rest, ok := p.next()
					switch {
					case !ok:
						return
					case strings.HasPrefix(rest, `LIST "" "*" RETURN `+tc.again) && tc.again != "", rest == `LIST "" "*"` && tc.name == "nothing offered":
						p.reply(tag, strings.ReplaceAll(twoBoxes, "Work", "asked-again"))
					case !strings.HasPrefix(rest, "STATUS") && !strings.HasPrefix(rest, "LSUB"):
						p.t.Errorf("command %q", rest)
						fallthrough
					default:
						p.reply(tag, "")
					}
				}
			})))
			want := "INBOX asked-again"
			if tc.again == "" && tc.name != "nothing offered" {
				want = "INBOX Work"
			}
			if names, whole := listedBoxes(t, c); names != want || whole != tc.whole {
				t.Errorf("%s, whole: %v", names, whole)
			}
		})
	}
}

// Mailboxes told ahead of the answer to the login, and an answer to the list ahead
// of it, would make a list that lacks mailboxes: none may be taken for gone.
func TestListAheadOutOfOrder(t *testing.T) {
	for name, text := range map[string]string{
		"all of it":  twoBoxes + "LIST OK done\r\nLOGIN OK " + usualCaps + " in\r\n",
		"the answer": "LIST OK done\r\nLOGIN OK " + usualCaps + " in\r\n",
		"mailboxes":  "* LIST () \"/\" Early\r\nLOGIN OK " + usualCaps + " in\r\n" + twoBoxes + "LIST OK done\r\n",
		"a status":   "* STATUS Early (MESSAGES 3)\r\nLOGIN OK " + usualCaps + " in\r\n" + twoBoxes + "LIST OK done\r\n",
	} {
		c := dial(t, hasty(play(t, func(p *peer) {
			p.raw(dovecotReady)
			login, list := p.command("AUTH"), p.command("LIST")
			p.raw(strings.NewReplacer("LOGIN OK", login+" OK", "LIST OK", list+" OK").Replace(text))
			p.answer("LIST", "* LIST () \"/\" all\r\n* LIST () \"/\" of\r\n* LIST () \"/\" them\r\n")
		})))
		if names, whole := listedBoxes(t, c); names != "all of them" || !whole {
			t.Errorf("%s: %s, whole: %v", name, names, whole)
		}
	}
}

// The trace of a login with a list behind it holds the mailboxes and no credentials.
func TestListAheadTrace(t *testing.T) {
	for _, mechanism := range []string{"", "LOGIN-COMMAND"} {
		var b bytes.Buffer
		cfg := hasty(play(t, func(p *peer) {
			p.raw(dovecotReady)
			login, list := p.command(""), p.command(listAhead)
			p.send("%s OK %s in\r\n%s%s OK\r\n", login, usualCaps, twoBoxes, list)
		}))
		cfg.Mechanism, cfg.Trace = mechanism, wire.NewTrace(&b)
		dial(t, cfg).Close()
		clean(t, b.String(), mechanism, "se cret")
		holds(t, b.String(), "* LIST (\\HasNoChildren) \"/\" Work", "[masked]")
	}
}

// A Dovecot tells the same list in one round trip as in two.
func TestListAheadOfDovecot(t *testing.T) {
	srv := dovecot.Start(t)
	u := srv.User(t, "joe")
	for _, name := range []string{"A", "A/B", "Entwürfe", "Trash"} {
		u.Create(name)
		u.Append(name, nil, noDate, message(1, 100))
	}
	lists := map[bool][]remote.Mailbox{}
	for _, ahead := range []bool{true, false} {
		cfg := config(srv, "joe")
		cfg.ListAhead, cfg.Mechanism = ahead, "PLAIN"
		c := dial(t, cfg)
		before := c.Stats()
		boxes, whole, err := c.ListAll(t.Context())
		if err != nil || !whole || (c.Stats().Commands == before.Commands) != ahead {
			t.Fatalf("ahead: %v; whole: %v, %v", ahead, whole, err)
		}
		slices.SortFunc(boxes, func(a, b remote.Mailbox) int { return strings.Compare(a.Raw, b.Raw) })
		lists[ahead] = boxes
	}
	if d := cmp.Diff(lists[false], lists[true]); d != "" || len(lists[true]) != 5 || lists[true][1].Status == nil {
		t.Errorf("%d mailboxes (-asked +ahead):\n%s", len(lists[true]), d)
	}
}
