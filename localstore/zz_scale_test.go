package localstore

import (
	"path/filepath"
	"testing"
	"time"
	"os"
	"runtime"
)

func TestScale(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "mail.db"), Options{Create: true})
	defer s.Close()
	p := newPlace(t, s, "INBOX")
	step := func(name string, fn func()) {
		at := time.Now(); fn(); runtime.GC()
		t.Logf("%-12s %v heap %.1f rss %.1f", name, time.Since(at).Round(time.Millisecond), heapMiB(), residentMiB())
	}
	b := pack(t, "Subject: x\n\nhello")
	step("arrive", func() {
		for at := uint32(0); at < 1000000; at += 1000 {
			uids := make([]uint32, 1000)
			for i := range uids { uids[i] = at + uint32(i) + 1 }
			ids := arrive(t, s, p, uids...)
			update(t, s, func(tx *Tx) error { for _, id := range ids[:500] { if err := tx.PutBody(id, b); err != nil { return err } }; return nil })
		}
	})
	fi, _ := os.Stat(s.Path()); t.Log(fi.Size())
	n := 0
	step("rows", func() { s.Rows(bg, p.gen, func(Row) error { n++; return nil }) })
	step("rowsfrom", func() { s.RowsFrom(bg, p.gen, 999990, func(Row) error { n++; return nil }) })
	step("missing", func() { m, err := s.Missing(bg, p.gen, 900000, time.Now(), 4096); t.Log(len(m), err) })
	step("missingtotal", func() { m, k, err := s.MissingTotal(bg, p.gen, time.Now()); t.Log(m, k, err) })
	step("fingerprints", func() { s.Fingerprints(bg, []GenerationID{p.gen}, func(Fingerprint) error { n++; return nil }) })
	step("folders", func() { f, err := s.Folders(bg, p.acct); t.Log(f[0].Messages, err) })
	step("list last", func() { s.List(bg, ListQuery{Mailbox: p.box, Limit: 20}, func(Mail) error { n++; return nil }) })
	step("list all", func() { s.List(bg, ListQuery{Account: p.acct, Deleted: true}, func(Mail) error { n++; return nil }) })
	step("list subj", func() { s.List(bg, ListQuery{Mailbox: p.box, Subject: "zzz"}, func(Mail) error { n++; return nil }) })
	step("check", func() { checkClean(t, s) })
}
