package mailgen

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// envelope is the header a message starts with.
type envelope struct {
	from, to, subject string
	date              time.Time
	id, inReplyTo     string
	extra             string // further header lines, each ending in CRLF
	boundary          string
}

func (g *Generator) envelope() *envelope {
	e := &envelope{
		from: g.pick(people), to: g.pick(people), subject: g.pick(subjects),
		date:     g.now.In(time.FixedZone("", []int{0, 3600, -18000, 19800}[g.r.IntN(4)])),
		id:       fmt.Sprintf("<%d.%08x@mailgen.example>", g.n, g.r.Uint32()),
		boundary: fmt.Sprintf("=_%08x", g.r.Uint32()),
	}
	if len(g.ids) > 0 && g.r.IntN(3) == 0 {
		e.inReplyTo = g.pick(g.ids)
	}
	g.ids = append(g.ids, e.id)
	return e
}

// header is everything before Content-Type.
func (e *envelope) header() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Received: from relay.example by mx.example with ESMTPS;\r\n\t%s\r\n", e.date.Format(time.RFC1123Z))
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nSubject: %s\r\n", address(e.from), address(e.to), word(e.subject))
	fmt.Fprintf(&b, "Date: %s\r\nMessage-ID: %s\r\n", e.date.Format(time.RFC1123Z), e.id)
	if e.inReplyTo != "" {
		fmt.Fprintf(&b, "In-Reply-To: %s\r\nReferences: %s\r\n", e.inReplyTo, e.inReplyTo)
	}
	b.WriteString(e.extra)
	b.WriteString("MIME-Version: 1.0\r\n")
	return b.String()
}

// part is a body with its own header lines (each ending in CRLF).
type part struct{ header, body string }

func (e *envelope) single(p part) []byte {
	return []byte(e.header() + p.header + "\r\n" + p.body)
}

func (e *envelope) multipart(subtype string, parts []part) []byte {
	p := multipart(subtype, e.boundary, parts)
	return e.single(p)
}

func multipart(subtype, boundary string, parts []part) part {
	var b strings.Builder
	b.WriteString("This is a message in MIME format.\r\n")
	for _, p := range parts {
		fmt.Fprintf(&b, "--%s\r\n%s\r\n%s\r\n", boundary, p.header, strings.TrimSuffix(p.body, "\r\n"))
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return part{fmt.Sprintf("Content-Type: multipart/%s; boundary=\"%s\"\r\n", subtype, boundary), b.String()}
}

// textPart writes text, already in the charset's bytes, in a transfer encoding.
func textPart(charset, encoding, text string) part {
	return typed("text/plain; charset="+charset, encoding, text)
}

func typed(contentType, encoding, text string) part {
	h := fmt.Sprintf("Content-Type: %s\r\nContent-Transfer-Encoding: %s\r\n", contentType, encoding)
	switch encoding {
	case "quoted-printable":
		var b bytes.Buffer
		w := quotedprintable.NewWriter(&b)
		w.Write([]byte(text))
		w.Close()
		return part{h, b.String()}
	case "base64":
		return part{h, lines(base64.StdEncoding.EncodeToString([]byte(text)))}
	}
	return part{h, text}
}

func filePart(name, contentType string, data []byte) part {
	p := typed(contentType, "base64", string(data))
	p.header += mime.FormatMediaType("attachment", map[string]string{"filename": name})
	p.header = strings.Replace(p.header, "attachment;", "Content-Disposition: attachment;", 1) + "\r\n"
	return p
}

// lines breaks base64 at 76 characters (RFC 2045 section 6.8).
func lines(s string) string {
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\r\n")
		s = s[76:]
	}
	return b.String() + s + "\r\n"
}

// word encodes a header text where it is not ASCII (RFC 2047).
func word(s string) string { return mime.QEncoding.Encode("utf-8", s) }

func address(s string) string {
	a, err := mail.ParseAddress(s)
	if err != nil {
		return s
	}
	return a.String()
}
