package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiffMailboxes(t *testing.T) {
	for name, c := range map[string]struct {
		listed []Listed
		held   []Mirrored
		want   Account
	}{
		"nothing": {},
		"new and gone": {
			[]Listed{{"INBOX", ""}, {"B", ""}}, []Mirrored{{1, "INBOX", ""}, {2, "A", ""}},
			Account{Gone: []Mirrored{{2, "A", ""}}},
		},
		"names differ by case: two mailboxes": {
			[]Listed{{"work", ""}}, []Mirrored{{1, "Work", ""}},
			Account{Gone: []Mirrored{{1, "Work", ""}}},
		},
		"renamed": {
			[]Listed{{"B", "id1"}}, []Mirrored{{1, "A", "id1"}},
			Account{Renamed: []Rename{{1, "A", "B"}}},
		},
		"copied, not renamed": {
			[]Listed{{"A", "id1"}, {"B", "id2"}}, []Mirrored{{1, "A", "id1"}},
			Account{},
		},
		"one identity listed twice proves nothing": {
			[]Listed{{"B", "id1"}, {"C", "id1"}}, []Mirrored{{1, "A", "id1"}},
			Account{Gone: []Mirrored{{1, "A", "id1"}}},
		},
		"one identity held twice: both are gone, none is forgotten": {
			nil, []Mirrored{{1, "A", "id1"}, {2, "B", "id1"}},
			Account{Gone: []Mirrored{{1, "A", "id1"}, {2, "B", "id1"}}},
		},
		"swapped": {
			[]Listed{{"A", "id2"}, {"B", "id1"}}, []Mirrored{{1, "A", "id1"}, {2, "B", "id2"}},
			Account{Renamed: []Rename{{1, "A", "B"}, {2, "B", "A"}}},
		},
		"moved up, the last one gone": {
			[]Listed{{"B", "id1"}, {"C", "id2"}}, []Mirrored{{1, "A", "id1"}, {2, "B", "id2"}, {3, "C", "id3"}},
			Account{Renamed: []Rename{{1, "A", "B"}, {2, "B", "C"}}, Gone: []Mirrored{{3, "C", "id3"}}},
		},
		"recreated under its name": {
			[]Listed{{"A", "id2"}}, []Mirrored{{1, "A", "id1"}}, Account{},
		},
		"status left out": {
			[]Listed{{"A", ""}}, []Mirrored{{1, "A", "id1"}}, Account{},
		},
		"no identity proves nothing": {
			[]Listed{{"B", "id1"}}, []Mirrored{{1, "A", ""}},
			Account{Gone: []Mirrored{{1, "A", ""}}},
		},
	} {
		if got := DiffMailboxes(c.listed, c.held); !cmp.Equal(got, c.want) {
			t.Errorf("%s: %s", name, cmp.Diff(c.want, got))
		}
	}
}

func TestSelected(t *testing.T) {
	for _, c := range []struct {
		patterns, name, delim string
		want                  bool
	}{
		{"", "anything", "/", true},
		{"INBOX", "inbox", "/", true},
		{"INBOX", "INBOX/a", "/", false},
		{"Archive/*", "Archive/2024/May", "/", true},
		{"Archive/%", "Archive/2024/May", "/", false},
		{"Archive/%", "Archive/2024", "/", true},
		{"*/%", "a/b/c", "/", true},
		{"%/c", "a/b/c", "/", false},
		{"%", "a.b", "", true},
		{"!Spam", "Spam", "/", false},
		{"!Spam", "INBOX", "/", true},
		{"INBOX,Archive/*,!Archive/Spam", "Archive/Spam", "/", false},
		{"INBOX,Archive/*,!Archive/Spam", "Archive/Ham", "/", true},
		{"!Archive/*,Archive/Keep", "Archive/Keep", "/", true},
		{"*a*a*a*a*b", strings.Repeat("a", 2000), "/", false},
		{"Ünï*", "Ünïcode", "/", true},
		{"", "", "/", true},
	} {
		var patterns []string
		if c.patterns != "" {
			patterns = strings.Split(c.patterns, ",")
		}
		if got := Selected(patterns, c.name, c.delim); got != c.want {
			t.Errorf("Selected(%q, %.20q) = %v", c.patterns, c.name, got)
		}
	}
}

func TestBatches(t *testing.T) {
	due := func(sizes ...int64) (d []Due) {
		for i, s := range sizes {
			d = append(d, Due{UID: uint32(i + 1), Size: s})
		}
		return d
	}
	lengths := func(b [][]Due) (n []int) {
		for _, x := range b {
			n = append(n, len(x))
		}
		return n
	}
	for name, c := range map[string]struct {
		due  []Due
		want []int
	}{
		"nothing":         {nil, nil},
		"small ones":      {due(make([]int64, 150)...), []int{64, 64, 22}},
		"by bytes":        {due(3<<20, 1<<20, 1), []int{2, 1}},
		"large one alone": {due(1, 150<<20, 1), []int{1, 1, 1}},
		"absurd sizes":    {due(1<<63-1, 1<<63-1, -5, -5), []int{1, 1, 2}},
	} {
		if got := lengths(Batches(c.due, BatchMessages, BatchBytes)); !cmp.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestMailboxPlanText(t *testing.T) {
	for want, p := range map[string]MailboxPlan{
		"INBOX: nothing to do": {Mailbox: "INBOX"},
		"A: 2 new (30 bytes), 1 linked without download, 1 vanished": {
			Mailbox: "A", New: 2, NewBytes: 30, Linked: 1, Plan: Plan{Vanish: []int64{4}}},
		"A: 40 of 50 deletions held back (80 %, many deletions): --max-deletes 40 lets them through": {
			Mailbox: "A", Plan: Plan{Held: &Held{ManyDeleted, 40, 50}}},
	} {
		if got := p.String(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
