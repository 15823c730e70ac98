package remote

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// mutf7 is the base64 of modified UTF-7 (RFC 3501 section 5.1.3).
var mutf7 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)

// DecodeName decodes a raw mailbox name for people. It never fails: what is no
// modified UTF-7 stays as it is, and 8-bit bytes that are no UTF-8 are read as
// Latin-1. The result is valid UTF-8, but may hold control characters.
func DecodeName(raw string) string {
	if !utf8.ValidString(raw) {
		return latin1(raw)
	}
	if !strings.Contains(raw, "&") {
		return raw
	}
	var b strings.Builder
	for rest := raw; rest != ""; {
		text, shifted, found := strings.Cut(rest, "&")
		b.WriteString(text)
		if !found {
			break
		}
		code, after, closed := strings.Cut(shifted, "-")
		decoded, ok := decodeShift(code)
		if !closed || !ok {
			return raw
		}
		b.WriteString(decoded)
		rest = after
	}
	return b.String()
}

// decodeShift decodes what stands between "&" and "-".
func decodeShift(code string) (string, bool) {
	if code == "" {
		return "&", true
	}
	b, err := mutf7.DecodeString(code)
	if err != nil || len(b)%2 != 0 {
		return "", false
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	text := string(utf16.Decode(units))
	return text, !strings.ContainsRune(text, utf8.RuneError)
}

func latin1(raw string) string {
	runes := make([]rune, len(raw))
	for i := range len(raw) {
		runes[i] = rune(raw[i])
	}
	return string(runes)
}
