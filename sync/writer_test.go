package sync

import (
	"errors"
	"io"
	"strings"
	"testing"

	"mailstow/sync/plan"
)

// What a lost connection leaves behind in memory is given back, and no longer
// counts: every later body used to take the slow way through the store.
func TestLostRequestsAreNotHeld(t *testing.T) {
	r := &run{session: &session{}, receipt: &Receipt{}}
	w := r.startWriter(t.Context())
	w.buffers.asked = arenaPays // enough for places
	f := &fetcher{m: &mailbox{run: r, poison: newPoison()}, out: w}
	broken := errors.New("broken")
	for range 3 {
		x := f.newRound([][]plan.Due{{{ID: 1, UID: 1}, {ID: 2, UID: 2}}})
		const text = "Subject: x\r\n\r\nbody\r\n"
		if err := x.take(0, 1, int64(len(text)), strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		if err := x.take(0, 2, 100, strings.NewReader(text)); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
		if err := x.close(t.Context(), broken); !errors.Is(err, broken) {
			t.Fatal(err)
		}
	}
	if w.open != 0 {
		t.Errorf("%d octets of dead requests are counted", w.open)
	}
	if !w.memory.TryAcquire(heldInAll) {
		t.Error("memory of dead requests is still taken")
	}
	if w.buffers.mem == nil || w.buffers.taken != (arena{}).taken {
		t.Error("places of dead requests are still taken")
	}
	if err := w.finish(nil); err != nil {
		t.Fatal(err)
	}
	if w.buffers.mem != nil {
		t.Error("their memory stays behind the end")
	}
}
