package histories

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"sort"

	"mailstow/conflict"
	"mailstow/sync/testkit/model"
)

// owed: what nobody deleted is there, as often as it was copied, with the flags that
// it must have. What waits for its owner is not there yet.
func (w *World) owed(a *model.Account) {
	w.Helper()
	there := map[int][]*model.Message{}
	for _, box := range a.Mailboxes() {
		for _, msg := range box.Messages {
			n := numberIn(msg.Body)
			there[n] = append(there[n], msg)
		}
	}
	waits := false
	for _, m := range w.machines {
		waits = waits || len(m.waiting()) > 0
	}
	var numbers []int
	for n := range w.ledger.messages {
		numbers = append(numbers, n)
	}
	sort.Ints(numbers)
	for _, n := range numbers {
		w.ever(n)
		w.present(n, there[n], waits)
	}
}

// ever: somebody holds it for good, whatever became of it on the server: each machine
// has seen it, or is the one that made it.
func (w *World) ever(n int) {
	w.Helper()
	e := w.ledger.messages[n]
	sha := fmt.Sprintf("%x", sha256.Sum256(text(n)))
	for _, m := range w.machines {
		if m.held[sha] {
			return
		}
	}
	if !e.doomed && !e.vague {
		w.Errorf("nobody holds %04d", n)
	}
}

func (w *World) present(n int, there []*model.Message, waits bool) {
	w.Helper()
	e := w.ledger.messages[n]
	most := 1 + e.copies + e.cleared
	lost := w.has("wrong-sizes") && len(e.movers) > 0 // by whoever did not move it: nothing tells that it is the same
	if lost && w.Policy != conflict.Server {
		most += len(e.movers)
	}
	if w.Policy != conflict.Server { // each machine may put back what it finds gone
		most += e.lifted
		if e.copies > 0 { // which of them it is that others moved nobody knows
			most += len(e.movers)
		}
		if e.doomed {
			most += len(w.machines)
		}
	}
	if w.Policy == conflict.Both || !slices.Contains(w.Caps, "MOVE") { // a copy may be made and its source moved meanwhile
		most += max(len(e.movers)-1, 0)
	}
	alive := 0
	for _, msg := range there {
		if !model.Has(msg.Flags, `\Deleted`) { // all that can be done without UIDPLUS
			alive++
		}
	}
	present := alive
	if e.marked {
		present = len(there)
	}
	switch {
	case e.vague:
	case present == 0 && !e.doomed && !waits && !(w.Policy == conflict.Local && w.ledger.removed): // remove-arrived
		w.Errorf("%04d is lost", n)
	case alive > most:
		w.Errorf("%04d is there %d times, and may be %d times", n, alive, most)
	case alive == 1 && len(there) == 1 && !e.doomed && e.copies == 0 && !waits && !e.blurred && !lost:
		w.flagged(n, e, there[0])
	}
	if len(there) > 0 {
		w.ledger.quiet(n, there[0].Flags)
	}
}

func (w *World) flagged(n int, e *entry, msg *model.Message) {
	w.Helper()
	for _, flag := range append([]string{`\Draft`}, flags...) {
		if flag == "work" && w.has("no-keywords") {
			continue
		}
		is := model.Has(msg.Flags, flag)
		if on, off := e.may(flag); is && !on || !is && !off {
			w.Errorf("%04d: %s is %v; before it was %v, then %+v", n, flag, is, e.base[flag], e.writes)
		}
	}
}
