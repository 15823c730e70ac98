package compose

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Why a file is no message.
var (
	ErrEmpty    = errors.New("it is empty")
	ErrMbox     = errors.New(`it begins with "From ", like a file of many messages (mbox)`)
	ErrNoHeader = errors.New(`it does not begin with a header such as "Subject: hello"`)
)

// maxField is how far the name of the first header field is looked for (RFC 5322
// section 2.1.1 allows no longer line).
const maxField = 998

// Reader gives the bytes of a message to send.
type Reader struct {
	src  *bufio.Reader
	last byte // read before
	read int64
	in   []byte
	out  []byte // converted, not given yet
	err  error
}

const bufferSize = 32 << 10

// New looks at the beginning of r.
func New(r io.Reader) (*Reader, error) {
	src := bufio.NewReaderSize(r, bufferSize)
	head, err := src.Peek(maxField)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if err := begins(head); err != nil {
		return nil, err
	}
	return Lines(src), nil
}

// Lines gives what is in r with its line ends made CRLF, whatever it begins with.
func Lines(r io.Reader) *Reader {
	return &Reader{src: bufio.NewReaderSize(r, bufferSize), in: make([]byte, bufferSize)}
}

// begins tells why what begins so is no message.
func begins(head []byte) error {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	name, _, colon := bytes.Cut(line, []byte(":"))
	switch {
	case len(head) == 0:
		return ErrEmpty
	case bytes.HasPrefix(line, []byte("From ")):
		return ErrMbox
	case !colon || !fieldName(bytes.TrimRight(name, " \t")):
		return ErrNoHeader
	}
	return nil
}

// fieldName: RFC 5322 section 2.2; blanks before the colon are of section 4.5.
func fieldName(name []byte) bool {
	return len(name) > 0 && !bytes.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' })
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.fill()
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// fill converts what the source has next.
func (r *Reader) fill() {
	n, err := r.src.Read(r.in)
	r.err = err
	out := r.out[:0]
	for _, c := range r.in[:n] {
		if c == 0 {
			r.out, r.err = nil, fmt.Errorf("byte %d is zero, which no IMAP server takes", r.read)
			return
		}
		if c == '\n' && r.last != '\r' {
			out = append(out, '\r')
		}
		out = append(out, c)
		r.last = c
		r.read++
	}
	r.out = out
}
