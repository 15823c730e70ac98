package plan

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/emersion/go-imap/v2"
	"pgregory.net/rapid"

	"mailstow/conflict"
)

// history is what both owners did: what may be gone, what is there several
// times, and the flags of each message that one of them left it with.
type history struct {
	deleted, copied map[int]bool
	flags           map[int]conflict.Flags
}

// edit is one thing that the owner does to what he sees.
func (m *machine) edit(h history) {
	target := rapid.Int64Range(1, 3).Draw(m.T, "target")
	flags := rapid.SampledFrom([]conflict.Flags{"", `\Seen`, `\Flagged`, "x"}).Draw(m.T, "flags")
	shown := m.shown()
	if len(shown) == 0 {
		return
	}
	id := rapid.SampledFrom(shown).Draw(m.T, "message")
	row := m.rows[id]
	switch what := rapid.SampledFrom([]string{"flags", "flags", "move", "copy", "delete"}).Draw(m.T, "edit"); {
	case what == "flags":
		row.local = flags
		for _, w := range m.wishes { // of a message that leaves, both rows
			if w.kind == conflict.EditMove && w.result == id {
				m.rows[w.message].local = flags
			}
		}
	case row.uid == 0:
	case what == "delete":
		row.leaving, h.deleted[row.content] = true, true
		m.wish(conflict.EditDelete, id, 0, 0)
	case what == "copy":
		h.copied[row.content] = true
		m.wish(conflict.EditCopy, id, m.add(row.in(target)), target)
	case target != row.box:
		row.leaving = true
		m.wish(conflict.EditMove, id, m.add(row.in(target)), target)
	}
}

// view is what the owner of a machine sees.
func (m *machine) view() (out []string) {
	for _, id := range m.shown() {
		p := m.rows[id]
		out = append(out, fmt.Sprint(p.box, p.content, p.local))
	}
	slices.Sort(out)
	return out
}

func (a *account) view() (out []string) {
	for box, list := range a.boxes {
		for _, what := range list {
			out = append(out, fmt.Sprint(box, what.content, what.flags))
		}
	}
	slices.Sort(out)
	return out
}

// Whatever both did, and under every policy: after each has synced twice, both
// see what the server has and nothing is left to send; no mail is gone that nobody
// deleted, and no change of flags.
func TestTwoMachinesConverge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		server := &account{boxes: [4]map[imap.UID]mail{1: {}, 2: {}, 3: {}}}
		contents := rapid.IntRange(1, 5).Draw(t, "messages")
		h := history{map[int]bool{}, map[int]bool{}, map[int]conflict.Flags{}}
		for n := range contents {
			flags := rapid.SampledFrom([]conflict.Flags{"", `\Flagged \Seen`, `\Seen x`}).Draw(t, "flags")
			h.flags[n] = flags
			server.put(rapid.Int64Range(1, 3).Draw(t, "box"), mail{n, flags})
		}
		base := maps.Clone(h.flags)
		var both []*machine
		for range 2 {
			m := &machine{T: t, server: server, rows: map[int64]*seat{}, policy: conflict.Policy(rapid.IntRange(0, 2).Draw(t, "policy"))}
			m.sync()
			both = append(both, m)
		}
		for _, m := range both {
			for range rapid.IntRange(0, 6).Draw(t, "edits") {
				m.edit(h)
			}
			for _, id := range m.shown() { // both sides' changes, flag by flag
				n := m.rows[id].content
				h.flags[n] = conflict.Merge(base[n], m.rows[id].local, h.flags[n])
			}
		}
		for range 2 {
			both[0].sync()
			both[1].sync()
		}
		for n, m := range both {
			if got, want := m.view(), server.view(); !slices.Equal(got, want) {
				t.Fatalf("machine %d sees %v, the server has %v", n, got, want)
			}
			if sent := m.sync(); sent > 0 {
				t.Fatalf("machine %d sent %d more", n, sent)
			}
		}
		for n := range contents {
			all := server.all(n)
			if len(all) == 0 && !h.deleted[n] {
				t.Fatalf("message %d is lost", n)
			}
			if len(all) == 1 && !h.deleted[n] && !h.copied[n] && !all[0].Equal(h.flags[n]) {
				t.Fatalf("message %d has %q, want %q", n, all[0], h.flags[n])
			}
		}
	})
}

// all are the flags of a message, wherever it is.
func (a *account) all(content int) (out []conflict.Flags) {
	for _, list := range a.boxes {
		for _, what := range list {
			if what.content == content {
				out = append(out, what.flags)
			}
		}
	}
	return out
}
