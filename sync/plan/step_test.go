package plan

import (
	"encoding/json"
	"fmt"
	"testing"
)

// What people read, line by line.
func TestPushText(t *testing.T) {
	for _, c := range []struct{ caps, queue, want string }{
		{"UIDPLUS MOVE", `
			append >B 10 !sent
			create N
			rename A Z
			subscribe B
			unsubscribe B
			append >B 10
			append >B 20
			flags A1 \Seen>\Flagged,work
			move A1>B
			copy A2>B
			copy A3>B
			delete A4
			remove B/C`,
			`B: look what became of 1 message sent before
create mailbox N
rename mailbox A to Z
subscribe to B
unsubscribe from B
B: append 2 messages (30 bytes)
A: add \Flagged work on 1 message
A: remove \Seen on 1 message
A: copy 2 messages to B
A: move 1 message to B
A: delete 1 message for good
remove mailbox B/C
`},
		{"", `
			move A1>B
			append >S 51
			flags F1 >work
			flags A2 >\Seen !later`,
			`A: copy 1 message to B
A: mark 1 message \Deleted, those whose copy was found good (the server offers no UIDPLUS: what is marked \Deleted stays until it is expunged there)
F: work of message 9001 stays here: the server cannot store it
#2 is parked: 51 bytes: S takes messages of at most 50
#4 waits: over quota; again from 2026-04-01 13:00:00 UTC
`},
		{"UIDPLUS MOVE", "remove B", "B: 100 of 100 deletions held back (100 %, the mailbox would go with its mail): --max-deletes 100 lets them through\n"},
	} {
		if got := Push(input(t, c.caps, c.queue)).Text(); got != c.want {
			t.Errorf("got\n%swant\n%s", got, c.want)
		}
	}
}

func TestDescribe(t *testing.T) {
	in := input(t, "", `
		flags A1 \Seen>\Flagged
		move A1>B
		copy A1>B
		delete A1
		append >B 10
		create N
		rename A Z
		remove A
		subscribe A`)
	want := []string{
		`A: add \Flagged, remove \Seen on 1 message`, "A: move 1 message to B", "A: copy 1 message to B",
		"A: delete 1 message for good", "B: append 1 message (10 bytes)", "create mailbox N",
		"rename mailbox A to Z", "remove mailbox A", "subscribe to A",
	}
	for n, i := range in.Intents {
		if got := in.Describe(i); got != want[n] {
			t.Errorf("got %q, want %q", got, want[n])
		}
	}
}

func TestPushJSON(t *testing.T) {
	p := Push(input(t, "MOVE CONDSTORE", "flags A2 >\\Seen\nflags A1 >\\Seen\nflags A3 >x !later\nremove B"))
	got, err := json.Marshal(p)
	const want = `{"steps":[{"op":"store","mailbox":1,"source":"A","intents":[2,1],"messages":[1001,1002],"add":["\\Seen"],"unchanged_since":50,"uids":"1:2"}],` +
		`"waiting":[{"intent":3,"why":"over quota","until":"2026-04-01T13:00:00Z"}],` +
		`"held":[{"reason":"the mailbox would go with its mail","count":100,"of":100,"mailbox":"B","intents":[4]}]}`
	if err != nil || string(got) != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
}

// I22: what depends on a failed intent fails, through any number of steps.
func TestDependents(t *testing.T) {
	p := Push(input(t, "UIDPLUS MOVE", `
		create N
		create N/P
		append >N 10
		move A1>N/P
		copy A2>B
		move A2>B/C
		flags A3 >\Seen
		move A3>B
		move B/C1>B
		remove B/C`))
	for _, c := range []struct {
		failed []int64
		want   string
	}{
		{nil, "[]"},
		{[]int64{1}, "[2 3 4]"},
		{[]int64{2}, "[4]"},
		{[]int64{5}, "[6 10]"},
		{[]int64{9}, "[10]"},
		{[]int64{7}, "[]"},
		{[]int64{1, 2, 9}, "[3 4 10]"},
		{[]int64{99}, "[]"},
	} {
		if got := fmt.Sprint(p.Dependents(c.failed...)); got != c.want {
			t.Errorf("%v: %s, want %s", c.failed, got, c.want)
		}
	}
}

// A mailbox that waits to be renamed has its new name everywhere but where it gets it.
func TestRenameNamesBothEnds(t *testing.T) {
	in := input(t, "MOVE", "rename A X\nmove B1>A")
	in.Boxes[0].Name, in.Boxes[0].Was = "X", "A"
	want := "rename mailbox A to X\nB: move 1 message to X\n"
	if got := Push(in).Text(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := in.Describe(in.Intents[0]); got != "rename mailbox A to X" {
		t.Errorf("described as %q", got)
	}
}
