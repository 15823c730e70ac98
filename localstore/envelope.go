package localstore

import (
	"bytes"
	"mime"
	netmail "net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // all charsets for encoded words
	"golang.org/x/text/encoding/charmap"
)

// Limits of what an envelope keeps of a field, in bytes.
const (
	maxRawField   = 64 << 10
	maxField      = 4 << 10
	maxRecipients = 16 << 10
)

// Envelope is what a header says, decoded for people (I13: read here, never
// asked of the server). Whatever cannot be read is left as it is or empty; a
// message is never refused for its header.
type Envelope struct {
	MessageID  string // with its angle brackets
	Subject    string
	Sender     string // From: "Name <address>", separated by ", "
	Recipients string // To, Cc and Bcc, the same way
	Date       time.Time
}

// parseEnvelope reads a header block.
func parseEnvelope(text []byte) Envelope {
	f := fields(text)
	e := Envelope{
		MessageID: tidy(f[messageID], maxField),
		Subject:   tidy(decode(f[subject]), maxField),
		Sender:    tidy(addresses(f[from]), maxField),
		Date:      date(f[sent]),
	}
	var all []string
	for _, v := range []string{f[to], f[cc], f[bcc]} {
		if a := addresses(v); a != "" {
			all = append(all, a)
		}
	}
	e.Recipients = tidy(strings.Join(all, ", "), maxRecipients)
	return e
}

// The fields of an envelope.
const (
	messageID = iota
	subject
	from
	to
	cc
	bcc
	sent
	fieldCount
)

var fieldNames = [fieldCount][]byte{[]byte("message-id"), []byte("subject"), []byte("from"),
	[]byte("to"), []byte("cc"), []byte("bcc"), []byte("date")}

// fieldOf tells which field a name is, -1 for any other.
func fieldOf(name []byte) int {
	for i, n := range fieldNames {
		if len(n) == len(name) && bytes.EqualFold(n, name) {
			return i
		}
	}
	return -1
}

// fields unfolds the fields of an envelope. go-message's reader stops at the
// first line that is no field (a mbox "From ", a stray blank); this one skips it.
// A field that should come once counts the first time.
func fields(text []byte) (f [fieldCount]string) {
	var seen [fieldCount]bool
	at := -1 // the field that a folded line goes on with
	for line := range bytes.Lines(text) {
		if line[0] == ' ' || line[0] == '\t' {
			if line = bytes.TrimRight(line, "\r\n"); at >= 0 && len(f[at])+len(line) < maxRawField {
				f[at] += " " + strings.TrimLeft(string(line), " \t")
			}
			continue
		}
		at = -1
		colon := bytes.IndexByte(line, ':')
		if colon < 0 {
			continue
		}
		if i := fieldOf(bytes.TrimRight(line[:colon], " \t")); i >= 0 && !seen[i] {
			value := line[colon+1:]
			at, seen[i] = i, true
			f[i] = readable(string(bytes.TrimSpace(value[:min(len(value), maxRawField)])))
		}
	}
	return f
}

// decode gives a field with its encoded words decoded (RFC 2047), as it is where
// that fails.
func decode(v string) (text string) {
	if !strings.Contains(v, "=?") {
		return v
	}
	defer keep(&text, v)
	words := mime.WordDecoder{CharsetReader: message.CharsetReader}
	if s, err := words.DecodeHeader(v); err == nil {
		return s
	}
	return v
}

// date reads Date; zero when it cannot, or when the year is no year of mail.
func date(v string) (t time.Time) {
	defer keep(&t, t)
	// What nearly all mail has comes first: ParseDate tries dozens of forms.
	d, err := time.Parse("Mon, 2 Jan 2006 15:04:05 -0700", v)
	if err != nil {
		d, err = netmail.ParseDate(v)
	}
	if err != nil || d.Year() < 1 || d.Year() > 9998 {
		return time.Time{}
	}
	return d
}

// keep restores *v when the parser of a foreign package panics: this runs on
// whatever the network sent, and must not cost the message.
func keep[T any](v *T, old T) {
	if recover() != nil {
		*v = old
	}
}

// readable makes text of 8-bit header bytes: UTF-8 where it is that (RFC 6532),
// else Windows-1252, which most such mail was written in.
func readable(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	if d, err := charmap.Windows1252.NewDecoder().String(s); err == nil {
		return d
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// tidy makes one line of at most limit bytes: control characters, NUL among
// them, become blanks.
func tidy(s string, limit int) string {
	if !printable(s) {
		s = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return ' '
			}
			return r
		}, strings.ToValidUTF8(s, "\uFFFD"))
	}
	s = strings.TrimSpace(s)
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// printable tells whether s is ASCII without control characters.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
