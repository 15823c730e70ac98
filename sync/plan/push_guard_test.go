package plan

import (
	"fmt"
	"strings"
	"testing"
)

// deletes queues n deletions in a mailbox.
func deletes(box string, n int) string {
	var b strings.Builder
	for uid := range n {
		fmt.Fprintf(&b, "delete %s%d\n", box, uid+1)
	}
	return b.String()
}

// held shows a plan as its guard sees it: what goes for good, what is held.
func held(p PushPlan) (gone int, held []string) {
	for _, s := range p.Steps {
		if s.Op == OpErase || s.Op == OpRemove {
			gone += len(s.Intents)
		}
	}
	for _, h := range p.Held {
		held = append(held, fmt.Sprintf("%s %d of %d: %s", h.Name, len(h.Intents), h.Of, h.Reason))
	}
	return gone, held
}

// I26 in the direction of the server: deletions and removals, not moves.
func TestPushGuard(t *testing.T) {
	for name, c := range map[string]struct {
		queue string
		in    int // messages in A and B
		limit string
		gone  int
		held  string
	}{
		"twenty":                    {deletes("A", 20), 21, "", 20, ""},
		"twenty-one of forty":       {deletes("A", 21), 40, "", 0, "A 21 of 40: many deletions"},
		"a quarter":                 {deletes("A", 25), 100, "", 25, ""},
		"more than a quarter":       {deletes("A", 26), 100, "", 0, "A 26 of 100: many deletions"},
		"emptied":                   {deletes("A", 3), 3, "", 0, "A 3 of 3: the mailbox would be empty"},
		"let through":               {deletes("A", 26), 100, "26", 26, ""},
		"not quite":                 {deletes("A", 26), 100, "25", 0, "A 26 of 100: many deletions"},
		"each mailbox by itself":    {deletes("A", 26) + deletes("B", 2), 100, "", 2, "A 26 of 100: many deletions"},
		"moves are no deletions":    {moves("A", "B", 100), 100, "", 0, ""},
		"removed with its mail":     {"remove A", 100, "", 0, "A 1 of 100: the mailbox would go with its mail"},
		"removed when empty":        {"remove A", 0, "", 1, ""},
		"removed after all is out":  {moves("A", "B", 3) + "remove A", 3, "", 1, ""},
		"removed, one still in it":  {moves("A", "B", 2) + "remove A", 3, "", 0, "A 1 of 3: the mailbox would go with its mail"},
		"removed, as many as said":  {"remove A", 7, "7", 1, ""},
		"removed, fewer than said":  {"remove A", 8, "7", 0, "A 1 of 8: the mailbox would go with its mail"},
		"off":                       {deletes("A", 100) + "remove B", 100, "off", 101, ""},
		"a server that counts less": {deletes("A", 3), 1, "", 0, "A 3 of 1: the mailbox would be empty"},
	} {
		in := input(t, "UIDPLUS MOVE", c.queue)
		in.Limit, _ = ParseLimit(c.limit)
		for n := range in.Boxes[:2] {
			in.Boxes[n].Messages, in.Boxes[n].Mirrored = c.in, c.in
		}
		gone, h := held(Push(in))
		if gone != c.gone || strings.Join(h, "; ") != c.held {
			t.Errorf("%s: %d gone, held %q; want %d, %q", name, gone, h, c.gone, c.held)
		}
	}
}

func moves(from, to string, n int) string {
	var b strings.Builder
	for uid := range n {
		fmt.Fprintf(&b, "move %s%d>%s\n", from, uid+1, to)
	}
	return b.String()
}

// What is held holds up what depends on it; the rest of the run proceeds.
func TestPushGuardHoldsNothingElse(t *testing.T) {
	in := input(t, "UIDPLUS MOVE", "remove B/C\nremove B\nflags A1 >\\Seen\ndelete A2\nappend >A 5")
	in.Boxes[2].Messages, in.Boxes[2].Mirrored = 4, 4
	in.Boxes[1].Messages, in.Boxes[1].Mirrored = 0, 0
	p := Push(in)
	expect(t, "held", p, `
		append A #5
		store A1 +\Seen
		erase A2 expunge
		held B/C #1 4 of 4: the mailbox would go with its mail
		wait #2: after #1, which is not done yet`)
	if got, want := p.Held[0].String(), "B/C: 4 of 4 deletions held back (100 %, the mailbox would go with its mail): --max-deletes 4 lets them through"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// An old copy of a store sends nothing, not even what is proven not to be there: it may
// have been there, and deleted since. Its owner can let as many edits through as he
// was told.
func TestPushFromAnOldCopy(t *testing.T) {
	const queue = `
		flags A1 >\Seen
		append >B 10
		append >B 10 !absent
		copy A2>B
		delete A3
		move A4>B`
	for limit, want := range map[string]string{
		"": `
			settle B #2 #4
			held  #1 #3 #5 #6 4 of 6: the store is an older copy`,
		"3": `
			settle B #2 #4
			held  #1 #3 #5 #6 4 of 6: the store is an older copy`,
		"4": `
			settle B #2 #4
			append B #3
			store A1 +\Seen
			move A4>B
			erase A3 expunge`,
	} {
		in := input(t, "UIDPLUS MOVE", queue)
		in.Stale = Outdated(41, 57)
		in.Limit, _ = ParseLimit(limit)
		expect(t, "limit "+limit, Push(in), want)
	}
	in := input(t, "UIDPLUS MOVE", "flags A1 >\\Seen !later")
	in.Stale = Outdated(41, 57)
	expect(t, "nothing to send", Push(in), "wait #1: over quota")
	in = input(t, "UIDPLUS MOVE", queue)
	in.Stale = Outdated(41, 57)
	if got, want := Push(in).Held[0].String(), "4 of 6 edits held back (the store is an older copy): --max-deletes 4 lets them through"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOutdated(t *testing.T) {
	for _, c := range []struct {
		last, marked int64
		want         bool
	}{{0, 0, false}, {5, 0, false}, {5, 5, false}, {6, 5, false}, {5, 6, true}, {0, 1, true}} {
		if got := Outdated(c.last, c.marked); (got != "") != c.want {
			t.Errorf("Outdated(%d, %d) = %q", c.last, c.marked, got)
		}
	}
}
