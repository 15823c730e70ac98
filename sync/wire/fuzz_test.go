package wire

import (
	"strings"
	"testing"

	"mailstow/sync/testkit/testenv"
)

// traps are streams that have killed, hung or fooled clients.
var traps = []string{
	"* LIST () \"/\" R&D\r\n* LIST (\\x (y)) NIL {3}\r\na\"b\r\n",
	"* CAPABILITY IMAP4rev1 ( X\r\n* ENABLED (\r\n",
	"* 1 FETCH (BODY[HEADER.FIELDS (A)] ~{2}\r\nhi UID 3 FLAGS (a]b \\Seen))\r\n",
	"* 1 FETCH (BODYSTRUCTURE ((((((((((\r\n",
	"* 2 FETCH (UID 4294967295 BODY[] {4294967295}\r\n",
	"* X {9223372036854775808}\r\n* SEARCH 1:4294967295\r\n* ESEARCH (TAG \"T1\") UID ALL 1:*\r\n",
	"* OK [PERMANENTFLAGS (a]b)] x\r\n* NO [\r\n+\r\n+ {3}\r\nT1 OK [COPYUID 1 1:4294967295 1]\r\n",
	"\x00 OK\r\n\x00\r\n",
	"* STATUS \"x\" (MESSAGES 1 MAILBOXID (a))\r\n* BYE\r\n",
	"* 1 FETCH (FLAGS (\"\\\"\" {0}\r\n) MODSEQ (18446744073709551615))\n",
}

// corpus returns recorded server streams, where they are at hand.
func corpus() (streams []string) {
	for _, text := range testenv.Transcripts("../..") {
		if len(text) < 1<<16 {
			streams = append(streams, text)
		}
	}
	return streams
}

// FuzzResponses: whatever comes, every way of reading it ends, in bounded depth,
// and what imapclient gets is one whole line.
func FuzzResponses(f *testing.F) {
	for _, s := range append(traps, corpus()...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, stream string) {
		for _, read := range []func(*Response){
			func(*Response) {},
			func(resp *Response) { tokens(resp) },
			func(resp *Response) { resp.Atoms(func([]byte) {}); resp.Mailbox(); resp.String() },
			func(resp *Response) { checkFilter(t, filter(resp)) },
		} {
			r := newReader(strings.NewReader(stream), 1000)
			for lines := 0; ; lines++ {
				if lines > strings.Count(stream, "\n") {
					t.Fatalf("more responses than lines in %q", stream)
				}
				resp, ok, err := r.head()
				if err != nil {
					break
				}
				if ok {
					read(&resp)
				}
				if resp.finish() != nil {
					break
				}
				if r.lit >= 0 || r.pos != len(r.seg) {
					t.Fatalf("not at a boundary in %q", stream)
				}
			}
		}
	})
}

func checkFilter(t *testing.T, out string) {
	if out == "" {
		return
	}
	line, ok := strings.CutSuffix(out, "\r\n")
	if !ok || strings.ContainsAny(line, "\r\n\x00") {
		t.Fatalf("for imapclient: %q", out)
	}
	if strings.Contains(line, " FETCH (") && (strings.Count(line, "(") > 3 || strings.Contains(line, "{")) {
		t.Fatalf("for imapclient: %q", out)
	}
}

// FuzzOutgoing: however imapclient's octets are cut into writes, the same
// commands are seen in flight.
func FuzzOutgoing(f *testing.F) {
	f.Add("T1 NOOP\r\nT2 APPEND x {3}\r\nabc\r\nT3 LOGOUT\r\n", 3)
	f.Add("T1 X {9999999999999999999}\r\n{1+}\r\n", 1)
	f.Fuzz(func(t *testing.T, text string, cut int) {
		var whole, parts outgoing
		n := whole.scan([]byte(text))
		m := 0
		for rest := []byte(text); len(rest) > 0; {
			k := min(len(rest), max(1, cut))
			m += parts.scan(rest[:k])
			rest = rest[k:]
		}
		if n != m || len(whole.tags) != len(parts.tags) || whole.plus != parts.plus || whole.data != parts.data {
			t.Fatalf("%+v and %+v", whole, parts)
		}
	})
}
