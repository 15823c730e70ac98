package plan

import (
	"cmp"
	"maps"
	"slices"

	"github.com/emersion/go-imap/v2"
	"pgregory.net/rapid"

	"mailstow/conflict"
)

// Two machines with one account, both edited offline: a pull, the rules for
// conflicts and a push, on mirrors and a server small enough to be seen through.

// account is the server: mailboxes 1 to 3.
type account struct {
	boxes [4]map[imap.UID]mail
	next  imap.UID
}

func (a *account) put(box int64, what mail) imap.UID {
	a.next++
	a.boxes[box][a.next] = what
	return a.next
}

// machine is a mirror with its queue.
type machine struct {
	*rapid.T
	server *account
	rows   map[int64]*seat
	wishes []wish
	ids    int64
	policy conflict.Policy
}

// seat is a row of the mirror.
type seat struct {
	box         int64
	uid         imap.UID // 0: not on the server
	content     int
	base, local conflict.Flags
	leaving     bool // not shown any more
}

// in is the row that stands for a message in another mailbox.
func (p seat) in(box int64) seat {
	return seat{box: box, content: p.content, base: p.base, local: p.local}
}

type wish struct {
	id, message, result int64
	kind                conflict.Edit
	target              int64
}

func (m *machine) add(p seat) int64 {
	m.ids++
	m.rows[m.ids] = &p
	return m.ids
}

func (m *machine) wish(kind conflict.Edit, message, result, target int64) {
	m.ids++
	m.wishes = append(m.wishes, wish{m.ids, message, result, kind, target})
}

func (m *machine) shown() (ids []int64) {
	for _, id := range slices.Sorted(maps.Keys(m.rows)) {
		if !m.rows[id].leaving {
			ids = append(ids, id)
		}
	}
	return ids
}

// sync pulls, decides and pushes; it returns how many steps it sent.
func (m *machine) sync() int {
	gone, come := m.pull()
	m.decide(gone, come)
	sent := 0
	for round := 0; ; round++ {
		p := Push(m.input())
		if p.Empty() && len(p.Waiting) == 0 {
			return sent
		}
		if p.Empty() || round == 5 {
			m.Fatalf("does not come to an end:\n%s", p.Text())
		}
		for _, s := range p.Steps {
			m.do(s)
			sent++
		}
	}
}

// pull takes over what the server changed, and tells what left and what came.
func (m *machine) pull() (gone, come []int64) {
	for box := int64(1); box <= 3; box++ {
		p := Diff(m.listing(box))
		for _, f := range p.Flags {
			m.rows[f.ID].base, m.rows[f.ID].local = f.Base, f.Local
		}
		for _, uid := range p.Unlisted {
			what := m.server.boxes[box][uid]
			come = append(come, m.add(seat{box: box, uid: uid, content: what.content, base: what.flags, local: what.flags}))
		}
		gone = append(gone, p.Vanish...)
	}
	return gone, come
}

func (m *machine) listing(box int64) (in Input) {
	for uid, what := range m.server.boxes[box] {
		in.Remote = append(in.Remote, Entry{uid, what.flags})
	}
	for id, p := range m.rows {
		if p.box == box && p.uid != 0 {
			in.Rows = append(in.Rows, Row{id, p.uid, p.base, p.local})
		}
	}
	slices.SortFunc(in.Remote, func(a, b Entry) int { return cmp.Compare(a.UID, b.UID) })
	slices.SortFunc(in.Rows, func(a, b Row) int { return cmp.Compare(a.UID, b.UID) })
	return in
}

// decide settles what was wanted of messages that are gone.
func (m *machine) decide(gone, come []int64) {
	moved, fate := map[int64]int64{}, map[int64]conflict.Fate{}
	for _, id := range gone {
		fate[id] = conflict.Expunged
	}
	for _, id := range Lookalikes(m.traces(gone), m.traces(come)) {
		fate[id] = conflict.Lookalike
	}
	for _, pair := range Moves(m.traces(gone), m.traces(come)) {
		moved[pair.From], fate[pair.From] = pair.To, conflict.MovedAway
		from, to := m.rows[pair.From], m.rows[pair.To]
		to.local = conflict.Merge(from.base, from.local, to.base) // flags-moved
	}
	var left []wish
	for _, w := range m.wishes {
		if w, stays := m.settle(w, fate[w.message], moved[w.message]); stays {
			left = append(left, w)
		}
	}
	m.wishes = left
	for _, id := range gone {
		delete(m.rows, id)
	}
}

func (m *machine) settle(w wish, fate conflict.Fate, now int64) (wish, bool) {
	if fate == conflict.Unchanged {
		return w, true
	}
	agrees := now != 0 && m.rows[now].box == w.target
	switch conflict.Decide(conflict.Case{Policy: m.policy, Edit: w.kind, Message: fate, Agrees: agrees, Held: true}).Action {
	case conflict.Follow:
		w.message, m.rows[now].leaving = now, w.kind != conflict.EditCopy
		return w, true
	case conflict.Copy:
		w.kind, w.message = conflict.EditCopy, now
		return w, true
	case conflict.Recreate:
		w.kind, w.message = conflict.EditAppend, 0
		return w, true
	}
	delete(m.rows, w.result)
	return w, false
}

func (m *machine) traces(ids []int64) (out []Trace) {
	for _, id := range ids {
		out = append(out, trace(id, "", int64(m.rows[id].content), 'h'))
	}
	return out
}

// input is the queue as Push wants it; flags are whatever base and local differ in.
func (m *machine) input() PushInput {
	in := PushInput{Now: now, Limit: NoLimit, Caps: Caps{UIDPlus: true, Move: true}, Boxes: []Box{{ID: 1, Raw: "1"}, {ID: 2, Raw: "2"}, {ID: 3, Raw: "3"}}}
	row := func(id int64) Message {
		if p := m.rows[id]; p != nil {
			return Message{ID: id, UID: p.uid, Base: p.base, Local: p.local, Held: true}
		}
		return Message{}
	}
	for _, w := range m.wishes {
		i := Intent{ID: w.id, Kind: w.kind, State: Queued, Target: w.target, Message: row(w.message), Result: row(w.result)}
		if w.message != 0 {
			i.Mailbox = m.rows[w.message].box
		}
		in.Intents = append(in.Intents, i)
	}
	for id, p := range m.rows {
		if p.uid != 0 && !p.base.Equal(p.local) {
			in.Intents = append(in.Intents, Intent{ID: 1_000_000 + id, Kind: conflict.EditFlags, State: Queued, Mailbox: p.box, Message: row(id)})
		}
	}
	return in
}

// do carries a step out, on the server and in the mirror.
func (m *machine) do(s Step) {
	for _, id := range s.Intents {
		at := slices.IndexFunc(m.wishes, func(w wish) bool { return w.id == id })
		if s.Op == OpStore {
			p := m.rows[id-1_000_000]
			p.base = stored(p.base, s.Add, s.Remove)
			m.server.boxes[p.box][p.uid] = mail{p.content, p.base}
			continue
		}
		w := m.wishes[at]
		m.wishes = slices.Delete(m.wishes, at, at+1)
		if to := m.rows[w.result]; to != nil {
			was := to.base
			to.base = to.local // as appended
			if from := m.rows[w.message]; from != nil {
				to.base, to.local = from.base, conflict.Merge(was, to.local, from.base)
			}
			to.uid = m.server.put(to.box, mail{to.content, to.base})
		}
		if s.Op != OpCopy && s.Op != OpAppend {
			delete(m.server.boxes[s.Mailbox], m.rows[w.message].uid)
			delete(m.rows, w.message)
		}
	}
}
