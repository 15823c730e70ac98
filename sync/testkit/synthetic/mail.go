package synthetic

import (
	"fmt"
	"io"
	"time"
)

// Mail is one message.
type Mail interface {
	Size() int64
	HeaderSize() int64
	// Write writes n octets from an offset on.
	Write(w io.Writer, from, n int64)
}

// text is a header and lines of text that are computed from their number.
type text struct {
	number int
	lines  int64
}

const (
	lineLength  = 78 // CRLF included
	headerLines = 6
	headerSize  = headerLines * lineLength
)

// Text returns a mailbox's Mail: messages of about this many octets, no two of
// them alike.
func Text(octets int) func(n int) Mail {
	return func(n int) Mail {
		lines := int64(octets-headerSize)/lineLength + int64(n%7) - 3
		return text{number: n, lines: max(lines, 1)}
	}
}

func date(n int) time.Time {
	return time.Date(2001, 1, 1, 12, 0, 0, 0, time.FixedZone("", 3600)).Add(time.Duration(n) * 10 * time.Minute)
}

func (m text) Size() int64       { return headerSize + m.lines*lineLength }
func (m text) HeaderSize() int64 { return headerSize }

func (m text) Write(w io.Writer, from, n int64) {
	var buf [lineLength]byte
	for i := from / lineLength; n > 0; i++ {
		line := m.line(buf[:0], i)[from-i*lineLength:]
		if int64(len(line)) > n {
			line = line[:n]
		}
		if _, err := w.Write(line); err != nil {
			return
		}
		from, n = from+int64(len(line)), n-int64(len(line))
	}
}

// line is the i-th line, of exactly lineLength octets.
func (m text) line(b []byte, i int64) []byte {
	switch i {
	case 0:
		b = fmt.Appendf(b, "From: Person %d <p%d@example.org>", m.number%1000, m.number%1000)
	case 1:
		b = append(b, "To: me@example.org"...)
	case 2:
		b = fmt.Appendf(b, "Subject: message %d", m.number)
	case 3:
		b = append(date(m.number).AppendFormat(append(b, "Date: "...), time.RFC1123Z), " (made up)"...)
	case 4:
		b = fmt.Appendf(b, "Message-ID: <%d.synthetic@example.org>", m.number)
	case 5:
		b = append(b, "X-Filler:"...) // whose end is the end of the header
	default:
		b = m.filler(b, i)
	}
	end := lineLength - 2
	if i == headerLines-1 {
		end -= 2
	}
	for len(b) < end {
		b = append(b, ' ')
	}
	if i == headerLines-1 {
		b = append(b, "\r\n"...)
	}
	return append(b, "\r\n"...)
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// filler looks like base64: it shrinks by a quarter and no further.
func (m text) filler(b []byte, i int64) []byte {
	seed := uint64(m.number)<<32 ^ uint64(i)
	for len(b) < lineLength-2 {
		seed += 0x9e3779b97f4a7c15 // splitmix64
		x := seed
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		x ^= x >> 31
		for k := 0; k < 10 && len(b) < lineLength-2; k++ {
			b = append(b, alphabet[x&63])
			x >>= 6
		}
	}
	return b
}
