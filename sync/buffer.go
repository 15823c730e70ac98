package sync

import (
	"math/bits"
	"sync"
)

// bufferPool keeps buffers for the next bodies of about the same size, until the
// garbage collector wants their memory.
type bufferPool [bufferClasses]sync.Pool

const (
	smallestBuffer = 8 << 10
	bufferClasses  = 8 // up to 1 MiB; larger bodies are too few
)

var buffers bufferPool

// class is the index of the smallest buffers that hold n bytes, each class twice
// the one before.
func class(n int) int { return bits.Len(uint(max(n, 1)-1) / smallestBuffer) }

// get gives a buffer of n bytes with anything in them.
func (p *bufferPool) get(n int) []byte {
	c := class(n)
	if c >= bufferClasses {
		return make([]byte, n)
	}
	if b, ok := p[c].Get().(*[]byte); ok {
		return (*b)[:n]
	}
	return make([]byte, n, smallestBuffer<<c)
}

// put takes a buffer back that get gave.
func (p *bufferPool) put(b []byte) {
	if c := class(cap(b)); c < bufferClasses {
		p[c].Put(&b)
	}
}
