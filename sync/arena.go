package sync

import (
	"math/bits"
	"sync"
)

// arena is the memory of bodies between socket and disk: one piece, lowest places first.
// What was used just now is near the processors, what never was costs nothing, and large
// pages of the system (inLargePages) are few. Buffers made one by one take a page fault for
// every 4 KiB, and their growth makes collections of memory due: a sixth of a first sync.
// Where no place is large enough one is made: with the piece twice heldInAll at most.
type arena struct {
	mu    sync.Mutex
	mem   *[heldInAll]byte                   // nil so far
	taken [heldInAll / arenaPage / 64]uint64 // a bit for each page
	asked int64                              // bytes
}

const (
	arenaPage = 4 << 10
	// arenaPays is how many bytes of bodies come before there is a piece of memory: a run
	// with little mail does without.
	arenaPays = 1 << 20
)

// pieces are what arenas that ended leave to those to come: a new one is not always as
// the system gives it, but may have to be cleared.
var pieces sync.Pool

// buffer is memory of an arena, or by itself where there was no room.
type buffer struct {
	b  []byte
	at int // its first page; -1: by itself
}

// get gives n bytes with anything in them.
func (a *arena) get(n int) buffer {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := -1
	if a.asked += int64(n); a.asked > arenaPays {
		at = a.find(arenaPages(n))
	}
	if at < 0 {
		return buffer{make([]byte, n), -1}
	}
	if a.mem == nil {
		a.mem = piece()
	}
	a.mark(at, arenaPages(n), true)
	return buffer{a.mem[at*arenaPage:][:n:n], at}
}

func piece() *[heldInAll]byte {
	if p, ok := pieces.Get().(*[heldInAll]byte); ok {
		return p
	}
	p := new([heldInAll]byte)
	inLargePages(p[:])
	return p
}

// put takes back what get gave, once.
func (a *arena) put(x buffer) {
	if x.at < 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mark(x.at, arenaPages(len(x.b)), false)
}

// forget gives the memory of all back, in the end: nobody has any of it.
func (a *arena) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.mem != nil && a.taken == (arena{}).taken {
		pieces.Put(a.mem)
	}
	a.mem = nil
}

func arenaPages(n int) int { return (n + arenaPage - 1) / arenaPage }

// find returns the first of n free pages in a row; -1: there are none.
func (a *arena) find(n int) int {
	free := 0 // in a row, up to here
	for i, word := range a.taken[:] {
		for at := 0; at < 64; {
			if used := bits.TrailingZeros64(^(word >> at)); used > 0 {
				free, at = 0, at+used
				continue
			}
			more := min(bits.TrailingZeros64(word>>at), 64-at)
			if free+more >= n {
				return 64*i + at - free
			}
			free, at = free+more, at+more
		}
	}
	return -1
}

// mark turns n free pages into taken ones, or back. Pages that are so already would go to
// two bodies, and mail into the wrong one.
func (a *arena) mark(at, n int, taken bool) {
	for end := at + n; at < end; {
		in := min(64-at%64, end-at)
		word, part := &a.taken[at/64], uint64(1<<in-1)<<(at%64)
		was := part
		if taken {
			was = 0
		}
		if *word&part != was {
			panic("sync: memory of a body is given twice")
		}
		*word ^= part
		at += in
	}
}
