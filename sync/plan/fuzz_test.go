package plan

import (
	"regexp"
	"strings"
	"testing"
)

// FuzzSelected: patterns mean what the same thing said as a regular expression
// means, for any name a server makes up.
func FuzzSelected(f *testing.F) {
	f.Add("Archive/*", "Archive/2024/05", "/")
	f.Add("!%", "a.b", ".")
	f.Add("inbox", "INBOX", "")
	f.Add("*a*b%c*", strings.Repeat("ab", 20), "b")
	f.Fuzz(func(t *testing.T, pattern, name, delim string) {
		if len(pattern)+len(name) > 200 || len(delim) > 1 || strings.ContainsFunc(pattern+name+delim, func(r rune) bool { return r > '~' }) {
			return // an expression reads runes, and names are compared by octet
		}
		got := Selected([]string{pattern}, name, delim)
		p, not := strings.CutPrefix(pattern, "!")
		want := expression(p, delim).MatchString(name) || strings.EqualFold(name, "INBOX") && strings.EqualFold(p, "INBOX")
		if got != (want != not) {
			t.Fatalf("%q, %q, %q: %v", pattern, name, delim, got)
		}
	})
}

// expression is a pattern as a regular expression.
func expression(pattern, delim string) *regexp.Regexp {
	var b strings.Builder
	for _, c := range []byte(pattern) {
		switch {
		case c == '*' || c == '%' && delim == "":
			b.WriteString(`(?:.|\n)*`)
		case c == '%':
			b.WriteString(`(?:[^` + hex(delim[0]) + `])*`)
		default:
			b.WriteString(hex(c))
		}
	}
	return regexp.MustCompile(`^(?:` + b.String() + `)$`)
}

func hex(c byte) string {
	const digits = "0123456789abcdef"
	return `\x{` + string(digits[c>>4]) + string(digits[c&15]) + `}`
}

// FuzzParseLimit: what is accepted means what it says.
func FuzzParseLimit(f *testing.F) {
	for _, text := range []string{"", "off", "20", "25%", "0", "101%", "-1", "+5", " 3", "9999999999999999999"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		limit, err := ParseLimit(text)
		if err != nil || text == "" {
			return
		}
		if again, err := ParseLimit(limit.String()); err != nil || again != limit {
			t.Fatalf("%q is %v, which is %v, %v", text, limit, again, err)
		}
	})
}
