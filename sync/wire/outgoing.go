package wire

import (
	"bytes"
	"strings"
)

// outgoing follows what imapclient sends: which commands are in flight, and how
// many literals wait for a continuation request.
type outgoing struct {
	tags   map[string]bool // whether it is a SEARCH
	logout bool
	plus   int

	line   []byte // the line so far, up to its CRLF
	inside bool   // line continues a command behind a literal
	data   int64  // octets of a literal still to come
	trace  *tracer
}

// scan takes the next octets sent and returns how many commands began in them.
func (o *outgoing) scan(p []byte) (begun int) {
	if o.tags == nil {
		o.tags = map[string]bool{}
	}
	for len(p) > 0 {
		if o.data > 0 {
			n := min(o.data, int64(len(p)))
			o.data -= n
			p = p[n:]
			continue
		}
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			o.line = append(o.line, p...)
			return begun
		}
		o.line = append(o.line, p[:i+1]...)
		p = p[i+1:]
		if o.endLine() {
			begun++
		}
	}
	return begun
}

// endLine deals with a whole line and reports whether a command began in it.
func (o *outgoing) endLine() (begun bool) {
	o.trace.sent(string(o.line))
	line := strings.TrimRight(string(o.line), "\r\n")
	o.line = o.line[:0]
	if !o.inside {
		tag, rest, ok := strings.Cut(line, " ")
		if ok {
			o.tags[tag] = strings.Contains(strings.ToUpper(rest), "SEARCH")
			o.logout = o.logout || strings.EqualFold(rest, "LOGOUT")
			begun = true
		}
	}
	n, lit := announced([]byte(line))
	o.inside, o.data = lit, n
	if lit {
		o.trace.literal(n)
	}
	if lit && !strings.HasSuffix(line, "+}") {
		o.plus++
	}
	return begun
}

// takePlus uses up one continuation request, if something waits for it.
func (o *outgoing) takePlus() bool {
	if o.plus == 0 {
		return false
	}
	o.plus--
	return true
}

// searching: the answer to a SEARCH is due.
func (o *outgoing) searching() bool {
	for _, search := range o.tags {
		if search {
			return true
		}
	}
	return false
}

// answered removes a command that was answered and reports whether it was in
// flight. With it goes the literal it waited for.
func (o *outgoing) answered(tag string) bool {
	if _, ok := o.tags[tag]; !ok {
		return false
	}
	delete(o.tags, tag)
	if len(o.tags) == 0 {
		o.plus = 0
	}
	return true
}
