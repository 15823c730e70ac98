package remote_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mailstow/sync/remote"
)

func raws(boxes []remote.Mailbox) (names []string) {
	for _, b := range boxes {
		names = append(names, b.Raw)
	}
	return names
}

// Names as servers send them. In imapclient one that does not decode ends the
// connection, and with it the account.
func TestListNames(t *testing.T) {
	for _, tc := range []struct{ line, raw, name string }{
		{`* LIST () "/" INBOX`, "INBOX", "INBOX"},
		{`* LIST () "/" "inBox"`, "INBOX", "INBOX"},
		{`* LIST () "/" inbox/Sub`, "inbox/Sub", "inbox/Sub"},
		{`* LIST () "/" "Entw&APw-rfe"`, "Entw&APw-rfe", "Entwürfe"},
		{`* LIST () "/" "R&D"`, "R&D", "R&D"},
		{`* LIST () "/" "R&-D"`, "R&-D", "R&D"},
		{`* LIST () "/" "&AGE-"`, "&AGE-", "a"},
		{`* LIST () "/" "&2D0-"`, "&2D0-", "&2D0-"},
		{"* LIST () \"/\" \"caf\xe9\"", "caf\xe9", "café"},
		{`* LIST () "/" "naïve&x"`, "naïve&x", "naïve&x"},
		{`* LIST () "/" "with \"quotes\" and \\"`, `with "quotes" and \`, `with "quotes" and \`},
		{"* LIST () \"/\" {12}\r\nline\r\nbreak!", "line\r\nbreak!", "line\r\nbreak!"},
		{"* LIST () \"/\" ~{3}\r\na\x00b", "a\x00b", "a\x00b"},
		{"* LIST () \"/\" {4+}\r\nplus", "plus", "plus"},
		{`* LIST () "/" Not Quoted`, "Not Quoted", "Not Quoted"},
		{`* LIST () "/" Ext ("CHILDINFO" ("SUBSCRIBED"))`, "Ext", "Ext"},
		{`* LIST () "/" "Ext2" ("CHILDINFO" ("SUBSCRIBED"))`, "Ext2", "Ext2"},
		{`* list () "/" lower`, "lower", "lower"},
		{`* LIST () "/" foo]bar`, "foo]bar", "foo]bar"},
		{`* LIST () "/" ../../.ssh/x`, "../../.ssh/x", "../../.ssh/x"},
		{`* LIST () "/" ` + strings.Repeat("a/", 1000) + "z", strings.Repeat("a/", 1000) + "z", strings.Repeat("a/", 1000) + "z"},
	} {
		c := session(t, "", func(p *peer) {
			l, s := p.command("LIST"), p.command("LSUB")
			p.raw(tc.line + "\r\n* LIST () \"/\" after\r\n" + l + " OK\r\n" + s + " OK\r\n")
			for range 2 {
				if tag := p.skipStatus(); tag == "" {
					return
				}
			}
		})
		boxes, err := c.List(t.Context())
		if err != nil || len(boxes) != 2 || boxes[0].Raw != tc.raw || boxes[0].Name != tc.name {
			t.Errorf("%q: %+v, %v", tc.line, boxes, err)
		}
		c.Close()
	}
}

// skipStatus refuses one command; a literal in it is refused, not asked for.
func (p *peer) skipStatus() (tag string) {
	line, err := p.r.ReadString('\n')
	if err != nil {
		return ""
	}
	tag, _, _ = strings.Cut(line, " ")
	p.send("%s NO no status\r\n", tag)
	return tag
}

// One bad entry must not cost the account; it is skipped and told.
func TestListSkipsWhatIsNoEntry(t *testing.T) {
	for _, line := range []string{
		`* LIST`, `* LIST ()`, `* LIST () "/"`, `* LIST () "/" "unclosed`, `* LIST () "/" "a"b"`, `* LIST "/" x`,
		`* LIST ((((`, `* LIST (\Noselect) "/" ""`, `* LIST () "/" "" ("x")`, `* LIST () NIL ()`, "", "*", "* ",
		`garbage`, `[COPYUID 55 31 6]`, `M99 OK who asked`, `+ go on`, `* XUNKNOWN (a {3}` + "\r\n* L" + ` b)`,
		`* 1 FETCH (BODYSTRUCTURE ` + strings.Repeat("(", 5000) + `)`, "* BADRESPONSE \x00\xff",
		`* STATUS x (MESSAGES)`, `* STATUS "x" MESSAGES 3`, `* STATUS x`, `* CAPABILITY (IMAP4rev1`, `* VANISHED (EARLIER) 1:4294967295`,
		`* FLAGS (a]b`, `* OK [UNKNOWN (] text`, `* NO [`, `* SEARCH 1:4294967295 x`,
	} {
		c := session(t, "LIST-EXTENDED LIST-STATUS", func(p *peer) {
			tag := p.command("LIST")
			p.raw(line + "\r\n* LIST () \"/\" good\r\n* STATUS good (MESSAGES 7)\r\n" + tag + " OK\r\n")
			p.wait()
		})
		boxes, err := c.List(t.Context())
		if err != nil || len(boxes) != 1 || boxes[0].Raw != "good" || boxes[0].Status == nil || boxes[0].Status.Messages != 7 {
			t.Errorf("%.40q: %+v, %v", line, boxes, err)
		}
		c.Close()
	}
}

func TestListAttributes(t *testing.T) {
	c := session(t, "LIST-EXTENDED LIST-STATUS SPECIAL-USE STATUS=SIZE OBJECTID CONDSTORE", func(p *peer) {
		tag := p.command(`LIST "" "*" RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ SIZE MAILBOXID))`)
		p.raw("* LIST (\\HasNoChildren \\Subscribed) NIL INBOX\r\n" +
			"* STATUS inbox (MESSAGES 4294967295 UIDNEXT 9 UIDVALIDITY 7 UNSEEN 2 HIGHESTMODSEQ 9223372036854775807 SIZE 123456789012 MAILBOXID (F2212ea87) NEW (1 (2)))\r\n" +
			"* LIST (\\NonExistent \\HasChildren) \"\" a\r\n* STATUS a (MESSAGES 1)\r\n" +
			"* LIST (\\noselect) \".\" b\r\n" +
			"* LIST (\\Sent) \".\" {1}\r\nc\r\n* STATUS {1}\r\nc (MESSAGES 3 UIDNEXT NIL UIDVALIDITY x HIGHESTMODSEQ 0) \r\n" +
			"* LIST () \".\" c\r\n* LIST (\\Junk \\Marked) \".\" d\r\n" + tag + " OK\r\n")
		p.wait()
	})
	boxes, err := c.List(t.Context())
	if err != nil || !slices.Equal(raws(boxes), []string{"INBOX", "a", "b", "c", "d"}) {
		t.Fatalf("%q, %v", raws(boxes), err)
	}
	inbox, a, b, sent, junk := boxes[0], boxes[1], boxes[2], boxes[3], boxes[4]
	want := remote.Status{Messages: 1<<32 - 1, UIDNext: 9, UIDValidity: 7, Unseen: 2, HighestModSeq: 1<<63 - 1, Size: 123456789012, MailboxID: "F2212ea87"}
	if !inbox.Subscribed || inbox.Delim != "" || inbox.Status == nil || *inbox.Status != want {
		t.Errorf("INBOX %+v %+v", inbox, inbox.Status)
	}
	if a.Selectable || a.Delim != "" || a.Status != nil || b.Selectable || b.Delim != "." {
		t.Errorf("%+v %+v", a, b)
	}
	if sent.Role != "sent" || !sent.Selectable || sent.Status == nil || *sent.Status != (remote.Status{Messages: 3, Size: -1}) {
		t.Errorf("%+v %+v", sent, sent.Status)
	}
	if junk.Role != "junk" || junk.Status != nil {
		t.Errorf("%+v", junk)
	}
}

// Without LIST-EXTENDED: LIST, LSUB, then STATUS ahead of the answers. What the
// server refuses to tell about one mailbox costs the others nothing (UW imapd
// lists every file in the home directory).
func TestPlainListOfJunk(t *testing.T) {
	const n = 400
	c := session(t, "", func(p *peer) {
		l, s := p.command(`LIST "" "*"`), p.command(`LSUB "" "*"`)
		for i := range n {
			p.send("* LIST (\\NoInferiors) \"/\" \"junk %d\"\r\n", i)
		}
		p.send("* LSUB () \"/\" \"junk 3\"\r\n* LSUB (\\NoSelect) \"/\" \"junk 4\"\r\n* LSUB () \"/\" gone\r\n%s OK\r\n%s NO no lsub\r\n", l, s)
		for i := range n {
			tag := p.command(fmt.Sprintf(`STATUS "junk %d" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)`, i))
			if i%2 == 0 {
				p.send("* STATUS \"junk %d\" (MESSAGES %d)\r\n%s OK\r\n", i, i, tag)
			} else {
				p.send("%s NO not a mailbox\r\n", tag)
			}
		}
		p.wait()
	})
	boxes, err := c.List(t.Context())
	if err != nil || len(boxes) != n {
		t.Fatalf("%d mailboxes, %v", len(boxes), err)
	}
	for i, b := range boxes {
		if (b.Status != nil) != (i%2 == 0) || b.Subscribed != (i == 3) {
			t.Fatalf("%+v", b)
		}
	}
	if trips := c.Stats().RoundTrips; trips > n/10 {
		t.Errorf("%d round trips", trips)
	}
}

// A server that refuses the RETURN options it offers gets the plain commands.
func TestListFallsBack(t *testing.T) {
	c := session(t, "LIST-EXTENDED LIST-STATUS", func(p *peer) {
		p.send("%s BAD what\r\n", p.command("LIST"))
		p.answer(`LIST "" "*"`, "* LIST () \"/\" a\r\n")
		p.answer("LSUB", "* LSUB () \"/\" a\r\n")
		p.answer("STATUS", "* STATUS a (MESSAGES 2)\r\n")
	})
	boxes, err := c.List(t.Context())
	if err != nil || len(boxes) != 1 || !boxes[0].Subscribed || boxes[0].Status.Messages != 2 {
		t.Errorf("%+v, %v", boxes, err)
	}
}

func TestListOf100000(t *testing.T) {
	const n = 100_000
	c := session(t, "LIST-EXTENDED LIST-STATUS", func(p *peer) {
		tag := p.command("LIST")
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "* LIST (\\HasNoChildren) \"/\" \"user/%d\"\r\n* STATUS \"user/%d\" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\r\n", i, i)
			if b.Len() > 1<<16 {
				p.raw(b.String())
				b.Reset()
			}
		}
		p.raw(b.String() + tag + " OK\r\n")
	})
	boxes, err := c.List(t.Context())
	if err != nil || len(boxes) != n || boxes[n-1].Status == nil {
		t.Errorf("%d mailboxes, %v", len(boxes), err)
	}
}

func TestExamine(t *testing.T) {
	c := session(t, "CONDSTORE", func(p *peer) {
		p.answer(`EXAMINE "Entw&APw-rfe" (CONDSTORE)`, "* FLAGS (\\Seen x]y)\r\n* 3 EXISTS\r\n* 0 RECENT\r\n"+
			"* OK [PERMANENTFLAGS (\\Seen x]y \\*)] ok\r\n* OK [UIDVALIDITY 4294967295] v\r\n* OK [UIDNEXT 12] n\r\n"+
			"* OK [HIGHESTMODSEQ 9223372036854775807] h\r\n* OK [MAILBOXID (F1)] id\r\n* NO [UIDNOTSTICKY] bad store\r\n* OK [UNSEEN 1] u\r\n")
		p.answer(`EXAMINE "b"`, "* 1 EXISTS\r\n* OK [NOMODSEQ] none\r\n* OK [UIDVALIDITY 99999999999] v\r\n* OK [UIDNEXT -1] n\r\n")
		tag := p.command(`EXAMINE "c"`)
		p.send("%s NO [NONEXISTENT] no such mailbox\r\n", tag)
		p.wait()
	})
	sel, err := c.Examine(t.Context(), "Entw&APw-rfe")
	if err != nil || sel.Messages != 3 || sel.UIDValidity != 1<<32-1 || sel.UIDNext != 12 || sel.HighestModSeq != 1<<63-1 ||
		sel.NoModSeq || !sel.UIDNotSticky || sel.MailboxID != "F1" || fmt.Sprint(sel.PermanentFlags) != `[\Seen x]y \*]` {
		t.Errorf("%+v, %v", sel, err)
	}
	sel, err = c.Examine(t.Context(), "b")
	if err != nil || sel.Messages != 1 || sel.UIDValidity != 0 || sel.UIDNext != 0 || !sel.NoModSeq || sel.UIDNotSticky {
		t.Errorf("%+v, %v", sel, err)
	}
	_, err = c.Examine(t.Context(), "c")
	wantClass(t, err, remote.Refused, "no such mailbox")
	for _, raw := range []string{"a\nb", "a\rb", "a\x00b"} { // nothing is sent
		_, err = c.Examine(t.Context(), raw)
		wantClass(t, err, remote.Refused, "NUL, CR or LF")
	}
}

// A server may offer CONDSTORE and not understand the parameter.
func TestExamineFallsBack(t *testing.T) {
	c := session(t, "CONDSTORE", func(p *peer) {
		p.send("%s BAD unknown parameter\r\n", p.command(`EXAMINE "a" (CONDSTORE)`))
		p.answer(`EXAMINE "a"`, "* 2 EXISTS\r\n* OK [UIDVALIDITY 3] v\r\n")
		p.send("%s NO [NONEXISTENT] none\r\n", p.command(`EXAMINE "b" (CONDSTORE)`))
		p.wait()
	})
	if sel, err := c.Examine(t.Context(), "a"); err != nil || sel.UIDValidity != 3 {
		t.Errorf("%+v, %v", sel, err)
	}
	_, err := c.Examine(t.Context(), "b")
	wantClass(t, err, remote.Refused, "none")
}

// iCloud has LIST-STATUS without LIST-EXTENDED.
func TestListStatusAlone(t *testing.T) {
	c := session(t, "LIST-STATUS SPECIAL-USE", func(p *peer) {
		l := p.command(`LIST "" "*" RETURN (STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN))`)
		s := p.command(`LSUB "" "*"`)
		p.send("* LIST () \"/\" a\r\n* STATUS a (MESSAGES 4)\r\n%s OK\r\n* LSUB () \"/\" a\r\n%s OK\r\n", l, s)
		p.wait()
	})
	boxes, err := c.List(t.Context())
	if err != nil || len(boxes) != 1 || !boxes[0].Subscribed || boxes[0].Status.Messages != 4 {
		t.Errorf("%+v, %v", boxes, err)
	}
}

// A list that is refused is an error, never an account without mailboxes.
func TestListRefused(t *testing.T) {
	c := session(t, "LIST-EXTENDED", func(p *peer) {
		p.send("%s NO [LIMIT] not now\r\n", p.command("LIST"))
		p.send("%s NO [LIMIT] not now\r\n", p.command("LIST"))
		p.answer("LSUB", "* LSUB () \"/\" a\r\n")
		p.wait()
	})
	_, err := c.List(t.Context())
	wantClass(t, err, remote.Refused, "not now")
}
