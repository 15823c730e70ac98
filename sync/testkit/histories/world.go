package histories

import (
	"fmt"
	"io"
	"time"

	"mailstow/sync/testkit/model"
	"mailstow/sync/testkit/model/proto"
)

// TB is what of a test is needed.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Failed() bool
}

// World is what a history happens in.
type World struct {
	TB
	History
	Log io.Writer // what happens, for people; nil: nobody looks

	server   *proto.Server
	machines []*machine
	ledger   ledger
	clock    time.Time
	names    int // made so far
}

// finds collects what is wrong.
type finds struct{ list []string }

const giveUp = "the rest makes no sense"

func (f *finds) Helper()      {}
func (f *finds) Failed() bool { return len(f.list) > 0 }

func (f *finds) Errorf(format string, args ...any) {
	f.list = append(f.list, fmt.Sprintf(format, args...))
}

func (f *finds) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	panic(giveUp)
}

func newWorld(t TB, h History, log io.Writer) *World {
	w := &World{TB: t, History: h, Log: log, ledger: newLedger(), clock: time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)}
	w.server = proto.NewServer(model.New(), h.Caps...)
	w.furnish()
	w.quirky()
	return w
}

// furnish makes the account as it is before anybody has a mirror of it.
func (w *World) furnish() {
	w.server.Do(func(a *model.Account) {
		names, mail := []string{"INBOX", "M", "X", "A/B"}, []int{4, 2, 1, 0}
		if w.Small {
			names, mail = names[:2], []int{1, 1}
		}
		for i, name := range names {
			box := a.Mailbox(name)
			if box == nil {
				box, _ = a.Create(name)
			}
			for range mail[i] {
				w.deliver(box)
			}
		}
	})
}

func (w *World) logf(format string, args ...any) {
	if w.Log != nil {
		fmt.Fprintf(w.Log, format+"\n", args...)
	}
}

// step carries one step out.
func (w *World) step(s Step) {
	w.Helper()
	w.clock = w.clock.Add(time.Minute)
	w.ledger.steps++
	m := w.machines[s.M%len(w.machines)]
	switch {
	case s.Do == "settle":
		w.settle()
	case owners[s.Do] != nil:
		m.edit(s)
	case others[s.Do] != nil:
		w.server.Do(func(a *model.Account) { w.other(a, s) })
	case runs[s.Do] != nil:
		runs[s.Do](m, s)
	default:
		w.Fatalf("no step is called %q", s.Do)
	}
}

// date is that of the n-th message; some have the same.
func date(n int) time.Time {
	return time.Date(2020, 1, 1, 9, 30, 17, 0, time.FixedZone("", 2*3600)).AddDate(0, 0, n/3)
}

// text is the n-th message. Those of a kind have the same size.
func text(n int) []byte {
	return fmt.Appendf(nil, "From: a@example.org\r\nSubject: %04d\r\nMessage-ID: <%04d@example.org>\r\n\r\nbody %04d\r\n", n, n, n)
}
