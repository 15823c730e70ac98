package sync

import "testing"

// The packers hurry from when the reader waits for them until nothing waits for
// them any more.
func TestPackersHurry(t *testing.T) {
	p := &packers{jobs: make(chan *body, 2)}
	if p.press(); p.hurry.Load() {
		t.Error("hurry though nothing waits to be packed")
	}
	var bodies []*body
	for _, text := range []string{"one", "two"} {
		x := &body{raw: []byte(text), ready: make(chan struct{})}
		bodies = append(bodies, x)
		p.jobs <- x
	}
	if p.press(); !p.hurry.Load() {
		t.Error("no hurry")
	}
	close(p.jobs)
	p.work()
	if p.hurry.Load() {
		t.Error("still in a hurry")
	}
	for _, x := range bodies {
		if x.wait().Size != 3 {
			t.Errorf("%+v", x.packed)
		}
	}
}
