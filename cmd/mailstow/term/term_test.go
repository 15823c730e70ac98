package term

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClean(t *testing.T) {
	for _, tc := range []struct{ in, line, text string }{
		{"plain ünïcode 日本", "plain ünïcode 日本", "plain ünïcode 日本"},
		{"a\x1b[31mred", `a\x1b[31mred`, `a\x1b[31mred`},
		{"8-bit csi \u009b31m", `8-bit csi \x9b31m`, `8-bit csi \x9b31m`},
		{"evil\u202egpj.exe", `evil\u202egpj.exe`, `evil\u202egpj.exe`},
		{"\u2066\u2069\u200e\u200f\u061c", `\u2066\u2069\u200e\u200f\u061c`, `\u2066\u2069\u200e\u200f\u061c`},
		{"bad \xff\xfe utf-8", `bad \xff\xfe utf-8`, `bad \xff\xfe utf-8`},
		{"two\r\nlines\tand", `two\r\nlines\tand`, "two\nlines\tand"},
		{"lone\rreturn", `lone\rreturn`, `lone\rreturn`},
		{"del\x7f nul\x00 bel\a", `del\x7f nul\x00 bel\x07`, `del\x7f nul\x00 bel\x07`},
		{"sep\u2028", `sep\u2028`, `sep\u2028`},
		{`\Seen stays`, `\Seen stays`, `\Seen stays`},
		{"real replacement \ufffd", "real replacement \ufffd", "real replacement \ufffd"},
	} {
		if got := Clean(tc.in); got != tc.line {
			t.Errorf("Clean(%q) = %q, want %q", tc.in, got, tc.line)
		}
		if got := CleanText(tc.in); got != tc.text {
			t.Errorf("CleanText(%q) = %q, want %q", tc.in, got, tc.text)
		}
	}
}

func TestWriteJSON(t *testing.T) {
	in := map[string]string{"s": "a\x1b[0m\u009b\u202e<b>\u2028\x7f \xff é\n"}
	var b strings.Builder
	if err := WriteJSON(&b, in); err != nil {
		t.Fatal(err)
	}
	for _, r := range strings.TrimSuffix(b.String(), "\n") {
		if dangerous(r) {
			t.Errorf("%q holds %U", b.String(), r)
		}
	}
	var back map[string]string
	if err := json.Unmarshal([]byte(b.String()), &back); err != nil {
		t.Fatal(err)
	}
	if want := strings.ToValidUTF8(in["s"], "\ufffd"); back["s"] != want {
		t.Errorf("got %q back, want %q", back["s"], want)
	}
	if !strings.Contains(b.String(), "<b>") {
		t.Errorf("HTML was escaped: %s", b.String())
	}
}

func TestTable(t *testing.T) {
	table := Table{Right: []int{0}, Flex: 1, Width: 24}
	table.Row("7", "日本語の件名はとても長い", "end")
	table.Row("123", "short", "")
	var b strings.Builder
	if err := table.Write(&b); err != nil {
		t.Fatal(err)
	}
	want := "  7  日本語の件名…   end\n123  short\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestHuman(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 9949: "9.9 kB", 12345: "12 kB", 999_700: "1.0 MB",
		150_000_000: "150 MB", 3_200_000_000_000: "3.2 TB",
	} {
		if got := Size(n); got != want {
			t.Errorf("Size(%d) = %s, want %s", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		-time.Second: "in the future", 90 * time.Second: "90 s", 90 * time.Minute: "90 min",
		26 * time.Hour: "26 h", 72 * time.Hour: "3 d",
	} {
		if got := Age(d); got != want {
			t.Errorf("Age(%s) = %s, want %s", d, got, want)
		}
	}
	if got := Count(1, "mailbox") + Count(3, "mailbox") + Count(2, "message"); got != "1 mailbox3 mailboxes2 messages" {
		t.Error(got)
	}
	if got := Date(time.Time{}, time.UTC); got != "-" {
		t.Error(got)
	}
}
