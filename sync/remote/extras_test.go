package remote_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
)

// extra asks for identities and labels of one message and gives what came of it.
func extra(t *testing.T, caps, items, answer string) remote.Meta {
	t.Helper()
	c := session(t, caps, func(p *peer) {
		p.answer(`EXAMINE "box"`, "* 1 EXISTS\r\n")
		p.answer("UID FETCH 1:* ("+items+")", "* 1 FETCH (UID 9 FLAGS ()"+answer+")\r\n")
		p.wait()
	})
	if _, err := c.Examine(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	var got []remote.Meta
	err := c.Metadata(t.Context(), 1, 0, remote.Want{Identity: true, Labels: true}, func(m remote.Meta) error {
		got = append(got, m)
		return nil
	})
	if err != nil || len(got) != 1 || got[0].UID != 9 {
		t.Fatalf("%+v %v", got, err)
	}
	return got[0]
}

// Identities and labels are asked for where they are offered, and read in every
// form; what makes no sense in them costs nobody the message.
func TestIdentityAndLabels(t *testing.T) {
	const gmail = "X-GM-EXT-1"
	for _, test := range []struct{ caps, items, answer, want string }{
		{"", "UID FLAGS", " EMAILID (M1) X-GM-LABELS (a)", `"M1" 0 ["a"]`}, // told without being asked
		{"OBJECTID", "UID FLAGS EMAILID", " EMAILID (M6d99ac3275bb4e)", `"M6d99ac3275bb4e" 0 none`},
		{"OBJECTID", "UID FLAGS EMAILID", ` EMAILID ("M1")`, `"M1" 0 none`},
		{"OBJECTID", "UID FLAGS EMAILID", " EMAILID NIL", `"" 0 none`},
		{"OBJECTID", "UID FLAGS EMAILID", " EMAILID ()", `"" 0 none`},
		{"OBJECTID", "UID FLAGS EMAILID", " EMAILID (a b)", `"" 0 none`},
		{"OBJECTID", "UID FLAGS EMAILID", " EMAILID (" + strings.Repeat("x", 256) + ")", `"" 0 none`},
		{"OBJECTID", "UID FLAGS EMAILID", "", `"" 0 none`},
		{gmail, "UID FLAGS X-GM-MSGID X-GM-LABELS", " X-GM-MSGID 1278455344230334865 X-GM-LABELS ()", `"" 1278455344230334865 []`},
		{gmail, "UID FLAGS X-GM-MSGID X-GM-LABELS", ` X-GM-LABELS (\Inbox "\\Sent" Work "a \"b\"" "&BB8EQAQ4- &-" {5}` + "\r\n" + `x y"z) X-GM-MSGID 7`,
			`"" 7 ["\\Inbox" "\\Sent" "Work" "a \"b\"" "При &" "x y\"z"]`},
		{gmail, "UID FLAGS X-GM-MSGID X-GM-LABELS", " X-GM-MSGID x X-GM-LABELS NIL", `"" 0 none`},
		{gmail, "UID FLAGS X-GM-MSGID X-GM-LABELS", " X-GM-MSGID 99999999999999999999 X-GM-LABELS (" + strings.Repeat("long ", 20000) + ")", `"" 0 none`},
		{gmail, "UID FLAGS X-GM-MSGID X-GM-LABELS", " X-GM-LABELS (a (b c) d)", `"" 0 ["a" "d"]`},
		{gmail + " OBJECTID", "UID FLAGS EMAILID X-GM-MSGID X-GM-LABELS", " EMAILID (e) X-GM-MSGID 1 X-GM-LABELS (l)", `"e" 1 ["l"]`},
	} {
		m := extra(t, test.caps, test.items, test.answer)
		got := fmt.Sprintf("%q %d none", m.EmailID, m.GmailID)
		if m.HasLabels {
			got = fmt.Sprintf("%q %d %q", m.EmailID, m.GmailID, m.Labels)
		}
		if got != test.want {
			t.Errorf("%s %.80s: got %s, want %s", test.caps, test.answer, got, test.want)
		}
	}
}

// A server that offers identities and does not know the item is asked without it,
// once and for all.
func TestIdentityNotUnderstood(t *testing.T) {
	c := session(t, "OBJECTID", func(p *peer) {
		p.answer(`EXAMINE "box"`, "* 1 EXISTS\r\n")
		p.raw(p.command("UID FETCH 1:* (UID FLAGS EMAILID)") + " BAD unknown item\r\n")
		p.answer("UID FETCH 1:* (UID FLAGS)", "* 1 FETCH (UID 9 FLAGS ())\r\n")
		p.answer("UID FETCH 1:* (UID FLAGS)", "* 1 FETCH (UID 9 FLAGS ())\r\n")
		p.raw(p.command("UID FETCH 1:* (UID FLAGS)") + " BAD no\r\n")
		p.wait()
	})
	if _, err := c.Examine(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	heard := 0
	list := func() error {
		return c.Metadata(t.Context(), 1, 0, remote.Want{Identity: true}, func(remote.Meta) error {
			heard++
			return nil
		})
	}
	for range 2 {
		if err := list(); err != nil {
			t.Fatal(err)
		}
	}
	if heard != 2 {
		t.Errorf("%d messages heard of", heard)
	}
	wantClass(t, list(), remote.Refused, "BAD")
}

// Labels that changed come with the flags, whichever way these are asked for, and
// identities with what is new.
func TestLabelsInChanges(t *testing.T) {
	opened := "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT 11] n\r\n* OK [HIGHESTMODSEQ 30] h\r\n"
	news := "(UID FLAGS X-GM-LABELS)"
	fresh := exchange{"UID FETCH 10:* (UID FLAGS X-GM-MSGID X-GM-LABELS)", "* 2 FETCH (UID 10 FLAGS () X-GM-MSGID 5 X-GM-LABELS (b))\r\n"}
	changed := "* 1 FETCH (UID 9 FLAGS () X-GM-LABELS (a))\r\n"
	for name, script := range map[string][]exchange{
		"CONDSTORE": {{`EXAMINE "box" (CONDSTORE)`, opened}, {"UID FETCH 1:9 " + news + " (CHANGEDSINCE 20)", changed}, fresh},
		"IDLE":      {{`EXAMINE "box"`, opened}, {"UID FETCH 1:9 " + news, changed}, fresh},
	} {
		c := session(t, name+" X-GM-EXT-1", func(p *peer) {
			for _, x := range script {
				p.answer(x.want, x.data)
			}
			p.wait()
		})
		k := remote.Known{UIDValidity: 7, ModSeq: 20, Last: 9, UIDs: imap.UIDSet{{Start: 9, Stop: 9}}}
		got := ""
		_, ch, err := c.ExamineChanged(t.Context(), "box", k, remote.Want{Identity: true, Labels: true}, func(m remote.Meta) error {
			got += fmt.Sprint(m.UID, m.GmailID, m.Labels, " ")
			return nil
		})
		if err != nil || !ch.Exact || got != "9 0 [a] 10 5 [b] " {
			t.Errorf("%s: heard %q, %+v, %v", name, got, ch, err)
		}
	}
}
