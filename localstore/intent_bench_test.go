package localstore

import (
	"path/filepath"
	"testing"
)

// Editing and giving up, by the number of messages concerned at once.
func BenchmarkEdits(b *testing.B) {
	const n = 20_000
	s := openStore(b, filepath.Join(b.TempDir(), "mail.db"), Options{Create: true})
	defer s.Close()
	p := newPlace(b, s, "INBOX")
	var uids []uint32
	for uid := range uint32(n) {
		uids = append(uids, uid+1)
	}
	ids := arrive(b, s, p, uids...)
	var box MailboxID
	update(b, s, func(tx *Tx) (err error) { box, err = tx.PutMailbox(p.acct, info("Archive"), p.run); return err })
	drop := func(b *testing.B) {
		all := intentIDs(b, s, p.acct)
		edit(b, s, func(tx *Tx) error {
			for _, id := range all {
				if _, err := tx.DropIntent(id); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for name, do := range map[string]func(*Tx) error{
		"flags":  func(tx *Tx) error { return tx.EditFlags(ids, `\Flagged`, "") },
		"move":   func(tx *Tx) error { _, err := tx.MoveMessages(ids, box); return err },
		"copy":   func(tx *Tx) error { _, err := tx.CopyMessages(ids, box); return err },
		"delete": func(tx *Tx) error { return tx.ExpungeMessages(ids) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				edit(b, s, do)
				b.StopTimer()
				drop(b)
				b.StartTimer()
			}
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
		b.Run("drop "+name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				edit(b, s, do)
				b.StartTimer()
				drop(b)
			}
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
