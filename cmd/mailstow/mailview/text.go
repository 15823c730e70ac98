package mailview

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

const cut = "\n[the rest of this text is not shown]\n"

// readText reads a text part. One that broke off, or whose encoding is wrong,
// gives what came before.
func readText(r io.Reader) (string, error) {
	var b bytes.Buffer
	_, err := io.Copy(&b, io.LimitReader(r, maxText+1))
	long := b.Len() > maxText
	if long {
		b.Truncate(maxText)
		_, err = io.Copy(io.Discard, r)
	}
	text := strings.ReplaceAll(b.String(), "\r\n", "\n")
	if long {
		return utf8Text(trimPartialRune(text)) + cut, err
	}
	return utf8Text(text), err
}

// utf8Text reads 8-bit text that does not say what it is as Windows-1252, which
// most such mail was written in, unless it is UTF-8.
func utf8Text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	decoded, err := charmap.Windows1252.NewDecoder().String(s)
	if err != nil {
		return s
	}
	return decoded
}

// trimPartialRune drops a character that was cut at the end.
func trimPartialRune(s string) string {
	for i := 1; i < utf8.UTFMax && i < len(s); i++ {
		if c := s[len(s)-i]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRuneInString(s[len(s)-i:]) {
				return s[:len(s)-i]
			}
			return s
		}
	}
	return s
}
