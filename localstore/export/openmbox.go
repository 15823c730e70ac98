package export

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
)

// openExact gives the bytes that were exported.
func (p mboxPart) openExact(path string, k mark) (io.ReadCloser, error) {
	r, err := p.unquoted(path, k.head)
	if err != nil {
		return nil, err
	}
	return limited{io.LimitReader(r, k.size), r}, nil
}

type limited struct {
	io.Reader
	io.Closer
}

// unquoted reads a part from skip on, and takes the > away.
func (p mboxPart) unquoted(path string, skip int64) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	q := &fromLines{loose: p.backup, mid: p.backup}
	return limited{&unquoter{in: io.NewSectionReader(f, p.start+skip, p.end-p.start-skip), q: q}, f}, nil
}

// unquoter is fromLines for a reader.
type unquoter struct {
	in  io.Reader
	q   *fromLines
	out bytes.Buffer
	buf []byte
	err error
}

func (u *unquoter) Read(p []byte) (int, error) {
	if u.buf == nil {
		u.q.w, u.buf = &u.out, make([]byte, 64<<10)
	}
	for u.out.Len() == 0 {
		if u.err != nil {
			return 0, u.err
		}
		var n int
		n, u.err = u.in.Read(u.buf)
		u.q.Write(u.buf[:n]) // a buffer takes everything
		if u.err != nil {
			u.q.end()
		}
	}
	return u.out.Read(p)
}

// openPlain gives a message without the fields that an mbox adds to its header and
// without the empty line behind it.
func (p mboxPart) openPlain(path string, skip int64) (io.ReadCloser, error) {
	part := p
	tail, err := p.tail(path)
	if err != nil {
		return nil, err
	}
	part.end -= tail
	r, err := part.unquoted(path, skip)
	if err != nil {
		return nil, err
	}
	return limited{&fieldFilter{in: bufio.NewReaderSize(r, 64<<10)}, r}, nil
}

// tail is how long the empty line at the end is.
func (p mboxPart) tail(path string) (int64, error) {
	end, err := p.lastBytes(path, 3)
	switch {
	case bytes.HasSuffix(end, []byte("\n\r\n")):
		return 2, err
	case bytes.HasSuffix(end, []byte("\n\n")):
		return 1, err
	}
	return 0, err
}

func (p mboxPart) lastBytes(path string, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	end := make([]byte, min(n, p.end-p.start))
	if _, err := f.ReadAt(end, p.end-int64(len(end))); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return end, nil
}
