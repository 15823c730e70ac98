package plan

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func trace(id int64, content string, size int64, header byte) Trace {
	return Trace{ID: id, ContentID: content, Fixed: Fixed{size, 5}, Header: hash(header)}
}

// Messages of other clients that turn up elsewhere. A header of 0 is not known.
func TestMoves(t *testing.T) {
	for name, c := range map[string]struct {
		gone, come []Trace
		want       []Moved
		alike      []int64
	}{
		"nothing": {},
		"by size, date and header": {
			[]Trace{trace(1, "", 10, 'a'), trace(2, "", 11, 'b')}, []Trace{trace(9, "", 11, 'b'), trace(8, "", 10, 'a')},
			[]Moved{{1, 8}, {2, 9}}, nil,
		},
		"by ContentID, whatever the header": {
			[]Trace{trace(1, "E1", 10, 0)}, []Trace{trace(9, "E1", 10, 0)}, []Moved{{1, 9}}, nil,
		},
		"another ContentID is another message": {
			[]Trace{trace(1, "E1", 10, 'a')}, []Trace{trace(9, "E2", 10, 'a')}, nil, nil,
		},
		"a ContentID that only one side tells": {
			[]Trace{trace(1, "", 10, 'a')}, []Trace{trace(9, "E2", 10, 'a')}, []Moved{{1, 9}}, nil,
		},
		"another header": {
			[]Trace{trace(1, "", 10, 'a')}, []Trace{trace(9, "", 10, 'b')}, nil, nil,
		},
		"the header is not known: like it, not surely it": {
			[]Trace{trace(1, "", 10, 'a'), trace(2, "", 10, 0)}, []Trace{trace(9, "", 10, 0)}, nil, []int64{1, 2},
		},
		"two came: none is taken for it": {
			[]Trace{trace(1, "", 10, 'a')}, []Trace{trace(8, "", 10, 'a'), trace(9, "", 10, 'a')}, nil, []int64{1},
		},
		"two are gone: it is none for sure": {
			[]Trace{trace(1, "", 10, 'a'), trace(2, "", 10, 'a')}, []Trace{trace(9, "", 10, 'a')}, nil, []int64{1, 2},
		},
		"two of one ContentID": {
			[]Trace{trace(1, "E1", 10, 'a'), trace(2, "E1", 10, 'a')}, []Trace{trace(9, "E1", 10, 'a')}, nil, []int64{1, 2},
		},
		"one ContentID, several sizes": {
			[]Trace{trace(1, "E1", 10, 'a'), trace(2, "E1", 11, 'a')}, []Trace{trace(9, "E1", 12, 'a')}, nil, []int64{1, 2},
		},
		"a ContentID goes before a look": {
			[]Trace{trace(1, "E1", 10, 'a')}, []Trace{trace(8, "", 10, 'a'), trace(9, "E1", 10, 'b')}, []Moved{{1, 9}}, nil,
		},
	} {
		if got := Moves(c.gone, c.come); !cmp.Equal(got, c.want) {
			t.Errorf("%s: %s", name, cmp.Diff(c.want, got))
		}
		if got := Lookalikes(c.gone, c.come); !cmp.Equal(got, c.alike) {
			t.Errorf("%s: alike %v, want %v", name, got, c.alike)
		}
	}
}

func traces(t *rapid.T, from int64, label string) []Trace {
	n := rapid.IntRange(0, 6).Draw(t, label)
	var out []Trace
	for i := range int64(n) {
		out = append(out, trace(from+i, rapid.SampledFrom([]string{"", "", "E1", "E2"}).Draw(t, "content"),
			rapid.Int64Range(1, 2).Draw(t, "size"), rapid.SampledFrom([]byte{0, 'a', 'b'}).Draw(t, "header")))
	}
	return out
}

// Nothing is paired twice, nothing with what surely is another message, and
// nothing while a second candidate is as good; the order does not matter.
func TestMovesAreCertain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gone, come := traces(t, 1, "gone"), traces(t, 100, "come")
		moved := Moves(gone, come)
		from, to := map[int64]bool{}, map[int64]bool{}
		for _, m := range moved {
			g, c := find(gone, m.From), find(come, m.To)
			if from[m.From] || to[m.To] {
				t.Fatalf("paired twice: %v", moved)
			}
			from[m.From], to[m.To] = true, true
			if !equals(g, c) || rivals(gone, c) > 1 || rivals(come, g) > 1 {
				t.Fatalf("%+v and %+v are not surely one message", g, c)
			}
		}
		for _, id := range Lookalikes(gone, come) {
			if from[id] || !slices.ContainsFunc(come, func(c Trace) bool { return c.Size == find(gone, id).Size || c.ContentID == find(gone, id).ContentID }) {
				t.Fatalf("%d is alike what?", id)
			}
		}
		again := Moves(rapid.Permutation(gone).Draw(t, "gone again"), rapid.Permutation(come).Draw(t, "come again"))
		if !cmp.Equal(moved, again) {
			t.Fatalf("the order matters: %s", cmp.Diff(moved, again))
		}
	})
}

func find(list []Trace, id int64) Trace {
	return list[slices.IndexFunc(list, func(t Trace) bool { return t.ID == id })]
}

// equals is the definition: the same ContentID, or the same look where one has none.
func equals(a, b Trace) bool {
	if a.ContentID != "" && b.ContentID != "" {
		return a.ContentID == b.ContentID
	}
	return a.Fixed == b.Fixed && a.Header == b.Header && a.Header != [32]byte{}
}

// rivals counts who is as good a match; with a ContentID in common only the same counts.
func rivals(list []Trace, of Trace) (n int) {
	byID := slices.ContainsFunc(list, func(t Trace) bool { return of.ContentID != "" && t.ContentID == of.ContentID })
	for _, t := range list {
		if equals(t, of) && (!byID || t.ContentID == of.ContentID) {
			n++
		}
	}
	return n
}
