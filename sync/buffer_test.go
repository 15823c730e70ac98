package sync

import "testing"

// A buffer has the length asked for, whichever came back before.
func TestBuffers(t *testing.T) {
	var p bufferPool
	for _, n := range []int{0, 1, smallestBuffer, smallestBuffer + 1, 100_000, 1 << 20, 1<<20 + 1, 5 << 20, heldInMemory, 300, 8193} {
		b := p.get(n)
		if len(b) != n {
			t.Errorf("%d bytes, not %d", len(b), n)
		}
		if c := cap(b); c > max(2*n, 2*smallestBuffer) {
			t.Errorf("a buffer of %d for %d bytes", c, n)
		}
		if c := room(class(n)); c > max(n+n/4+1, smallestBuffer) {
			t.Errorf("a new buffer would have %d for %d bytes", c, n)
		}
		p.put(b)
	}
}

// Buffers that came back are used again, up to twice as large as needed; more of them than
// may be held give way to those of another size, and nothing keeps them.
func TestBuffersComeBack(t *testing.T) {
	var p bufferPool
	a := p.get(60_000)
	p.put(a)
	if b := p.get(40_000); &b[0] != &a[0] {
		t.Error("a new buffer, with one of the size at hand")
	}
	if b := p.get(60_000); &b[0] == &a[0] {
		t.Error("a buffer that is in use")
	}
	for _, n := range []int{100_000, 10_000, 1 << 20, 100_000} {
		var used [][]byte
		for held := 0; held+n <= maxBuffers/2; held += n {
			used = append(used, p.get(n))
		}
		for _, b := range used {
			p.put(b)
		}
		idle := 0
		for c := range p.idle {
			for _, b := range p.idle[c][:cap(p.idle[c])] {
				idle += cap(b)
			}
		}
		if idle > p.size || p.size > maxBuffers {
			t.Errorf("after buffers of %d bytes %d are idle, of %d", n, idle, p.size)
		}
	}
	p.forget()
	if c := p.get(60_000); &c[0] == &a[0] || p.size != cap(c) {
		t.Errorf("of %d bytes, behind the end", p.size)
	}
}
