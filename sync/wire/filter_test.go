package wire

import (
	"io"
	"strings"
	"testing"
)

// What imapclient gets to see of what a server sends; "" is nothing.
func TestFilter(t *testing.T) {
	for _, tc := range []struct{ in, out string }{
		{"* 3 EXISTS", "* 3 EXISTS"},
		{"* 3 expunge", "* 3 EXPUNGE"},
		{"* 3 RECENT", ""},
		{"* OK [ALERT] full", "* OK [ALERT] full"},
		{"* ok", "* OK -"},
		{"* NO [CAPABILITY (] x", "* NO x"},
		{"* OK [HIGHESTMODSEQ -1] x", "* OK x"},
		{"* OK [foo", "* OK foo"},
		{"* OK [A\"B c] x", "* OK x"},
		{"* BYE bye", "* BYE bye"},
		{"* PREAUTH again", ""},
		{"T1 OK [APPENDUID 38505 3955] done", "T1 OK [APPENDUID 38505 3955] done"},
		{"T1 OK [APPENDUID 38505 3955:x] done", "T1 OK done"},
		{"T1 OK [COPYUID 1 304,319:320 3956:3958] done", "T1 OK [COPYUID 1 304,319:320 3956:3958] done"},
		{"T1 OK [COPYUID 1 * 3956] done", "T1 OK done"},
		{"T1 OK [COPYUID 1 2:4] done", "T1 OK done"},
		{"T1 NO [TRYCREATE] none", "T1 NO [TRYCREATE] none"},
		{"T1 OK [MODIFIED 7,9] conditional", "T1 OK [MODIFIED] conditional"},
		{"+ idling", "+ idling"},
		{"+", "+ -"},
		{"* 1 FETCH (FLAGS (\\Seen a]b ok) UID 4 MODSEQ (12))", "* 1 FETCH (UID 4 FLAGS (\\Seen ok) MODSEQ (12))"},
		{"* 1 FETCH (FLAGS () UID 4 BODYSTRUCTURE (((\"a\") ((b)))) INTERNALDATE \"bad\" X-GM-MSGID 3)", "* 1 FETCH (UID 4 FLAGS ())"},
		{"* 1 FETCH (FLAGS (\\Seen))", ""},
		{"* 1 FETCH (UID 4 BODY[] {3}\r\nabc)", ""},
		{"* 1 FETCH (UID 4 FLAGS (a)", ""},
		{"* 1 FETCH (UID 4 BODYSTRUCTURE " + strings.Repeat("(", 100), ""},
		{"* FETCH (UID 4 FLAGS ())", ""},
		{"* 1 FETCH (UID 4 FLAGS (" + strings.Repeat("x ", MaxFlags+9) + "y))", "* 1 FETCH (UID 4 FLAGS (" + strings.Repeat("x ", MaxFlags-1) + "x))"},
		{"* 1 FETCH (UID 4 FLAGS (a " + strings.Repeat("x", MaxFlagOctets) + " b))", "* 1 FETCH (UID 4 FLAGS (a))"},
		{"* SEARCH 1 2 3", "* SEARCH 1 2 3"},
		{"* SEARCH", "* SEARCH"},
		{"* SEARCH 2 (MODSEQ 917162500)", "* SEARCH 2"},
		{"* SEARCH x", ""},
		{"* ESEARCH (TAG \"T4\") UID COUNT 5 ALL 1:3,7", "* ESEARCH (TAG \"T4\") UID COUNT 5 ALL 1:3,7"},
		{"* ESEARCH (TAG {2}\r\nT4) UID ALL 1", "* ESEARCH (TAG \"T4\") UID ALL 1"},
		{"* ESEARCH (TAG T4) UID ALL *", ""},
		{"* ESEARCH (TAG T4) UID all 1 RELEVANCY (4 5) min 0 FOO \"x\" MODSEQ 9223372036854775807", "* ESEARCH (TAG \"T4\") UID ALL 1 MIN 0 MODSEQ 9223372036854775807"},
		{"* ESEARCH (TAG T4) UID PARTIAL (1:3 1,2)", ""}, // not what was asked for, and not nothing
		{"* ESEARCH (TAG T4) UID COUNT 0", "* ESEARCH (TAG \"T4\") UID COUNT 0"},
		{"* ESEARCH (TAG T4) UID", "* ESEARCH (TAG \"T4\") UID"},
		{"* ESEARCH UID ALL 4", "* ESEARCH UID ALL 4"},
		{"* ESEARCH", "* ESEARCH"},
		{"* ESEARCH (TAG T4) ALL", ""},
		{"* ESEARCH (TAG T4) ALL (1)", ""},
		{"* ESEARCH (TAG T4) ALL \"1\"", ""},
		{"* ESEARCH (TAG T4) COUNT 4294967296", ""},
		{"* ESEARCH (TAG T4) MODSEQ 9223372036854775808", ""},
		{"* ESEARCH (TAG T4) ALL 1 FOO (", ""},
		{"* ESEARCH (TAG T4) ALL 1 )", ""},
		{"* LIST () \"/\" \"R&D\"", ""},
		{"* STATUS x (MESSAGES 1)", ""},
		{"* VANISHED 1:9", ""},
		{"* ENABLED (", ""},
		{"* CAPABILITY (", ""},
		{"* FLAGS (\\Seen)", ""},
		{"* XUNKNOWN {3}\r\nabc", ""},
	} {
		resp, ok, err := newReader(strings.NewReader(tc.in+"\r\n"), 1000).head()
		if err != nil || !ok {
			t.Fatalf("%q: %v %v", tc.in, ok, err)
		}
		want := tc.out
		if want != "" {
			want += "\r\n"
		}
		if got := filter(&resp); got != want {
			t.Errorf("%q: %q", tc.in, got)
		}
	}
}

func TestOutgoing(t *testing.T) {
	var o outgoing
	text := "T1 NOOP\r\nT2 APPEND x {3}\r\n\r\n\r\r\nT3 STORE {2+}\r\nab {1}\r\nc\r\nDONE\r\nT4 logout\r\n"
	begun := 0
	for i := range len(text) { // however it is cut into writes
		begun += o.scan([]byte(text[i : i+1]))
	}
	if begun != 4 || len(o.tags) != 4 || o.plus != 2 || !o.logout {
		t.Errorf("%d begun, %+v", begun, o)
	}
	if !o.takePlus() || !o.answered("T2") || o.answered("T2") || o.answered("DONE") || !o.takePlus() || o.takePlus() {
		t.Errorf("%+v", o)
	}
	for _, tag := range []string{"T1", "T3", "T4"} {
		if !o.answered(tag) {
			t.Error(tag)
		}
	}
}

func TestCommands(t *testing.T) {
	for _, tc := range []struct {
		cmd  *Command
		want string // parts, literals in {}
	}{
		{Cmd("X").Raw("a").String("b"), `X a "b"`},
		{Cmd("X").String(`q"\`), `X "q\"\\"`},
		{Cmd("X").String(""), `X ""`},
		{Cmd("X").String("ü").Raw("(y)"), `X {ü} (y)`},
		{Cmd("X").String("a\r\nb"), "X {a\r\nb}"},
		{Cmd("X").String("tab\there"), "X {tab\there}"},
		{Cmd("X").String(strings.Repeat("z", 1001)), "X {" + strings.Repeat("z", 1001) + "}"},
		{Cmd("X").Mailbox("&AOk-"), `X "&AOk-"`},
		{Cmd("X").Mailbox("a%*"), `X "a%*"`},
		{Cmd("X").Mailbox("\xff"), "X {\xff}"},
	} {
		got := ""
		for _, p := range tc.cmd.parts {
			got += p.text
			if p.lit {
				b, _ := io.ReadAll(p.src)
				got += "{" + string(b) + "}"
			}
		}
		if got != tc.want || tc.cmd.Err() != nil {
			t.Errorf("%q, want %q, %v", got, tc.want, tc.cmd.Err())
		}
	}
	for _, cmd := range []*Command{Cmd("X").String("a\x00"), Cmd("X").Mailbox("a\n"), Cmd("X").Mailbox("a\r").Raw("x")} {
		if cmd.Err() != ErrBadString {
			t.Errorf("%+v", cmd)
		}
	}
}
