package sync

import "testing"

// What is expected over many mailboxes is kept as a sum: adding it up anew with
// every batch took quadratic time in accounts of 100,000 mailboxes.
func TestCounterKeepsTheSum(t *testing.T) {
	var last Event
	r := &run{session: &session{}, receipt: &Receipt{}, opt: Options{Observer: ObserverFunc(func(e Event) { last = e })}}
	r.counter.run = r
	boxes := make([]*mailbox, 100_000)
	for i := range boxes {
		boxes[i] = &mailbox{run: r}
		r.counter.expect(boxes[i], tally{messages: 3, bytes: 30})
	}
	for _, m := range boxes {
		r.counter.expect(m, tally{messages: 2, bytes: 20}) // the estimate was too high
		r.counter.stored(m, 2, 20)
	}
	if last.Messages != 200_000 || last.MessagesTotal != 200_000 || last.Bytes != 2_000_000 || last.BytesTotal != 2_000_000 {
		t.Errorf("%+v", last)
	}
}
