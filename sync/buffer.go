package sync

import (
	"math/bits"
	"sync"
)

// bufferPool keeps buffers for the next bodies of about the same size. Those of sync.Pool
// go with every collection of memory, and to make them anew is what brings the next one.
type bufferPool struct {
	mu     sync.Mutex
	idle   [bufferClasses][][]byte
	size   int // bytes of all buffers, idle or in use
	victim int // the class that gives room next
}

const (
	smallestBuffer = 8 << 10
	bufferClasses  = 1 + 4*10 // up to heldInMemory
	// maxBuffers is from how many bytes on idle buffers of other sizes give way to a new one.
	maxBuffers = heldInAll - heldInAll/8
)

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
	if b := p.find(class(n)); b != nil {
		return b[:n]
	}
	return make([]byte, n, room(class(n)))
}

// find returns a buffer up to some twice as large as need be; nil: one is to be made.
func (p *bufferPool) find(c int) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for fit := c; fit < min(c+4, bufferClasses); fit++ {
		if len(p.idle[fit]) > 0 {
			return pop(&p.idle[fit])
		}
	}
	p.makeRoom(room(c))
	p.size += room(c)
	return nil
}

// forget gives the memory of all back, in the end.
func (p *bufferPool) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle, p.size = [bufferClasses][][]byte{}, 0
}

// makeRoom forgets idle buffers until n bytes more are not too many.
func (p *bufferPool) makeRoom(n int) {
	for spared := 0; p.size+n > maxBuffers && spared < bufferClasses; {
		if idle := &p.idle[p.victim]; len(*idle) > 0 {
			p.size -= room(p.victim)
			pop(idle)
			spared = 0
			continue
		}
		p.victim = (p.victim + 1) % bufferClasses
		spared++
	}
}

// pop takes the last buffer and leaves nothing that would keep it in memory.
func pop(idle *[][]byte) []byte {
	last := len(*idle) - 1
	b := (*idle)[last]
	(*idle)[last] = nil
	*idle = (*idle)[:last]
	return b
}

// put takes a buffer back that get gave, or nil.
func (p *bufferPool) put(b []byte) {
	if b == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c := class(cap(b))
	p.idle[c] = append(p.idle[c], b)
}
