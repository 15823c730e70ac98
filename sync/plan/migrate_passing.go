package plan

import (
	"cmp"
	"slices"
)

// Where bodies are not kept, what the source has and the target lacks is fetched some
// at a time, sent and let go. What is known of a message by then tells it from others
// for good, so that it is fetched once. Before anything is put into a mailbox of the
// target that holds mail which did not come from here, that mail is read, and let go.

// Fetching is a message whose bytes are wanted.
type Fetching struct {
	ID   int64
	Size int64 // as announced; -1 unknown
}

// fetch: the bytes of a message are not here.
func (m *migrating) fetch(f *FolderPlan, w Copyable, to int64) {
	if to != 0 && m.unread[to] {
		m.asked[to] = true
	}
	if w.Body != 0 && !w.Dropped { // here, and waits for what may be its like
		f.Fetch++
		return
	}
	if w.Aside {
		f.Unheld++
		f.Lacking = append(f.Lacking, w.ID)
		return
	}
	f.Fetch++
	m.turn[w.ID] = turn(w.Begun, w.Refused)
	m.plan.Fetch = append(m.plan.Fetch, Fetching{w.ID, w.Size})
}

// toRead: the message may be the like of one of the source, and its bytes can be had.
func (m *migrating) toRead(c TargetMail) bool {
	return m.in.Passing && c.Body == 0 && !c.Aside && !c.Waits
}

// readings are what the target holds where something is looked for.
func (m *migrating) readings() {
	for _, c := range m.in.There {
		if m.asked[c.Mailbox] && m.toRead(c) && !m.taken[c.ID] {
			m.turn[c.ID] = turn(c.Begun, 0)
			m.plan.Read = append(m.plan.Read, Fetching{c.ID, c.Size})
		}
	}
}

// turn: what was begun comes first, so that its part is not kept for long, and what was
// refused comes last, the oftener the later, so that it keeps nothing else from going.
func turn(begun bool, refused int) int {
	if begun {
		return -1
	}
	return refused
}

func (m *migrating) order() {
	for _, all := range [][]Fetching{m.plan.Fetch, m.plan.Read} {
		slices.SortStableFunc(all, func(a, b Fetching) int { return cmp.Compare(m.turn[a.ID], m.turn[b.ID]) })
	}
}

// leastSize is what a message counts for at least, also where nobody knows.
const leastSize = 4 << 10

// Take gives the messages that come next: in their order, as many as a budget of octets
// allows, and one in any case. What was tried before is left out.
func Take(all []Fetching, budget int64, tried map[int64]bool) (some []Fetching) {
	for _, x := range all {
		if tried[x.ID] {
			continue
		}
		if budget -= max(x.Size, leastSize); budget < 0 && len(some) > 0 {
			return some
		}
		some = append(some, x)
	}
	return some
}
