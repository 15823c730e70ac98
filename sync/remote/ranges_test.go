package remote

import (
	"testing"

	"github.com/emersion/go-imap/v2"
	"pgregory.net/rapid"
)

const top = 1<<32 - 1

// The algebra of ranges agrees with that of plain sets, at both ends of the UIDs.
func TestRanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.SampledFrom([]imap.UID{1, top - 40}).Draw(t, "base")
		draw := func(name string) imap.UIDSet {
			return merge(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) imap.UIDRange {
				start := rapid.Uint32Range(0, 40).Draw(t, "start")
				stop := rapid.Uint32Range(start, 40).Draw(t, "stop")
				return imap.UIDRange{Start: base + imap.UID(start), Stop: base + imap.UID(stop)}
			}), 0, 6).Draw(t, name))
		}
		a, b := draw("a"), draw("b")
		both, rest := common(a, b), without(a, b)
		n := map[bool]int64{}
		for i := range imap.UID(41) {
			uid := base + i
			inA, inB := has(a, uid), has(b, uid)
			if has(both, uid) != (inA && inB) || has(rest, uid) != (inA && !inB) {
				t.Fatalf("%d: %v and %v: common %v, without %v", uid, a, b, both, rest)
			}
			if inA {
				n[inB]++
			}
		}
		if total(both) != n[true] || total(rest) != n[false] || total(a) != n[true]+n[false] {
			t.Fatalf("totals of %v, %v", a, b)
		}
		for _, set := range []imap.UIDSet{a, both, rest} {
			for i := 1; i < len(set); i++ {
				if set[i].Start <= set[i-1].Stop {
					t.Fatalf("%v is out of order", set)
				}
			}
		}
	})
}

func has(set imap.UIDSet, uid imap.UID) bool {
	for _, r := range set {
		if r.Start <= uid && uid <= r.Stop {
			return true
		}
	}
	return false
}

func TestParseRanges(t *testing.T) {
	for text, want := range map[string]string{
		"1": "1", "1:3,5": "1:3,5", "3:1": "1:3", "1:4294967295": "1:4294967295", "7,7:7,2": "2,7", "1,2,3:4": "1:4", "4294967295:4294967294": "4294967294:4294967295",
		"": "error", "*": "error", "1:*": "error", "0": "error", "1:0": "error", "4294967296": "error", "1,": "error", ",1": "error", "1,,2": "error", "1:2:3": "error", "-1": "error", "1;2": "error", "99999999999999999999999": "error",
	} {
		var set imap.UIDSet
		got := "error"
		if err := parseRanges([]byte(text), func(r imap.UIDRange) error { set = append(set, r); return nil }); err == nil {
			got = merge(set).String()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
