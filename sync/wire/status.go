package wire

import (
	"bytes"
	"strings"
)

// Status is what OK, NO, BAD, BYE and PREAUTH carry (RFC 9051 section 7.1).
type Status struct {
	Type string // OK, NO, BAD, BYE, PREAUTH
	Code string // response code in upper case, "" without one
	Arg  string // its argument, raw
	Text string // raw server text in one line of at most MaxText octets
}

// OK reports whether the status is OK.
func (s Status) OK() bool { return s.Type == "OK" }

// Status parses the response as a status; it may be called again.
func (resp *Response) Status() Status {
	if resp.status == nil {
		s := parseStatus(resp.Name, resp.Rest())
		resp.status = &s
	}
	return *resp.status
}

func parseStatus(kind string, rest []byte) Status {
	s := Status{Type: kind}
	if len(rest) > 0 && rest[0] == '[' {
		if end := codeEnd(rest); end > 0 {
			code, arg, _ := bytes.Cut(rest[1:end], []byte{' '})
			s.Code, s.Arg = strings.ToUpper(string(code)), string(bytes.TrimSpace(arg))
			rest = rest[end+1:]
		}
	}
	s.Text = OneLine(rest)
	return s
}

// codeEnd finds the "]" of a response code. A keyword in PERMANENTFLAGS may hold
// one itself, so a list ends with ")]"; so may a quoted argument.
func codeEnd(b []byte) int {
	if i := bytes.IndexByte(b, '('); i > 0 && i < bytes.IndexByte(b, ']') {
		if end := bytes.Index(b, []byte(")]")); end > 0 {
			return end + 1
		}
	}
	quoted := false
	for i, ch := range b {
		if ch == '"' {
			quoted = !quoted
		} else if ch == ']' && !quoted {
			return i
		}
	}
	return bytes.IndexByte(b, ']')
}

// OneLine makes server text fit for an error: one line, bounded, else raw.
func OneLine(text []byte) string {
	text = bytes.TrimSpace(text)
	if len(text) > MaxText {
		text = append(bytes.Clone(text[:MaxText]), "..."...)
	}
	b := bytes.Clone(text)
	for i, ch := range b {
		if ch == '\r' || ch == '\n' || ch == 0 {
			b[i] = ' '
		}
	}
	return string(b)
}
