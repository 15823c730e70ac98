package plan

import (
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
)

func BenchmarkPush(b *testing.B) {
	in := input(b, "UIDPLUS MOVE CONDSTORE", "")
	in.Limit = NoLimit
	const n = 100_000
	for id := range int64(n) {
		i := Intent{ID: id + 1, Kind: conflict.EditFlags, State: Queued, Mailbox: 1, Target: 2,
			Message: Message{ID: id, UID: imap.UID(id + 1), UIDValidity: 7, Local: `\Seen`, Held: true}}
		if id%4 == 0 {
			i.Kind = conflict.EditMove
		}
		in.Intents = append(in.Intents, i)
	}
	for b.Loop() {
		if p := Push(in); len(p.Steps) != 2 {
			b.Fatal(p.Text())
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "intents/s")
}
