package sync

import "testing"

// The packers hurry for a while from when the reader waits for them.
func TestPackersHurry(t *testing.T) {
	p := &packers{jobs: make(chan *body, longHurry)}
	if p.press(); p.hurry.Load() > 0 {
		t.Error("hurry though nothing waits to be packed")
	}
	var bodies []*body
	for range longHurry {
		x := &body{raw: buffer{b: []byte("one")}, ready: make(chan struct{})}
		bodies = append(bodies, x)
		p.jobs <- x
	}
	if p.press(); p.hurry.Load() <= 0 {
		t.Error("no hurry")
	}
	close(p.jobs)
	p.work()
	if p.hurry.Load() > 0 {
		t.Error("still in a hurry")
	}
	for _, x := range bodies {
		if x.wait().Size != 3 {
			t.Errorf("%+v", x.packed)
		}
	}
}
