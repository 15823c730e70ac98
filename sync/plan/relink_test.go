package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func hash(b byte) (h [32]byte) { h[0] = b; return h }

func old(id int64, size, date int64, header, body byte) Old {
	return Old{ID: id, Fixed: Fixed{size, date}, Header: hash(header), Body: hash(body)}
}

func fresh(uid uint32, size, date int64, header byte) New {
	return New{UID: uid, Fixed: Fixed{size, date}, Header: hash(header)}
}

func TestRelink(t *testing.T) {
	for name, c := range map[string]struct {
		old  []Old
		now  []New
		want []Link
	}{
		"nothing": {},
		"unique": {
			[]Old{old(1, 10, 5, 'a', 'A')}, []New{fresh(9, 10, 5, 'a')},
			[]Link{{UID: 9, ID: 1, Body: hash('A')}},
		},
		"same size and date, other header": {
			[]Old{old(1, 10, 5, 'a', 'A')}, []New{fresh(9, 10, 5, 'b')}, nil,
		},
		"two old of the same bytes: none is taken for another, the body is known": {
			[]Old{old(1, 10, 5, 'a', 'A'), old(2, 10, 5, 'a', 'A')}, []New{fresh(9, 10, 5, 'a')},
			[]Link{{UID: 9, Body: hash('A')}},
		},
		"two old of equal headers and other bytes: nothing is known": {
			[]Old{old(1, 10, 5, 'a', 'A'), old(2, 10, 5, 'a', 'B')}, []New{fresh(9, 10, 5, 'a')}, nil,
		},
		"two new for one old": {
			[]Old{old(1, 10, 5, 'a', 'A')}, []New{fresh(8, 10, 5, 'a'), fresh(9, 10, 5, 'a')},
			[]Link{{UID: 8, Body: hash('A')}, {UID: 9, Body: hash('A')}},
		},
		"neighbours do not matter": {
			[]Old{old(1, 10, 5, 'a', 'A'), old(2, 10, 6, 'a', 'B')}, []New{fresh(8, 10, 6, 'a'), fresh(9, 10, 5, 'a')},
			[]Link{{UID: 8, ID: 2, Body: hash('B')}, {UID: 9, ID: 1, Body: hash('A')}},
		},
	} {
		if got := Relink(c.old, c.now); !cmp.Equal(got, c.want) {
			t.Errorf("%s: %s", name, cmp.Diff(c.want, got))
		}
	}
}

func TestSuspects(t *testing.T) {
	olds := []Old{old(1, 10, 5, 'a', 'A')}
	now := []New{fresh(3, 10, 5, 0), fresh(4, 11, 5, 0), fresh(5, 10, 6, 0), fresh(6, 10, 5, 0)}
	if got, want := Suspects(olds, now), []uint32{3, 6}; !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
