package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
)

// steps puts what goes into an order in which one run converges: what makes
// comes before what moves, and what deletes comes last.
func (q *queue) steps() {
	for _, g := range grouped(q.settle, func(i *Intent) int64 { return i.Target }) {
		q.add(q.step(OpSettle, g))
	}
	for _, i := range q.of(conflict.EditCreate, conflict.EditRename) {
		q.named(i)
	}
	for _, i := range q.of(conflict.EditSubscribe, conflict.EditUnsubscribe) {
		q.add(q.step(Op(i.Kind), []*Intent{i}))
	}
	for _, g := range q.grouped(q.of(conflict.EditAppend)) {
		q.appends(g)
	}
	onMessages := q.of(conflict.EditFlags, conflict.EditCopy, conflict.EditMove, conflict.EditDelete)
	for _, g := range grouped(onMessages, func(i *Intent) int64 { return i.Mailbox }) {
		q.mailbox(g)
	}
	q.removals()
}

// mailbox plans what is done in one selected mailbox: flags first, which then
// go along with their messages; copies before the originals go.
func (q *queue) mailbox(intents []*Intent) {
	q.stores(kind(intents, conflict.EditFlags))
	for _, g := range q.grouped(kind(intents, conflict.EditCopy)) {
		for _, g := range layers(g) {
			q.add(q.uids(OpCopy, g))
		}
	}
	for _, g := range q.grouped(kind(intents, conflict.EditMove)) {
		q.moves(g)
	}
	for _, g := range q.grouped(kind(intents, conflict.EditDelete)) {
		q.add(q.erase(g))
	}
}

// layers parts intents so that each part has a message once: a set of UIDs copies it
// once, however often it is to be copied.
func layers(g []*Intent) (out [][]*Intent) {
	times := map[int64]int{}
	for _, i := range g {
		n := times[i.Message.ID]
		if times[i.Message.ID]++; n == len(out) {
			out = append(out, nil)
		}
		out[n] = append(out[n], i)
	}
	return out
}

// moves are one command where MOVE is offered. Else the source goes only after
// its copy was looked at, in this run or before (I18).
func (q *queue) moves(g []*Intent) {
	var fresh, copied []*Intent
	for _, i := range g {
		if i.Result.UID == 0 {
			fresh = append(fresh, i)
		} else {
			copied = append(copied, i)
		}
	}
	op := OpMove
	if !q.Caps.Move {
		op, copied = OpCopy, g
	}
	if len(fresh) > 0 {
		s := q.uids(op, fresh)
		s.Verify = op == OpCopy
		q.add(s)
	}
	if len(copied) > 0 {
		s := q.erase(copied)
		s.Verified = true
		q.add(s)
	}
}

// erase deletes for good: with UIDPLUS exactly these messages (RFC 4315 section
// 2.1); without it an EXPUNGE would take what others marked, too.
func (q *queue) erase(g []*Intent) Step {
	s := q.uids(OpErase, g)
	s.Expunge = q.Caps.UIDPlus
	if !s.Expunge {
		s.Note = `the server offers no UIDPLUS: what is marked \Deleted stays until it is expunged there`
	}
	return s
}

// named is a step that gives a name.
func (q *queue) named(i *Intent) {
	s := q.step(Op(i.Kind), []*Intent{i})
	s.Name, s.Dest = i.Name, cmp.Or(i.Shown, i.Name)
	s.Source = cmp.Or(q.box[i.Mailbox].Was, s.Source)
	q.add(s)
}

// appends go in batches: a lost connection leaves some hundred outcomes unknown.
func (q *queue) appends(g []*Intent) {
	for _, batch := range Batches(g, AppendMessages, AppendBytes) {
		s := q.step(OpAppend, batch)
		for _, i := range batch {
			s.Messages = append(s.Messages, i.Result.ID)
			s.Bytes += i.Result.Size
		}
		q.add(s)
	}
}

// removals take the mailboxes below others first.
func (q *queue) removals() {
	list := q.of(conflict.EditRemove)
	slices.SortStableFunc(list, func(a, b *Intent) int {
		return cmp.Compare(len(q.box[b.Mailbox].Raw), len(q.box[a.Mailbox].Raw))
	})
	for _, i := range list {
		q.add(q.step(OpRemove, []*Intent{i}))
	}
}

// step is a step for intents that share their mailboxes and what they need.
func (q *queue) step(op Op, g []*Intent) Step {
	s := Step{Op: op, Mailbox: g[0].Mailbox, Target: g[0].Target}
	s.Source, s.Dest = q.box[s.Mailbox].Name, q.box[s.Target].Name
	for _, i := range g {
		s.Intents = append(s.Intents, i.ID)
	}
	s.Needs = q.needs[g[0].ID]
	return s
}

// uids is a step on messages, in order of their UIDs.
func (q *queue) uids(op Op, g []*Intent) Step {
	g = slices.SortedFunc(slices.Values(g), func(a, b *Intent) int { return cmp.Compare(a.Message.UID, b.Message.UID) })
	s := q.step(op, g)
	s.UIDs = imap.UIDSet{}
	for _, i := range g {
		s.UIDs.AddNum(i.Message.UID)
		s.Messages = append(s.Messages, i.Message.ID)
	}
	return s
}

func (q *queue) add(s Step) { q.plan.Steps = append(q.plan.Steps, s) }

func (q *queue) of(kinds ...conflict.Edit) []*Intent { return kind(q.going, kinds...) }

func kind(intents []*Intent, kinds ...conflict.Edit) (out []*Intent) {
	for _, i := range intents {
		if slices.Contains(kinds, i.Kind) {
			out = append(out, i)
		}
	}
	return out
}

// grouped parts intents by where they go and what they need: a step fails as a
// whole when something that it needs has failed.
func (q *queue) grouped(intents []*Intent) [][]*Intent {
	return grouped(intents, func(i *Intent) string { return fmt.Sprint(i.Target, q.needs[i.ID]) })
}

// grouped parts intents by a key, in the order in which the keys appear.
func grouped[K comparable](intents []*Intent, key func(*Intent) K) (out [][]*Intent) {
	at := map[K]int{}
	for _, i := range intents {
		k := key(i)
		n, ok := at[k]
		if !ok {
			n = len(out)
			at[k], out = n, append(out, nil)
		}
		out[n] = append(out[n], i)
	}
	return out
}
