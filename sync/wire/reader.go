package wire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// bufSize holds a few hundred metadata lines, and a whole TLS record.
const bufSize = 64 << 10

// reader frames the server's stream. A response is one or more segments (a line
// without its end) with a literal after each but the last. The current segment
// aliases the buffer: it is valid until the next read.
//
// Invariant: at a response boundary lit is -1 and pos is len(seg). The first
// error sticks; after it nothing is returned any more.
type reader struct {
	br       *bufio.Reader
	seg      []byte
	pos      int
	long     []byte // backs a segment longer than br's buffer
	lit      int64  // octets left of the open literal; -1: none is open
	depth    int
	strings  int64 // octets of literals of this response that were held as strings
	segments int   // of this response
	max      int64 // longest literal
	dropped  int64 // octets of literals thrown away in this exchange
	err      error
	trace    *tracer
	meter    meter
	taken    int64 // octets of literals that were read
}

func newReader(r io.Reader, maxLiteral int64) *reader {
	return &reader{br: bufio.NewReaderSize(r, bufSize), lit: -1, max: maxLiteral}
}

func (r *reader) fail(err error) error {
	if r.err == nil {
		r.err = err
	}
	return r.err
}

// line reads the next segment. Only where a response may begin is the end of
// the stream a plain io.EOF.
func (r *reader) line(first bool) error {
	if r.err != nil {
		return r.err
	}
	r.pos, r.seg = 0, nil
	if first {
		r.segments, r.strings = 0, 0
	} else if r.segments++; r.segments > MaxSegments {
		return r.fail(&LimitError{What: "count of literals in a response", Limit: MaxSegments})
	}
	seg, err := r.br.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		seg, err = r.longLine(seg)
	}
	if err != nil {
		if !first || len(seg) > 0 {
			err = cut(err)
		}
		return r.fail(err)
	}
	// A lone LF ends a line too: some servers and most test files have it.
	r.seg = bytes.TrimSuffix(seg[:len(seg)-1], []byte{'\r'})
	r.trace.received(r.seg, first)
	return nil
}

// longLine collects a line longer than the buffer, up to the limit of its kind.
func (r *reader) longLine(part []byte) ([]byte, error) {
	limit := lineLimit(part)
	r.long = r.long[:0]
	for {
		r.long = append(r.long, part...)
		if len(r.long) > limit {
			return r.long, &LimitError{What: "response line", Limit: int64(limit)}
		}
		var err error
		part, err = r.br.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			r.long = append(r.long, part...)
			return r.long, err
		}
	}
}

// lineLimit is MaxLine but for the lines that name every message of a mailbox.
func lineLimit(start []byte) int {
	for _, kind := range []string{"* SEARCH ", "* ESEARCH ", "* VANISHED "} {
		if len(start) >= len(kind) && bytes.EqualFold(start[:len(kind)], []byte(kind)) {
			return MaxSetLine
		}
	}
	return MaxLine
}

// openLiteral notes a literal of n octets that follows the current segment.
func (r *reader) openLiteral(n int64) error {
	if n > r.max {
		return r.fail(&LimitError{What: WhatLiteral, Limit: r.max})
	}
	r.pos, r.lit = len(r.seg), n
	return nil
}

// Read reads from the open literal. It ends with io.EOF only after its last octet.
func (r *reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if r.lit <= 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > r.lit {
		p = p[:r.lit]
	}
	start := r.meter.start(r.br.Buffered() == 0)
	n, err := r.br.Read(p)
	r.meter.stop(start)
	r.lit -= int64(n)
	r.taken += int64(n)
	if err != nil {
		return n, r.fail(cut(err))
	}
	return n, nil
}

// closeLiteral throws away what is left of the open literal and goes on to the
// segment behind it.
func (r *reader) closeLiteral() error {
	for r.lit > 0 && r.err == nil {
		n, err := r.br.Discard(int(min(r.lit, bufSize)))
		r.lit -= int64(n)
		r.dropped += int64(n)
		if err != nil {
			return r.fail(cut(err))
		}
		if r.dropped > MaxStrayBytes {
			return r.fail(&LimitError{What: "unwanted data", Limit: MaxStrayBytes})
		}
	}
	r.lit = -1
	return r.line(false)
}

// skip goes to the end of the response, over any literals in the rest of it.
func (r *reader) skip() error {
	for r.err == nil {
		if r.lit >= 0 {
			if err := r.closeLiteral(); err != nil {
				return err
			}
			continue
		}
		n, ok := announced(r.seg[min(r.pos, len(r.seg)):])
		if !ok {
			r.pos, r.depth = len(r.seg), 0
			return nil
		}
		if err := r.openLiteral(n); err != nil {
			return err
		}
	}
	return r.err
}
