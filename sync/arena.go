package sync

import (
	"math/bits"
	"sync"
)

// arena is the memory of bodies between socket and disk: one piece for a run, lowest
// places first. What was used just now is near the processors, what never was costs
// nothing, and large pages of the system (inLargePages) are few. Buffers made one by one
// take a page fault for every 4 KiB, and their growth makes collections of memory due: a
// sixth of a first sync.
type arena struct {
	mu    sync.Mutex
	mem   []byte                             // nil before the first body
	taken [heldInAll / arenaPage / 64]uint64 // a bit for each page
}

const arenaPage = 4 << 10

// buffer is memory of an arena, or by itself where there was no room.
type buffer struct {
	b  []byte
	at int // its first page; -1: by itself
}

// get gives n bytes with anything in them.
func (a *arena) get(n int) buffer {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := a.find(arenaPages(n))
	if at < 0 {
		return buffer{make([]byte, n), -1}
	}
	if a.mem == nil {
		a.mem = make([]byte, heldInAll)
		inLargePages(a.mem)
	}
	a.mark(at, arenaPages(n))
	return buffer{a.mem[at*arenaPage:][:n:n], at}
}

// put takes back what get gave, or nothing.
func (a *arena) put(x buffer) {
	if x.at < 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mark(x.at, arenaPages(len(x.b)))
}

// forget gives the memory of all back, in the end.
func (a *arena) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mem = nil
}

func arenaPages(n int) int { return (n + arenaPage - 1) / arenaPage }

// find returns the first of n free pages in a row; -1: there are none.
func (a *arena) find(n int) int {
	free := 0 // in a row, up to here
	for i, word := range a.taken {
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

// mark turns n free pages into taken ones, or back.
func (a *arena) mark(at, n int) {
	for end := at + n; at < end; {
		in := min(64-at%64, end-at)
		a.taken[at/64] ^= (1<<in - 1) << (at % 64)
		at += in
	}
}
