package wire

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Trace writes conversations for bug reports: one line for each line of the
// protocol, with the time, the number of the connection and the direction. It
// sits above TLS and COMPRESS.
//
// It holds no credentials and no mail: the arguments of LOGIN and the whole of an
// AUTHENTICATE exchange are left out, so is whatever repeats a secret that Hide
// was told of; literals are left out but for their size, and so are the quoted
// strings of FETCH, dates excepted. Names of mailboxes, flags and what the server
// says in words stay.
type Trace struct {
	mu    sync.Mutex
	w     io.Writer
	now   func() time.Time
	conns int
	err   error
}

// NewTrace returns a Trace that writes to w; any number of connections share it.
func NewTrace(w io.Writer) *Trace { return &Trace{w: w, now: time.Now} }

// Err returns the first error of the writer. A trace that cannot be written ends
// no connection.
func (t *Trace) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// maxTraced is how much of a line is kept: SEARCH lines run to megabytes.
const maxTraced = 1000

// masked stands for what must not be in the trace.
const masked = "[masked]"

// tracer is one connection's part of a Trace. A nil tracer does nothing.
type tracer struct {
	t       *Trace
	n       int
	secrets []string // guarded by t.mu
	login   bool     // LOGIN or AUTHENTICATE is in flight
	fetch   bool     // the response being read is a FETCH
	greeted bool     // the first line came
	out     []byte   // the outgoing line so far
}

func (t *Trace) conn() *tracer {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conns++
	return &tracer{t: t, n: t.conns}
}

// write adds one line; kind is C, S or "-" for what is no part of the protocol.
func (tr *tracer) write(kind, text string) {
	tr.t.mu.Lock()
	defer tr.t.mu.Unlock()
	for _, secret := range tr.secrets {
		text = strings.ReplaceAll(text, secret, masked)
	}
	if len(text) > maxTraced {
		text = fmt.Sprintf("%s... [%d octets]", text[:maxTraced], len(text))
	}
	if tr.t.err == nil {
		_, tr.t.err = fmt.Fprintf(tr.t.w, "%s #%d %s %s\n", tr.t.now().UTC().Format("2006-01-02T15:04:05.000Z"), tr.n, kind, printable(text))
	}
}

// printable keeps control characters out of terminals and lines whole.
func printable(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if ch := text[i]; ch < ' ' || ch == 0x7f {
			fmt.Fprintf(&b, `\x%02x`, ch)
		} else {
			b.WriteByte(ch)
		}
	}
	return b.String()
}

// note says what happened beside the conversation.
func (tr *tracer) note(format string, args ...any) {
	if tr != nil {
		tr.write("-", fmt.Sprintf(format, args...))
	}
}

// hide adds forms of secrets, longest first where one holds another.
func (tr *tracer) hide(forms []string) {
	if tr != nil {
		tr.t.mu.Lock()
		defer tr.t.mu.Unlock()
		tr.secrets = append(tr.secrets, forms...)
		slices.SortFunc(tr.secrets, func(a, b string) int { return len(b) - len(a) })
	}
}

// sent takes text on its way out; a line is written when it is whole. Literals do
// not come here.
func (tr *tracer) sent(text string) {
	if tr == nil {
		return
	}
	tr.out = append(tr.out, text...)
	for {
		i := bytes.IndexByte(tr.out, '\n')
		if i < 0 {
			return
		}
		tr.line(strings.TrimRight(string(tr.out[:i]), "\r"))
		tr.out = tr.out[i+1:]
	}
}

// line writes one outgoing line, without credentials.
func (tr *tracer) line(line string) {
	tag, rest, _ := strings.Cut(line, " ")
	name, args, _ := strings.Cut(rest, " ")
	switch {
	case tr.login:
		line = masked
	case strings.EqualFold(name, "LOGIN"):
		tr.login, line = true, tag+" "+name+" "+masked
	case strings.EqualFold(name, "AUTHENTICATE"):
		mechanism, initial, found := strings.Cut(args, " ")
		tr.login, line = true, tag+" "+name+" "+mechanism
		if found && initial != "" {
			line += " " + masked
		}
	}
	tr.write("C", line)
}

// literal stands for the octets of a literal that was sent.
func (tr *tracer) literal(n int64) {
	if tr != nil && !tr.login {
		tr.sent(fmt.Sprintf("[%d octets]", n))
	}
}

// answered: the answer to a command came.
func (tr *tracer) answered(name string) {
	if tr != nil && (name == "LOGIN" || name == "AUTHENTICATE") {
		tr.login = false
	}
}

// received writes one segment; first says that a response begins with it.
func (tr *tracer) received(seg []byte, first bool) {
	if tr == nil {
		return
	}
	if len(seg) > 2*maxTraced && !tr.fetch {
		seg = append(bytes.Clone(seg[:2*maxTraced]), fmt.Sprintf(" [%d octets]", len(seg))...)
	}
	text := string(seg)
	if first {
		tr.fetch = fetchLine.MatchString(text)
	}
	greeting := !tr.greeted
	tr.greeted = true
	switch {
	case first && !greeting && !response.MatchString(text):
		text = fmt.Sprintf("[%d octets that are no response]", len(seg)) // mail, perhaps, where framing was lost
	case tr.login && strings.HasPrefix(text, "+"):
		text = "+ " + masked
	case tr.fetch:
		text = withoutStrings(text)
	}
	if !first {
		text = "  " + text // behind a literal
	}
	tr.write("S", text)
}

var (
	response  = regexp.MustCompile(`^(\*|\+|[A-Za-z]+[0-9]+)( |$)`)
	fetchLine = regexp.MustCompile(`(?i)^\* \d+ FETCH`)
	dateTime  = regexp.MustCompile(`^[ 0-9]\d-[A-Za-z]{3}-\d{4} \d\d:\d\d:\d\d [+-]\d{4}$`)
)

// withoutStrings replaces quoted strings by their length, dates excepted: a body
// or a header may come as one. A string without an end reaches to the end.
func withoutStrings(text string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(text, '"')
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:i])
		end := quotedEnd(text[i+1:])
		if value := text[i+1 : i+1+end]; dateTime.MatchString(value) {
			b.WriteString(`"` + value + `"`)
		} else {
			fmt.Fprintf(&b, `"[%d octets]"`, len(value))
		}
		text = text[min(len(text), i+1+end+1):]
	}
}

func quotedEnd(text string) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text)
}
