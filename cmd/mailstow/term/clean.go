package term

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes s safe for one line of output: every control character, line
// breaks and tabs included, becomes a visible escape.
func Clean(s string) string {
	return escape(s, func(rune) bool { return false })
}

// CleanText makes s safe for several lines of output: line feeds and tabs
// stay, CRLF becomes a line feed, everything else is as in Clean.
func CleanText(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return escape(s, func(r rune) bool { return r == '\n' || r == '\t' })
}

func escape(s string, keep func(rune) bool) string {
	if clean(s, keep) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		writeEscaped(&b, r, s[i:i+size], keep)
		i += size
	}
	return b.String()
}

func clean(s string, keep func(rune) bool) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if dangerous(r) && !keep(r) {
			return false
		}
	}
	return true
}

func writeEscaped(b *strings.Builder, r rune, raw string, keep func(rune) bool) {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		fmt.Fprintf(b, `\x%02x`, raw[0])
	case keep(r) || !dangerous(r):
		b.WriteString(raw)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case r < 0x100:
		fmt.Fprintf(b, `\x%02x`, r)
	default:
		fmt.Fprintf(b, `\u%04x`, r)
	}
}

// dangerous tells which characters may move the cursor, start an escape
// sequence, end a line where none ends, or turn the reading order around.
func dangerous(r rune) bool {
	switch {
	case unicode.IsControl(r): // C0, DEL, C1 (an 8-bit CSI is U+009B)
		return true
	case r == 0x061C, r == 0x200E, r == 0x200F: // bidirectional marks
		return true
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069: // overrides, isolates
		return true
	case r == 0x2028, r == 0x2029: // line and paragraph separator
		return true
	}
	return false
}
