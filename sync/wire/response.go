package wire

import (
	"bytes"
	"strings"
)

// Response is one response of the server, read as a stream of tokens. It is
// valid until the Handler it was given to returns; what was not read is skipped.
type Response struct {
	// Tag is "*" for data, "+" for a continuation request, else a command's tag.
	Tag string
	// Num is the number before the name, as in "* 12 FETCH"; valid with HasNum.
	Num    uint32
	HasNum bool
	// Name is the kind of response in upper case: OK, LIST, FETCH...
	Name   string
	status *Status
	r      *reader
}

// names saves an allocation per response for the usual kinds.
var names = map[string]string{}

func init() {
	for _, n := range []string{"OK", "NO", "BAD", "BYE", "PREAUTH", "FETCH", "LIST", "LSUB", "STATUS", "EXISTS", "EXPUNGE"} {
		names[n] = n
	}
}

// head reads the first words of the next response. ok is false for a line that
// is no response at all.
func (r *reader) head() (resp Response, ok bool, err error) {
	if err := r.line(true); err != nil {
		return resp, false, err
	}
	r.depth = 0
	resp.r = r
	if len(r.seg) > 0 && r.seg[0] == '+' {
		r.pos = 1
		resp.Tag, resp.Name = "+", "+"
		return resp, true, nil
	}
	tag := r.word()
	if string(tag) == "*" {
		resp.Tag = "*"
	} else {
		resp.Tag = string(tag)
	}
	word := r.word()
	if n, isNum := number32(word); isNum && resp.Tag == "*" {
		resp.Num, resp.HasNum = n, true
		word = r.word()
	}
	if name, known := names[string(word)]; known {
		resp.Name = name
	} else {
		resp.Name = strings.ToUpper(string(word))
	}
	return resp, resp.Tag != "" && resp.Name != "" && resp.wellTagged(), nil
}

// wellTagged: a tagged response has an atom as its tag and says OK, NO or BAD.
func (resp *Response) wellTagged() bool {
	return resp.Tag == "*" || isAtom(resp.Tag) && (resp.Name == "OK" || resp.Name == "NO" || resp.Name == "BAD")
}

// word reads up to the next space or parenthesis and skips spaces after it.
func (r *reader) word() []byte {
	start := r.pos
	for r.pos < len(r.seg) && r.seg[r.pos] != ' ' && r.seg[r.pos] != '(' {
		r.pos++
	}
	w := r.seg[start:r.pos]
	r.spaces()
	return w
}

func (r *reader) spaces() {
	for r.pos < len(r.seg) && r.seg[r.pos] == ' ' {
		r.pos++
	}
}

// isStatus tells the responses that end in free text and never hold a literal.
func (resp *Response) isStatus() bool {
	if resp.Tag != "*" {
		return true
	}
	switch resp.Name {
	case "OK", "NO", "BAD", "BYE", "PREAUTH":
		return !resp.HasNum
	}
	return false
}

// finish goes to the end of the response.
func (resp *Response) finish() error {
	if resp.isStatus() && resp.r.lit < 0 {
		resp.r.pos = len(resp.r.seg)
		return resp.r.err
	}
	return resp.r.skip()
}

// Rest returns the rest of the line as it is; for "+" responses.
func (resp *Response) Rest() []byte {
	rest := bytes.TrimLeft(resp.r.seg[resp.r.pos:], " ")
	resp.r.pos = len(resp.r.seg)
	return rest
}

func number32(b []byte) (uint32, bool) {
	n, ok := ParseNumber(b)
	return uint32(n), ok && n <= 1<<32-1
}

// ParseNumber parses digits alone; it fails beyond 64 bits.
func ParseNumber(b []byte) (uint64, bool) {
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	var n uint64
	for _, ch := range b {
		d := uint64(ch - '0')
		if ch < '0' || ch > '9' || n > (1<<64-1-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}
