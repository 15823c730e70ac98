package localstore

import (
	"flag"
	"path/filepath"
	"testing"
)

var historySize = flag.Int("history", 100000, "messages that the benchmarks of history begin with")

// BenchmarkHistory asks a large store about its past: a mailbox whose messages all
// arrived in one run, and of which a later run changed some.
func BenchmarkHistory(b *testing.B) {
	s := openStore(b, filepath.Join(b.TempDir(), "mail.db"), Options{Create: true})
	defer s.Close()
	p := newPlace(b, s, "INBOX")
	var ids []MessageID
	for first := 0; first < *historySize; first += 5000 {
		var uids []uint32
		for i := range 5000 {
			uids = append(uids, uint32(first+i+1))
		}
		ids = append(ids, arrive(b, s, p, uids...)...)
	}
	before := Cut(count(b, s, "SELECT max(id) FROM event"))
	var second RunID
	update(b, s, func(tx *Tx) (err error) {
		if second, err = tx.BeginRun(p.acct, s.now()); err != nil {
			return err
		}
		return tx.Vanish(second, ids[100:600])
	})
	for _, q := range []struct {
		name string
		ask  func() error
	}{
		{"list", func() error { return s.List(bg, ListQuery{Mailbox: p.box}, func(Mail) error { return nil }) }},
		{"list at", func() error {
			return s.List(bg, ListQuery{Mailbox: p.box, At: before}, func(Mail) error { return nil })
		}},
		{"last 20 at", func() error {
			return s.List(bg, ListQuery{Mailbox: p.box, At: before, Limit: 20}, func(Mail) error { return nil })
		}},
		{"changes of the first run", func() error { _, err := s.Changes(bg, p.run, p.box); return err }},
		{"changes of the second run", func() error { _, err := s.Changes(bg, second, p.box); return err }},
		{"diff", func() error { return s.Diff(bg, p.acct, before, 0, func(Difference) error { return nil }) }},
		{"diff of all", func() error { return s.Diff(bg, p.acct, CutNever, 0, func(Difference) error { return nil }) }},
		{"cut at", func() error { _, err := s.CutAt(bg, s.now()); return err }},
	} {
		b.Run(q.name, func(b *testing.B) {
			for range b.N {
				if err := q.ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
