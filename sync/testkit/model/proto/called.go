package proto

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// called is the name that a client means: the account has names in UTF-8, and so have
// clients that know IMAP4rev2; others have modified UTF-7 (RFC 3501 section 5.1.3).
func (s *session) called(n node) string {
	if s.rev2() {
		return n.text
	}
	return fromUTF7(n.text)
}

// name is a name as the client reads it.
func (s *session) name(name string) string {
	if !s.rev2() {
		name = toUTF7(name)
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
}

var utf7 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)

// fromUTF7 leaves alone what is none.
func fromUTF7(text string) string {
	var out strings.Builder
	for rest := text; rest != ""; {
		plain, after, shifted := strings.Cut(rest, "&")
		out.WriteString(plain)
		if !shifted {
			break
		}
		code, left, ended := strings.Cut(after, "-")
		data, err := utf7.DecodeString(code)
		if !ended || err != nil || len(data)%2 != 0 {
			return text
		}
		if code == "" {
			out.WriteByte('&')
		}
		var units []uint16
		for i := 0; i < len(data); i += 2 {
			units = append(units, uint16(data[i])<<8|uint16(data[i+1]))
		}
		out.WriteString(string(utf16.Decode(units)))
		rest = left
	}
	return out.String()
}

func toUTF7(text string) string {
	var out strings.Builder
	var wide []byte
	flush := func() {
		if len(wide) > 0 {
			out.WriteString("&" + utf7.EncodeToString(wide) + "-")
			wide = nil
		}
	}
	if !utf8.ValidString(text) { // it came like this
		return text
	}
	for _, r := range text {
		switch {
		case r >= 0x20 && r <= 0x7e:
			flush()
			out.WriteRune(r)
			if r == '&' {
				out.WriteByte('-')
			}
		default:
			for _, u := range utf16.Encode([]rune{r}) {
				wide = append(wide, byte(u>>8), byte(u))
			}
		}
	}
	flush()
	return out.String()
}
