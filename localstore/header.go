package localstore

import (
	"bytes"
	"crypto/sha256"
	"hash"
)

// maxHeaderText is how much of a header is kept for the envelope.
const maxHeaderText = 256 << 10

// HeaderHash is the SHA-256 of the header block of b: its bytes up to and
// including the first empty line, all of them when there is none. It is what
// Packer computes, for headers fetched alone.
func HeaderHash(b []byte) [32]byte {
	s := newHeaderScanner()
	s.write(b)
	return s.hash()
}

// headerScanner follows a message up to the end of its header block, however its
// bytes are split. Lines end with LF, with or without CR before it.
type headerScanner struct {
	sum  hash.Hash
	size int64
	text []byte // the first maxHeaderText bytes
	line int    // bytes of the current line so far, 2 for any more
	cr   bool   // the only one of them is CR, if line is 1
	done bool
}

func newHeaderScanner() headerScanner { return headerScanner{sum: sha256.New()} }

func (h *headerScanner) hash() [32]byte { return [32]byte(h.sum.Sum(nil)) }

func (h *headerScanner) reset() {
	h.sum.Reset()
	h.size, h.text, h.line, h.cr, h.done = 0, h.text[:0], 0, false, false
}

func (h *headerScanner) write(b []byte) {
	if h.done {
		return
	}
	n := h.scan(b)
	h.sum.Write(b[:n])
	h.size += int64(n)
	h.text = append(h.text, b[:min(n, maxHeaderText-len(h.text))]...)
}

// scan tells how many bytes of b belong to the header block.
func (h *headerScanner) scan(b []byte) int {
	for at := 0; ; {
		end := bytes.IndexByte(b[at:], '\n')
		part := b[at:]
		if end >= 0 {
			part = part[:end]
		}
		if len(part) > 0 {
			h.cr = part[0] == '\r'
		}
		h.line = min(h.line+len(part), 2)
		if end < 0 {
			return len(b)
		}
		at += end + 1
		if h.line == 0 || h.line == 1 && h.cr {
			h.done = true
			return at
		}
		h.line, h.cr = 0, false
	}
}
