package remote

import (
	"testing"

	"github.com/emersion/go-imap/v2"
	"pgregory.net/rapid"
)

// Whatever the order of UIDs, each is new once, and all of them end in order.
func TestSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.SampledFrom([]uint32{1, 1<<32 - 3000}).Draw(t, "base")
		var s seen
		known := map[imap.UID]bool{}
		for range rapid.IntRange(0, 4).Draw(t, "rounds") {
			start, step := rapid.Uint32Range(0, 2900).Draw(t, "start"), rapid.SampledFrom([]int{1, -1, 2, -2, 7}).Draw(t, "step")
			for i := range rapid.IntRange(0, 2000).Draw(t, "count") {
				at := int(start) + i*step
				if at < 0 || at > 2999 {
					break
				}
				uid := imap.UID(base + uint32(at))
				if s.has(uid) != known[uid] || s.add(uid) == known[uid] {
					t.Fatalf("uid %d was known: %v", uid, known[uid])
				}
				known[uid] = true
			}
			if rapid.Bool().Draw(t, "look") {
				s.all()
			}
		}
		all := s.all()
		if total(all) != int64(len(known)) {
			t.Fatalf("%d of %d", total(all), len(known))
		}
		for i, r := range all {
			if i > 0 && uint64(r.Start) <= uint64(all[i-1].Stop)+1 {
				t.Fatalf("%v is not merged", all)
			}
			for uid := uint64(r.Start); uid <= uint64(r.Stop); uid++ {
				if !known[imap.UID(uid)] {
					t.Fatalf("uid %d was never added", uid)
				}
			}
		}
	})
}

// BenchmarkSeenBackwards: an order that made every message move all others.
func BenchmarkSeenBackwards(b *testing.B) {
	for b.Loop() {
		var s seen
		for uid := imap.UID(2_000_000); uid > 0; uid -= 2 {
			s.add(uid)
		}
		if total(s.all()) != 1_000_000 {
			b.Fatal("some were lost")
		}
	}
}
