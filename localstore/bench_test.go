package localstore

import (
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// mailText is a message of about size bytes: half of it text, half base64.
func mailText(n, size int) string {
	head := fmt.Sprintf("From: Ann <ann%d@example.org>\r\nTo: bob@example.org\r\nSubject: message %d\r\nMessage-ID: <%d@example.org>\r\n"+
		"Date: Sat, 29 Feb 2020 23:30:00 +0100\r\n\r\n", n%100, n, n)
	half := (size - len(head)) / 2
	var text strings.Builder
	for i := 0; text.Len() < half; i++ {
		fmt.Fprintf(&text, "Line %d of message %d says %x and no more than that.\r\n", i, n, (n*2654435761+i*40503)&0xffffff)
	}
	return head + text.String()[:half] + base64Text(half+200, 76)[:half]
}

// BenchmarkInsert is the first sync: 20 KB messages, packed and put in
// transactions of 500 together with their rows and the cursor.
func BenchmarkInsert(b *testing.B) {
	const batch, size = 500, 20000
	s := openStore(b, filepath.Join(b.TempDir(), "mail.db"), Options{Create: true})
	defer s.Close()
	p := newPlace(b, s, "INBOX")
	packer := NewPacker()
	shared := mailText(0, size)
	b.ResetTimer()
	for at := 0; at < b.N; at += batch {
		update(b, s, func(tx *Tx) error {
			last := min(at+batch, b.N)
			arrivals := make([]Arrival, 0, batch)
			for i := at; i < last; i++ {
				arrivals = append(arrivals, Arrival{UID: uint32(i + 1), Flags: `\Seen`, Size: size, Date: testDate})
			}
			ids, err := tx.Arrive(p.run, p.gen, arrivals)
			if err != nil {
				return err
			}
			for i, id := range ids {
				packed, err := packer.Pack(io.MultiReader(strings.NewReader(fmt.Sprintf("X: %d\r\n", at+i)), strings.NewReader(shared)))
				if err != nil {
					return err
				}
				if err := tx.PutBody(id, packed); err != nil {
					return err
				}
			}
			return tx.SetCursor(p.gen, Cursor{Listed: uint32(last)})
		})
	}
	report(b, b.N, b.N*size)
}

func report(b *testing.B, messages, bytes int) {
	b.ReportMetric(float64(messages)/b.Elapsed().Seconds(), "messages/s")
	b.ReportMetric(float64(bytes)/b.Elapsed().Seconds()/1e6, "MB/s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkPack is the part of it that needs no store and scales with cores.
func BenchmarkPack(b *testing.B) {
	text := mailText(0, 20000)
	packer := NewPacker()
	b.ResetTimer()
	for range b.N {
		if _, err := packer.Pack(strings.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
	report(b, b.N, b.N*len(text))
}

// BenchmarkArrive is metadata alone.
func BenchmarkArrive(b *testing.B) {
	s := openStore(b, filepath.Join(b.TempDir(), "mail.db"), Options{Create: true})
	defer s.Close()
	p := newPlace(b, s, "INBOX")
	b.ResetTimer()
	for at := 0; at < b.N; at += 500 {
		uids := make([]uint32, 0, 500)
		for i := at; i < min(at+500, b.N); i++ {
			uids = append(uids, uint32(i+1))
		}
		arrive(b, s, p, uids...)
	}
	report(b, b.N, 0)
}

// BenchmarkRows reads the rows of a mailbox, as every sync does.
func BenchmarkRows(b *testing.B) {
	const n = 100000
	s := openStore(b, filepath.Join(b.TempDir(), "mail.db"), Options{Create: true})
	defer s.Close()
	p := newPlace(b, s, "INBOX")
	uids := make([]uint32, n)
	for i := range uids {
		uids[i] = uint32(i + 1)
	}
	arrive(b, s, p, uids...)
	b.ResetTimer()
	for range b.N {
		if err := s.Rows(bg, p.gen, func(Row) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	report(b, b.N*n, 0)
}

// BenchmarkBigBody stages, puts and reads a message of 150 MB (failure table
// 23) and reports how far the Go heap and SQLite's memory, which Go does not
// count, rose while doing so.
func BenchmarkBigBody(b *testing.B) {
	const size = 150 << 20
	s := openStore(b, filepath.Join(b.TempDir(), "mail.db"), Options{Create: true})
	defer s.Close()
	p := newPlace(b, s, "INBOX")
	ids := arrive(b, s, p, 1)
	runtime.GC()
	heap, rss := heapMiB(), residentMiB()
	stop, peak := make(chan struct{}), make(chan [2]float64)
	go watch(stop, peak)
	b.ResetTimer()
	for i := range b.N {
		packed, err := s.Stage(bg, NewPacker(), &pattern{left: size, seed: byte(i)})
		if err != nil {
			b.Fatal(err)
		}
		update(b, s, func(tx *Tx) error { return tx.PutBody(ids[0], packed) })
		r, _, err := s.OpenBody(bg, ids[0])
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, r); n != size || err != nil {
			b.Fatal(n, err)
		}
		r.Close()
	}
	b.StopTimer()
	close(stop)
	top := <-peak
	b.ReportMetric(top[0]-heap, "MiB-heap")
	b.ReportMetric(top[1]-rss, "MiB-resident")
	report(b, b.N, b.N*size)
	if top[0]-heap > 40 {
		b.Errorf("the heap rose by %.0f MiB", top[0]-heap)
	}
}

// watch samples memory until it is stopped, and gives the highest it saw.
func watch(stop chan struct{}, peak chan [2]float64) {
	var top [2]float64
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			peak <- top
			return
		case <-tick.C:
			top[0], top[1] = max(top[0], heapMiB()), max(top[1], residentMiB())
		}
	}
}
