package sync

import "testing"

// A buffer has the length asked for, whichever came back before.
func TestBuffers(t *testing.T) {
	var p bufferPool
	for _, n := range []int{0, 1, smallestBuffer, smallestBuffer + 1, 100_000, 1 << 20, 1<<20 + 1, 5 << 20, 300, 8193} {
		b := p.get(n)
		if len(b) != n {
			t.Errorf("%d bytes, not %d", len(b), n)
		}
		if c := cap(b); n <= 1<<20 && c > max(n+n/4+1, smallestBuffer) {
			t.Errorf("a buffer of %d for %d bytes", c, n)
		}
		p.put(b)
	}
}
