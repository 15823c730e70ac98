package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mailstow/conflict"
)

const (
	inboxBox, archiveBox, goneBox, leavingBox, noMailBox = 1, 2, 3, 4, 5
)

var restoreBoxes = []RestoreBox{
	{ID: inboxBox, Raw: "INBOX"}, {ID: archiveBox, Raw: "Archive"}, {ID: goneBox, Raw: "Gone", Gone: true},
	{ID: leavingBox, Raw: "Leaving", Leaving: true}, {ID: noMailBox, Raw: "No", NoMail: true},
}

func TestRestore(t *testing.T) {
	lost := func(id int64, copies ...Holder) Wanted {
		return Wanted{ID: id, Mailbox: inboxBox, Flags: `\Deleted \Seen x`, Held: true, Since: 100, Copies: copies}
	}
	put := func(id, target int64) Put { return Put{ID: id, Target: target, Flags: `\Seen x`} }
	left := func(id int64, why WhyNotBack) Left { return Left{ID: id, Why: why} }
	with := func(w Wanted, change func(*Wanted)) Wanted {
		change(&w)
		return w
	}
	there := with(lost(1, Holder{1, inboxBox, 5}), func(w *Wanted) { w.Present, w.Now = true, "" })
	for name, test := range map[string]struct {
		in   RestoreInput
		want RestorePlan
	}{
		"lost":                       {RestoreInput{Wanted: []Wanted{lost(1)}}, RestorePlan{Put: []Put{put(1, inboxBox)}}},
		"in the order of ids":        {RestoreInput{Wanted: []Wanted{lost(2), lost(1)}}, RestorePlan{Put: []Put{put(1, inboxBox), put(2, inboxBox)}}},
		"into another":               {RestoreInput{Wanted: []Wanted{lost(1)}, Into: archiveBox}, RestorePlan{Put: []Put{put(1, archiveBox)}}},
		"there":                      {RestoreInput{Wanted: []Wanted{there}}, RestorePlan{Left: []Left{left(1, NotBackThere)}}},
		"there, to be copied":        {RestoreInput{Wanted: []Wanted{there}, Into: archiveBox}, RestorePlan{Put: []Put{put(1, archiveBox)}}},
		"flags":                      {RestoreInput{Wanted: []Wanted{there}, Reflag: true}, RestorePlan{Flags: []Reflag{{ID: 1, Add: `\Seen x`}}}},
		"came back":                  {RestoreInput{Wanted: []Wanted{lost(1, Holder{9, inboxBox, 100})}}, RestorePlan{Left: []Left{left(1, NotBackThere)}}},
		"one like it all along":      {RestoreInput{Wanted: []Wanted{lost(1, Holder{9, inboxBox, 99})}}, RestorePlan{Put: []Put{put(1, inboxBox)}}},
		"one like it all along, but": {RestoreInput{Wanted: []Wanted{lost(1, Holder{9, archiveBox, 99})}, Into: archiveBox}, RestorePlan{Left: []Left{left(1, NotBackThere)}}},
		"like it elsewhere":          {RestoreInput{Wanted: []Wanted{lost(1, Holder{9, archiveBox, 200})}}, RestorePlan{Put: []Put{put(1, inboxBox)}}},
		"one came back of two":       {RestoreInput{Wanted: []Wanted{lost(1, Holder{9, inboxBox, 200}), lost(2, Holder{9, inboxBox, 200})}}, RestorePlan{Put: []Put{put(2, inboxBox)}, Left: []Left{left(1, NotBackThere)}}},
		"the other is wanted itself": {RestoreInput{Wanted: []Wanted{lost(1, Holder{9, inboxBox, 200}), with(there, func(w *Wanted) { w.ID, w.Copies = 9, []Holder{{9, inboxBox, 200}} })}}, RestorePlan{Put: []Put{put(1, inboxBox)}, Left: []Left{left(9, NotBackThere)}}},
		"made to put it back":        {RestoreInput{Wanted: []Wanted{lost(1, Holder{9, inboxBox, 0})}}, RestorePlan{Left: []Left{left(1, NotBackThere)}}},
		"moved":                      {RestoreInput{Wanted: []Wanted{with(lost(1, Holder{9, archiveBox, 0}), func(w *Wanted) { w.Moved = true })}}, RestorePlan{Left: []Left{left(1, NotBackMoved)}}},
		"moved, wanted":              {RestoreInput{Moved: true, Wanted: []Wanted{with(lost(1, Holder{9, archiveBox, 0}), func(w *Wanted) { w.Moved = true })}}, RestorePlan{Put: []Put{put(1, inboxBox)}}},
		"moved away and back":        {RestoreInput{Wanted: []Wanted{with(lost(1, Holder{9, inboxBox, 0}), func(w *Wanted) { w.Moved = true })}}, RestorePlan{Left: []Left{left(1, NotBackThere)}}},
		"not held":                   {RestoreInput{Wanted: []Wanted{with(lost(1), func(w *Wanted) { w.Held = false })}}, RestorePlan{Left: []Left{left(1, NotBackUnheld)}}},
		"folder gone":                {RestoreInput{Wanted: []Wanted{with(lost(1), func(w *Wanted) { w.Mailbox = goneBox })}}, RestorePlan{Create: []int64{goneBox}, Put: []Put{put(1, goneBox)}}},
		"folder gone, by the guard":  {RestoreInput{Wanted: []Wanted{with(there, func(w *Wanted) { w.Mailbox, w.Copies = goneBox, nil })}}, RestorePlan{Left: []Left{left(1, NotBackGuarded)}}},
		"into a folder that is gone": {RestoreInput{Wanted: []Wanted{lost(1)}, Into: goneBox}, RestorePlan{Create: []int64{goneBox}, Put: []Put{put(1, goneBox)}}},
		"folder leaves":              {RestoreInput{Wanted: []Wanted{with(lost(1), func(w *Wanted) { w.Mailbox = leavingBox })}}, RestorePlan{Left: []Left{left(1, NotBackLeaving)}}},
		"folder without mail":        {RestoreInput{Wanted: []Wanted{with(lost(1), func(w *Wanted) { w.Mailbox = noMailBox })}}, RestorePlan{Left: []Left{left(1, NotBackNoMail)}}},
		"folders alone": {RestoreInput{Boxes: []RestoreBox{{ID: 7, Raw: "a/b", Gone: true, Wanted: true}, {ID: 8, Raw: "a", Gone: true, Wanted: true},
			{ID: 9, Raw: "b", Wanted: true}, {ID: 10, Raw: "c", Gone: true}, {ID: 11, Raw: "d", Gone: true, Wanted: true, NoMail: true}}}, RestorePlan{Create: []int64{8, 7}}},
	} {
		if test.in.Boxes == nil {
			test.in.Boxes = restoreBoxes
		}
		if d := cmp.Diff(test.want, Restore(test.in)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// However messages and what is like them lie, nothing is made twice: what is there
// after the plan, planned again, needs nothing.
func TestRestoreTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := RestoreInput{Boxes: restoreBoxes, Into: rapid.SampledFrom([]int64{0, 0, archiveBox}).Draw(t, "into"), Moved: rapid.Bool().Draw(t, "moved")}
		bodies := rapid.IntRange(1, 3).Draw(t, "bodies")
		copies := map[int][]Holder{}
		for id := range int64(rapid.IntRange(0, 6).Draw(t, "there")) {
			body := rapid.IntRange(1, bodies).Draw(t, "body")
			copies[body] = append(copies[body], Holder{1000 + id, rapid.Int64Range(inboxBox, archiveBox).Draw(t, "box"), rapid.Int64Range(1, 20).Draw(t, "since")})
		}
		body := map[int64]int{}
		for id := range int64(rapid.IntRange(1, 6).Draw(t, "wanted")) {
			w := Wanted{ID: id + 1, Mailbox: rapid.Int64Range(inboxBox, goneBox).Draw(t, "from"), Flags: conflict.Flags(`\Seen`), Held: true,
				Since: rapid.Int64Range(1, 20).Draw(t, "went")}
			body[w.ID] = rapid.IntRange(1, bodies).Draw(t, "body")
			in.Wanted = append(in.Wanted, w)
		}
		know := func() {
			for i := range in.Wanted {
				in.Wanted[i].Copies = copies[body[in.Wanted[i].ID]]
			}
		}
		know()
		first := Restore(in)
		if len(first.Put)+len(first.Left) != len(in.Wanted) {
			t.Fatalf("%d wanted: %+v", len(in.Wanted), first)
		}
		for i, p := range first.Put {
			copies[body[p.ID]] = append(copies[body[p.ID]], Holder{2000 + int64(i), p.Target, 100 + int64(i)})
		}
		for i := range in.Boxes {
			in.Boxes = append([]RestoreBox{}, in.Boxes...)
			in.Boxes[i].Gone = false
		}
		know()
		if again := Restore(in); len(again.Put) > 0 {
			t.Fatalf("first %+v\nagain %+v", first, again)
		}
	})
}
