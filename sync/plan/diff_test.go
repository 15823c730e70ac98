package plan

import (
	"fmt"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mailstow/conflict"
)

func TestDiff(t *testing.T) {
	rows := func(r ...Row) []Row { return r }
	remote := func(e ...Entry) []Entry { return e }
	for name, c := range map[string]struct {
		in   Input
		want Plan
	}{
		"nothing on either side": {},
		"equal": {
			in: Input{Remote: remote(Entry{1, `\Seen`}), Rows: rows(Row{10, 1, `\Seen`, `\Seen`})},
		},
		"case of a keyword is no change": {
			in: Input{Remote: remote(Entry{1, `Work`}), Rows: rows(Row{10, 1, `work`, `work`})},
		},
		"flags changed on the server": {
			in:   Input{Remote: remote(Entry{1, `\Seen`}), Rows: rows(Row{10, 1, ``, ``})},
			want: Plan{Flags: []FlagChange{{ID: 10, UID: 1, Was: ``, Base: `\Seen`, Local: `\Seen`}}},
		},
		"flags changed on both sides": {
			in:   Input{Remote: remote(Entry{1, `\Seen`}), Rows: rows(Row{10, 1, `work`, `\Flagged work`})},
			want: Plan{Flags: []FlagChange{{ID: 10, UID: 1, Was: `work`, Base: `\Seen`, Local: `\Flagged \Seen`}}},
		},
		"local edit alone is nothing to pull": {
			in: Input{Remote: remote(Entry{1, ``}), Rows: rows(Row{10, 1, ``, `\Seen`})},
		},
		"first, middle and last vanished": {
			in: Input{
				Remote: remote(Entry{2, ``}, Entry{4, ``}),
				Rows:   rows(Row{11, 1, ``, ``}, Row{12, 2, ``, ``}, Row{13, 3, ``, ``}, Row{14, 4, ``, ``}, Row{15, 5, ``, ``}),
			},
			want: Plan{Vanish: []int64{11, 13, 15}},
		},
		"known range with messages we lack": {
			in:   Input{Remote: remote(Entry{1, ``}, Entry{2, ``}, Entry{3, ``}), Rows: rows(Row{12, 2, ``, ``})},
			want: Plan{Unlisted: []imap.UID{1, 3}},
		},
		"stale messages vanish": {
			in:   Input{Remote: remote(Entry{1, ``}), Rows: rows(Row{12, 1, ``, ``}), Stale: []int64{3, 4}},
			want: Plan{Vanish: []int64{3, 4}},
		},
	} {
		if got := Diff(c.in); !cmp.Equal(got, c.want) {
			t.Errorf("%s: %s", name, cmp.Diff(c.want, got))
		}
	}
}

// mailboxes draws a mirror and a server that share a history.
func mailboxes(t *rapid.T) Input {
	flags := rapid.SampledFrom([]conflict.Flags{``, `\Seen`, `\Flagged \Seen`, `work`})
	var in Input
	for uid := range imap.UID(rapid.IntRange(0, 30).Draw(t, "messages")) {
		where := rapid.IntRange(0, 3).Draw(t, "where")
		base := flags.Draw(t, "base")
		if where&1 != 0 {
			in.Rows = append(in.Rows, Row{int64(uid) + 100, uid + 1, base, flags.Draw(t, "local")})
		}
		if where&2 != 0 {
			in.Remote = append(in.Remote, Entry{uid + 1, flags.Draw(t, "remote")})
		}
	}
	return in
}

// apply does to the rows what a plan says, as the engine would.
func apply(in Input, p Plan) []Row {
	changed := map[int64]FlagChange{}
	for _, f := range p.Flags {
		changed[f.ID] = f
	}
	gone := map[int64]bool{}
	for _, id := range p.Vanish {
		gone[id] = true
	}
	var rows []Row
	for _, r := range in.Rows {
		if f, ok := changed[r.ID]; ok {
			r.Base, r.Local = f.Base, f.Local
		}
		if !gone[r.ID] {
			rows = append(rows, r)
		}
	}
	return rows
}

// After a plan is applied and the unlisted are fetched, mirror and server hold
// the same UIDs and flags, and a second plan is empty.
func TestDiffConverges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := mailboxes(t)
		p := Diff(in)
		in.Rows = merge(apply(in, p), in.Remote, p.Unlisted)
		if len(in.Rows) != len(in.Remote) {
			t.Fatalf("%d rows, %d on the server", len(in.Rows), len(in.Remote))
		}
		for i, e := range in.Remote {
			if in.Rows[i].UID != e.UID || in.Rows[i].Base != e.Flags {
				t.Fatalf("row %+v, server %+v", in.Rows[i], e)
			}
		}
		if again := Diff(in); !again.Empty() {
			t.Fatalf("second plan is not empty: %+v", again)
		}
	})
}

// merge inserts the unlisted messages as new rows in UID order.
func merge(rows []Row, remote []Entry, unlisted []imap.UID) []Row {
	byUID := map[imap.UID]Row{}
	for _, r := range rows {
		byUID[r.UID] = r
	}
	flags := map[imap.UID]conflict.Flags{}
	for _, e := range remote {
		flags[e.UID] = e.Flags
	}
	for _, uid := range unlisted {
		byUID[uid] = Row{int64(uid) + 500, uid, flags[uid], flags[uid]}
	}
	var out []Row
	for uid := range imap.UID(100) {
		if r, ok := byUID[uid]; ok {
			out = append(out, r)
		}
	}
	return out
}

// A plan never deletes what the listing shows, nor what the mirror lacks.
func TestDiffDeletesOnlyTheAbsent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := mailboxes(t)
		listed := map[imap.UID]bool{}
		for _, e := range in.Remote {
			listed[e.UID] = true
		}
		byID := map[int64]imap.UID{}
		for _, r := range in.Rows {
			byID[r.ID] = r.UID
		}
		for _, id := range Diff(in).Vanish {
			uid, known := byID[id]
			if !known || listed[uid] {
				t.Fatalf("id %d (uid %d) planned to vanish; known %v, listed %v", id, uid, known, listed[uid])
			}
		}
	})
}

func BenchmarkDiff(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		in := Input{Remote: make([]Entry, 0, n), Rows: make([]Row, 0, n)}
		for i := range n {
			uid := imap.UID(i + 1)
			if i%100 != 1 {
				in.Remote = append(in.Remote, Entry{uid, []conflict.Flags{`\Seen`, `\Answered \Seen`}[min(1, i%50)]})
			}
			in.Rows = append(in.Rows, Row{int64(i), uid, `\Answered \Seen`, `\Answered \Seen`})
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Diff(in)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
