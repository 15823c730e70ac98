package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
)

// queue is a push being planned.
type queue struct {
	PushInput
	plan    PushPlan
	box     map[int64]Box
	intents []*Intent // in the order in which they were made
	index   index
	needs   map[int64][]int64 // by intent: those that must succeed before it
	going   []*Intent         // what shall be sent, in order
	settle  []*Intent         // what is looked for first
	stays   map[int64]bool    // intents that are not done by this plan
	deltas  map[int64]delta   // of flags intents that go
}

// delta is what a message's flags lack on the server, and what they have too much.
type delta struct{ add, remove []imap.Flag }

func newQueue(in PushInput) *queue {
	q := &queue{PushInput: in, box: map[int64]Box{}, stays: map[int64]bool{}, deltas: make(map[int64]delta, len(in.Intents))}
	for _, b := range in.Boxes {
		q.box[b.ID] = b
	}
	for i := range in.Intents {
		q.intents = append(q.intents, &in.Intents[i])
	}
	slices.SortFunc(q.intents, func(a, b *Intent) int { return cmp.Compare(a.ID, b.ID) })
	q.index = newIndex(q.intents, q.box)
	q.needs = q.index.all(q.intents)
	return q
}

// sift parts what can go from what cannot.
func (q *queue) sift() {
	for _, i := range q.intents {
		why := q.obstacle(i)
		switch {
		case why != "":
			q.wait(i, why)
		case q.unsettled(i):
			q.settle = append(q.settle, i)
			q.stays[i.ID] = true
		case i.Kind == conflict.EditFlags:
			q.flags(i)
		case i.Kind == conflict.EditAppend && q.tooLarge(i):
			q.plan.Parked = append(q.plan.Parked, Waiting{Intent: i.ID, Why: fmt.Sprintf(
				"%d bytes: %s takes messages of at most %d", i.Result.Size, q.box[i.Target].Name, q.appendLimit(i.Target))})
			q.stays[i.ID] = true
		default:
			q.going = append(q.going, i)
		}
	}
	q.follow()
}

// wait leaves an intent where it is.
func (q *queue) wait(i *Intent, why string) {
	w := Waiting{Intent: i.ID, Why: why}
	if i.RetryAt.After(q.Now) {
		w.Until = i.RetryAt
	}
	q.plan.Waiting = append(q.plan.Waiting, w)
	q.stays[i.ID] = true
}

// follow lets those wait that depend on what is not done by this plan.
func (q *queue) follow() {
	for again := true; again; {
		again = false
		going := q.going[:0]
		for _, i := range q.going {
			if at := slices.IndexFunc(q.needs[i.ID], func(id int64) bool { return q.stays[id] }); at >= 0 {
				q.wait(i, fmt.Sprintf("after #%d, which is not done yet", q.needs[i.ID][at]))
				again = true
				continue
			}
			going = append(going, i)
		}
		q.going = going
	}
}

// unsettled: the outcome is not known, or the store is an old copy, which may
// have sent it before.
func (q *queue) unsettled(i *Intent) bool {
	switch i.Kind {
	case conflict.EditMove:
		return i.Result.UID == 0 && (i.State == Sent || i.State == Carried)
	case conflict.EditCopy, conflict.EditAppend:
		return i.State == Sent || i.State == Carried || q.Stale != "" && !i.Absent
	}
	return false
}

// flags takes in what can be stored of a change of flags.
func (q *queue) flags(i *Intent) {
	add, no := Storable(conflict.Added(i.Message.Base, i.Message.Local), q.box[i.Mailbox].PermanentFlags)
	remove, never := Storable(conflict.Added(i.Message.Local, i.Message.Base), q.box[i.Mailbox].PermanentFlags)
	no = append(slices.Clone(no), never...)
	nothing := len(add)+len(remove) == 0
	if len(no) > 0 {
		q.plan.Unpushable = append(q.plan.Unpushable, Unpushable{
			Intent: i.ID, Mailbox: q.box[i.Mailbox].Name, Message: i.Message.ID, Flags: no, Alone: nothing})
	} else if nothing {
		q.plan.Done = append(q.plan.Done, i.ID)
	}
	if !nothing {
		q.deltas[i.ID] = delta{add, remove}
		q.going = append(q.going, i)
	}
}

func (q *queue) appendLimit(box int64) int64 {
	if l := q.box[box].AppendLimit; l > 0 {
		return l
	}
	return q.Caps.AppendLimit
}

func (q *queue) tooLarge(i *Intent) bool {
	l := q.appendLimit(i.Target)
	return l > 0 && i.Result.Size > l
}
