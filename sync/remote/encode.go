package remote

import (
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// errNoName: what cannot be the name of a mailbox (row 35). U+FFFD stands for text
// that was lost already.
var errNoName = errors.New("a mailbox name is valid text without control characters")

// EncodeName makes the raw name of a name for people: modified UTF-7 (RFC 3501
// section 5.1.3). Whatever it returns, DecodeName turns back into name.
func EncodeName(name string) (raw string, err error) {
	if name == "" || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError }) {
		return "", errNoName
	}
	var b strings.Builder
	var shifted []rune
	for _, r := range name {
		if r > '~' {
			shifted = append(shifted, r)
			continue
		}
		shift(&b, shifted)
		shifted = shifted[:0]
		if r == '&' {
			b.WriteString("&-")
		} else {
			b.WriteRune(r)
		}
	}
	shift(&b, shifted)
	return b.String(), nil
}

// shift writes characters beyond ASCII.
func shift(b *strings.Builder, runes []rune) {
	if len(runes) == 0 {
		return
	}
	var octets []byte
	for _, unit := range utf16.Encode(runes) {
		octets = append(octets, byte(unit>>8), byte(unit))
	}
	b.WriteString("&" + mutf7.EncodeToString(octets) + "-")
}
