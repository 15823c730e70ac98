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
	bufferClasses  = 1 + 4*7 // up to 1 MiB; larger bodies are too few
)

var buffers bufferPool

// class is the index of the smallest buffers that hold n bytes: four classes to twice the
// size.
func class(n int) int {
	units := uint(max(n, 1)-1) / (smallestBuffer / 4)
	if units < 4 {
		return 0
	}
	octave := bits.Len(units) - 3
	return 1 + 4*octave + int(units>>octave) - 4
}

// room is how many bytes buffers of a class hold.
func room(class int) int {
	if class == 0 {
		return smallestBuffer
	}
	octave := (class - 1) / 4
	return (smallestBuffer / 4) << octave * (5 + (class-1)%4)
}

// get gives a buffer of n bytes with anything in them.
func (p *bufferPool) get(n int) []byte {
	c := class(n)
	if c >= bufferClasses {
		return make([]byte, n)
	}
	if b, ok := p[c].Get().(*[]byte); ok {
		return (*b)[:n]
	}
	return make([]byte, n, room(c))
}

// put takes a buffer back that get gave, or nil.
func (p *bufferPool) put(b []byte) {
	if c := class(cap(b)); b != nil && c < bufferClasses {
		p[c].Put(&b)
	}
}
