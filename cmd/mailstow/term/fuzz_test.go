package term

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzClean: nothing that comes out moves a cursor, starts a sequence or a line, or
// turns the reading around.
func FuzzClean(f *testing.F) {
	f.Add("plain")
	f.Add("\x1b]0;x\a\x1b[31m\r\n\t\x00\x7f\x9b\u202e\u2028")
	f.Add("\xff\xc3\x28")
	f.Fuzz(func(t *testing.T, s string) {
		one, text := Clean(s), CleanText(s)
		for _, out := range []string{one, strings.NewReplacer("\n", "", "\t", "").Replace(text)} {
			if !utf8.ValidString(out) || strings.ContainsFunc(out, func(r rune) bool {
				return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
			}) {
				t.Fatalf("%q became %q", s, out)
			}
		}
		if Clean(one) != one {
			t.Fatalf("%q is cleaned again to %q", one, Clean(one))
		}
	})
}
