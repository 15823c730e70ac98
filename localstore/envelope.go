package localstore

import (
	"bytes"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	_ "github.com/emersion/go-message/charset" // all charsets for encoded words
	"github.com/emersion/go-message/mail"
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
		MessageID: tidy(first(f["Message-Id"]), maxField),
		Subject:   tidy(decode(f, "Subject"), maxField),
		Sender:    tidy(addresses(f, "From"), maxField),
		Date:      date(f),
	}
	var to []string
	for _, name := range []string{"To", "Cc", "Bcc"} {
		if a := addresses(f, name); a != "" {
			to = append(to, a)
		}
	}
	e.Recipients = tidy(strings.Join(to, ", "), maxRecipients)
	return e
}

// wanted maps the lower-cased names of the fields of an envelope to the form
// go-message looks them up by.
var wanted = map[string]string{"message-id": "Message-Id", "subject": "Subject", "from": "From",
	"to": "To", "cc": "Cc", "bcc": "Bcc", "date": "Date"}

// fields unfolds the wanted fields. go-message's reader stops at the first line
// that is no field (a mbox "From ", a stray blank); this one skips it. A field
// that should come once counts the first time.
func fields(text []byte) map[string][]string {
	f := map[string][]string{}
	name := ""
	for line := range bytes.Lines(text) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
			if v := f[name]; name != "" && len(v[0])+len(line) < maxRawField {
				v[0] += " " + strings.TrimLeft(string(line), " \t")
			}
			continue
		}
		key, value, ok := bytes.Cut(line, []byte(":"))
		name = wanted[strings.ToLower(string(bytes.TrimRight(key, " \t")))]
		if !ok || name == "" || f[name] != nil {
			name = ""
			continue
		}
		f[name] = []string{readable(string(bytes.TrimSpace(value[:min(len(value), maxRawField)])))}
	}
	return f
}

func first(v []string) string {
	if len(v) == 0 {
		return ""
	}
	return v[0]
}

// decode gives a field with its encoded words decoded (RFC 2047).
func decode(f map[string][]string, name string) (text string) {
	text = first(f[name])
	defer keep(&text, text)
	h := mail.HeaderFromMap(f)
	if s, err := h.Text(name); err == nil {
		return s
	}
	return text
}

// addresses gives an address field as "Name <address>", or its text when it does
// not follow RFC 5322.
func addresses(f map[string][]string, name string) (text string) {
	text = decode(f, name)
	defer keep(&text, text)
	h := mail.HeaderFromMap(f)
	list, err := h.AddressList(name)
	if err != nil || len(list) == 0 {
		return text
	}
	var out []string
	for _, a := range list {
		if a.Name == "" {
			out = append(out, a.Address)
		} else {
			out = append(out, a.Name+" <"+a.Address+">")
		}
	}
	return strings.Join(out, ", ")
}

// date reads Date; zero when it cannot, or when the year is no year of mail.
func date(f map[string][]string) (t time.Time) {
	defer keep(&t, t)
	h := mail.HeaderFromMap(f)
	d, err := h.Date()
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
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.TrimSpace(s)
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
