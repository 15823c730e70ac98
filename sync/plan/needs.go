package plan

import (
	"strings"

	"mailstow/conflict"
)

// index finds the intents that others have to wait for.
type index struct {
	box      map[int64]Box
	bearer   map[string]int64 // raw name -> mailbox that has it now
	creates  map[int64]int64  // mailbox -> intent
	renames  map[int64]int64  // mailbox -> intent
	names    map[string]int64 // raw name wanted -> intent
	removes  []*Intent
	copies   map[int64][]int64 // message -> intents
	touching map[int64][]int64 // mailbox -> intents that take mail out of it or put mail into it
}

func newIndex(intents []*Intent, box map[int64]Box) index {
	x := index{
		box: box, bearer: map[string]int64{}, creates: map[int64]int64{}, renames: map[int64]int64{},
		names: map[string]int64{}, copies: map[int64][]int64{}, touching: map[int64][]int64{},
	}
	for id, b := range box {
		if !b.Gone {
			x.bearer[b.Raw] = id
		}
	}
	for _, i := range intents {
		x.enter(i)
	}
	return x
}

// all returns for each intent those that must succeed before it (I22).
func (x *index) all(intents []*Intent) map[int64][]int64 {
	needs := map[int64][]int64{}
	for _, i := range intents {
		if n := x.needs(i); len(n) > 0 {
			needs[i.ID] = n
		}
	}
	return needs
}

func (x *index) enter(i *Intent) {
	switch i.Kind {
	case conflict.EditCreate:
		x.creates[i.Mailbox], x.names[i.Name] = i.ID, i.ID
	case conflict.EditRename:
		x.renames[i.Mailbox], x.names[i.Name] = i.ID, i.ID
	case conflict.EditRemove:
		x.removes = append(x.removes, i)
	case conflict.EditMove, conflict.EditCopy, conflict.EditAppend:
		x.touching[i.Mailbox] = append(x.touching[i.Mailbox], i.ID)
		x.touching[i.Target] = append(x.touching[i.Target], i.ID)
	}
	if i.Kind == conflict.EditCopy {
		x.copies[i.Message.ID] = append(x.copies[i.Message.ID], i.ID)
	}
}

func (x *index) needs(i *Intent) []int64 {
	n := only(x.creates[i.Mailbox], x.creates[i.Target])
	switch i.Kind {
	case conflict.EditCreate, conflict.EditRename:
		n = append(n, x.name(i)...)
	case conflict.EditMove, conflict.EditDelete:
		n = append(n, x.copies[i.Message.ID]...) // first the copy, then the original may go
	case conflict.EditRemove:
		n = append(n, x.touching[i.Mailbox]...) // what was to be saved from it is out
		n = append(n, only(x.renames[i.Mailbox])...)
		n = append(n, x.children(i)...)
	}
	return without(n, i.ID)
}

// name is what must happen before a name can be given: the mailbox above it
// exists, and the one that has it now has made way. Only what was done here
// before can be meant.
func (x *index) name(i *Intent) (n []int64) {
	if above := parent(i.Name, x.box[i.Mailbox].Delim); above != "" {
		n = only(x.names[above])
	}
	n = append(n, only(x.renames[x.bearer[i.Name]])...)
	return earlier(n, i.ID)
}

// children are the removals of mailboxes below one that is to be removed.
func (x *index) children(i *Intent) (n []int64) {
	b := x.box[i.Mailbox]
	for _, r := range x.removes {
		if b.Delim != "" && strings.HasPrefix(x.box[r.Mailbox].Raw, b.Raw+b.Delim) {
			n = append(n, r.ID)
		}
	}
	return n
}

// parent is the name above a name; "" when there is none.
func parent(raw, delim string) string {
	if delim == "" {
		return ""
	}
	return raw[:max(0, strings.LastIndex(raw, delim))]
}

// only leaves the ids that are none out.
func only(ids ...int64) []int64 { return without(ids, 0) }

func without(ids []int64, id int64) []int64 {
	return keep(ids, func(n int64) bool { return n != id })
}

func earlier(ids []int64, id int64) []int64 {
	return keep(ids, func(n int64) bool { return n < id })
}

func keep(ids []int64, good func(int64) bool) (out []int64) {
	for _, n := range ids {
		if good(n) {
			out = append(out, n)
		}
	}
	return out
}
