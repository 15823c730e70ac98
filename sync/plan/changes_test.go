package plan

import (
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mailstow/conflict"
)

func TestListing(t *testing.T) {
	rows := []Row{{1, 1, "", ""}, {2, 2, `\Seen`, `\Seen`}, {3, 5, "", ""}, {4, 9, "", ""}}
	for name, c := range map[string]struct {
		in   Changes
		want []Entry
	}{
		"nothing changed":     {Changes{Last: 9}, []Entry{{1, ""}, {2, `\Seen`}, {5, ""}, {9, ""}}},
		"flags":               {Changes{Last: 9, Flags: map[imap.UID]conflict.Flags{2: "", 5: `\Seen`}}, []Entry{{1, ""}, {2, ""}, {5, `\Seen`}, {9, ""}}},
		"vanished, unordered": {Changes{Last: 9, Vanished: imap.UIDSet{{Start: 9, Stop: 9}, {Start: 1, Stop: 2}}}, []Entry{{5, ""}}},
		"all that there is":   {Changes{Last: 9, Vanished: imap.UIDSet{{Start: 1, Stop: 1<<32 - 1}}}, []Entry{}},
		"one we missed":       {Changes{Last: 9, Flags: map[imap.UID]conflict.Flags{4: "x"}}, []Entry{{1, ""}, {2, `\Seen`}, {4, "x"}, {5, ""}, {9, ""}}},
		"above":               {Changes{Last: 2, Above: []Entry{{9, `\Seen`}}}, []Entry{{1, ""}, {2, `\Seen`}, {9, `\Seen`}}},
	} {
		if got := c.in.Listing(rows); !cmp.Equal(got, c.want) {
			t.Errorf("%s: %s", name, cmp.Diff(c.want, got))
		}
	}
}

// Changes and a full listing lead to the same plan.
func TestChangesEqualScan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := mailboxes(t)
		there := map[imap.UID]conflict.Flags{}
		for _, e := range in.Remote {
			there[e.UID] = e.Flags
		}
		c := Changes{Last: imap.UID(rapid.IntRange(0, 31).Draw(t, "last")), Flags: map[imap.UID]conflict.Flags{}}
		known := map[imap.UID]bool{}
		for _, r := range in.Rows {
			known[r.UID] = true
			flags, ok := there[r.UID]
			switch {
			case r.UID > c.Last:
			case !ok:
				c.Vanished.AddNum(r.UID)
			case flags != r.Base || rapid.Bool().Draw(t, "told all the same"):
				c.Flags[r.UID] = flags
			}
		}
		for _, e := range in.Remote {
			if e.UID > c.Last {
				c.Above = append(c.Above, e)
			} else if !known[e.UID] {
				c.Flags[e.UID] = e.Flags
			}
		}
		want := Diff(in)
		in.Remote = c.Listing(in.Rows)
		if got := Diff(in); !cmp.Equal(got, want) {
			t.Fatal(cmp.Diff(want, got))
		}
	})
}
