package plan

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mailstow/conflict"
)

// model is a server with an engine in front of it, small enough to be seen
// through: the engine does what a plan says, and nothing else.
type model struct {
	*rapid.T
	in      PushInput
	server  map[int64]map[imap.UID]mail // by mailbox
	content map[int64]int               // of rows
	want    map[int64][]mail            // by mailbox: what the owner sees offline
	found   map[int64]imap.UID          // rows: the copy, once it was found good
	rows    int64
	uid     imap.UID
	intents int64
}

type mail struct {
	content int
	flags   conflict.Flags
}

// offline draws a server, its mirror, and what the owner does to the mirror.
func offline(t *rapid.T) *model {
	m := &model{T: t, server: map[int64]map[imap.UID]mail{1: {}, 2: {}, 3: {}}, content: map[int64]int{},
		want: map[int64][]mail{}, found: map[int64]imap.UID{}, uid: 100}
	m.in = PushInput{Now: now, Limit: NoLimit, Caps: Caps{
		Move: rapid.Bool().Draw(t, "MOVE"), UIDPlus: rapid.Bool().Draw(t, "UIDPLUS"), CondStore: rapid.Bool().Draw(t, "CONDSTORE")}}
	for id, raw := range []string{1: "A", 2: "B", 3: "Old", 4: "N", 5: "N/P"} {
		m.in.Boxes = append(m.in.Boxes, Box{ID: int64(id), Raw: raw, Name: raw, Delim: "/", Unborn: id > 3, Gone: id == 0, UIDValidity: 7, HighestModSeq: 50})
	}
	m.queue(Intent{Kind: conflict.EditCreate, Mailbox: 4, Name: "N"})
	m.queue(Intent{Kind: conflict.EditCreate, Mailbox: 5, Name: "N/P"})
	for n := range rapid.IntRange(0, 12).Draw(t, "messages") {
		m.message(n)
	}
	for range rapid.IntRange(0, 3).Draw(t, "appends") {
		m.result(conflict.EditAppend, Message{}, 0, m.flags(), m.mailbox())
	}
	if rapid.Bool().Draw(t, "rmdir") {
		m.queue(Intent{Kind: conflict.EditRemove, Mailbox: 3})
	}
	return m
}

func (m *model) mailbox() int64 { return rapid.SampledFrom([]int64{1, 2, 4, 5}).Draw(m.T, "mailbox") }

func (m *model) flags() conflict.Flags {
	return rapid.SampledFrom([]conflict.Flags{"", `\Seen`, `\Flagged \Seen`, "work"}).Draw(m.T, "flags")
}

func (m *model) row(content int) int64 {
	m.rows++
	m.content[m.rows] = content
	return m.rows
}

func (m *model) queue(i Intent) {
	m.intents++
	i.ID, i.State = m.intents, Queued
	m.in.Intents = append(m.in.Intents, i)
}

// message puts one on the server, and has the owner work on it. Mail in Old is
// always moved out: the mailbox may be removed.
func (m *model) message(n int) {
	box := rapid.SampledFrom([]int64{1, 2, 3}).Draw(m.T, "in")
	uid := imap.UID(len(m.server[box]) + 1)
	msg := Message{ID: m.row(n), UID: uid, UIDValidity: 7, Base: m.flags(), Held: true}
	msg.Local = m.flags()
	m.server[box][uid] = mail{n, msg.Base}
	for range rapid.IntRange(0, 2).Draw(m.T, "copies") {
		m.result(conflict.EditCopy, msg, box, msg.Local, m.mailbox())
	}
	if !msg.Base.Equal(msg.Local) {
		m.queue(Intent{Kind: conflict.EditFlags, Mailbox: box, Message: msg})
	}
	switch what := rapid.SampledFrom([]string{"keep", "move", "delete"}).Draw(m.T, "fate"); {
	case what == "move" || box == 3:
		m.result(conflict.EditMove, msg, box, msg.Local, m.mailbox())
	case what == "delete":
		m.queue(Intent{Kind: conflict.EditDelete, Mailbox: box, Message: msg})
	default:
		m.want[box] = append(m.want[box], mail{n, msg.Local})
	}
}

// result queues what ends in a new row in another mailbox.
func (m *model) result(kind conflict.Edit, msg Message, box int64, flags conflict.Flags, target int64) {
	content, known := m.content[msg.ID]
	if !known {
		content = 1000 + len(m.in.Intents)
	}
	m.queue(Intent{Kind: kind, Mailbox: box, Target: target, Message: msg, Result: Message{ID: m.row(content), Local: flags, Held: true}})
	m.want[target] = append(m.want[target], mail{content, flags})
}

// run plans and does what is planned. Some steps are refused: their intents, and
// what depends on them, stay for the next time.
func (m *model) run(refuse bool) PushPlan {
	p := Push(m.in)
	failed := map[int64]bool{}
	for n, s := range p.Steps {
		if slices.ContainsFunc(s.Intents, func(id int64) bool { return failed[id] }) {
			continue
		}
		if refuse && rapid.IntRange(0, 3).Draw(m.T, "refused") == 0 {
			for _, id := range append(p.Dependents(s.Intents...), s.Intents...) {
				failed[id] = true
			}
			continue
		}
		m.do(s, p.Steps[n+1:])
	}
	return p
}

// do carries a step out; an intent is done with its last one.
func (m *model) do(s Step, rest []Step) {
	for _, id := range s.Intents {
		at := slices.IndexFunc(m.in.Intents, func(i Intent) bool { return i.ID == id })
		i := m.in.Intents[at]
		if s.UIDs != nil && !s.UIDs.Contains(i.Message.UID) {
			m.Fatalf("%s does not act on #%d", s, id)
		}
		i.Message.Base = m.one(s, i)
		i.Result.UID = m.found[i.Result.ID]
		m.in.Intents[at] = i
		if !slices.ContainsFunc(rest, func(r Step) bool { return slices.Contains(r.Intents, id) }) {
			m.finish(i)
		}
	}
}

// one does a step to one message or mailbox, and returns the message's flags.
func (m *model) one(s Step, i Intent) conflict.Flags {
	src, uid := m.server[s.Mailbox], i.Message.UID
	switch s.Op {
	case OpCreate:
		m.server[s.Mailbox] = map[imap.UID]mail{}
		m.in.Boxes[s.Mailbox].Unborn = false
	case OpRemove:
		if len(m.alive(s.Mailbox)) > 0 {
			m.Fatalf("mail is lost with its mailbox: %v", src)
		}
		delete(m.server, s.Mailbox)
	case OpAppend:
		m.put(s.Target, i, mail{m.content[i.Result.ID], i.Result.Local})
	case OpStore:
		src[uid] = mail{src[uid].content, stored(src[uid].flags, s.Add, s.Remove)}
	case OpCopy, OpMove:
		m.put(s.Target, i, src[uid])
		if s.Op == OpMove {
			delete(src, uid)
		}
	case OpErase:
		m.erase(s, i)
	}
	return src[uid].flags
}

// finish ends an intent. Flags that a new row wants and its message lacks, as
// they could not be stored before, are an intent of their own.
func (m *model) finish(done Intent) {
	m.in.Intents = slices.DeleteFunc(m.in.Intents, func(i Intent) bool {
		return i.ID == done.ID || i.Kind == conflict.EditFlags && done.Kind != conflict.EditCopy && i.Message.ID == done.Message.ID
	})
	uid, bound := m.found[done.Result.ID]
	if got := m.server[done.Target][uid].flags; bound && !got.Equal(done.Result.Local) {
		m.queue(Intent{Kind: conflict.EditFlags, Mailbox: done.Target, Message: Message{
			ID: done.Result.ID, UID: uid, UIDValidity: 7, Base: got, Local: done.Result.Local}})
	}
}

// erase lets go only of what was to be deleted, or has its copy.
func (m *model) erase(s Step, i Intent) {
	src, uid := m.server[s.Mailbox], i.Message.UID
	if i.Kind != conflict.EditDelete && !(s.Verified && m.found[i.Result.ID] != 0) {
		m.Fatalf("#%d lets go of a message without a copy", i.ID)
	}
	src[uid] = mail{src[uid].content, stored(src[uid].flags, []imap.Flag{imap.FlagDeleted}, nil)}
	if s.Expunge != m.in.Caps.UIDPlus {
		m.Fatalf("expunge %v with UIDPLUS %v", s.Expunge, m.in.Caps.UIDPlus)
	}
	if s.Expunge {
		delete(src, uid)
	}
}

func (m *model) put(box int64, i Intent, what mail) {
	if m.server[box] == nil {
		m.Fatalf("mailbox %d is not there yet", box)
	}
	m.uid++
	m.server[box][m.uid] = what
	m.found[i.Result.ID] = m.uid
}

// alive is the mail of a mailbox without what is marked as deleted.
func (m *model) alive(box int64) (out []mail) {
	for _, uid := range slices.Sorted(maps.Keys(m.server[box])) {
		if what := m.server[box][uid]; !what.flags.Has(imap.FlagDeleted) {
			out = append(out, what)
		}
	}
	return out
}

// Whatever was done offline, and whatever is refused at first: in the end the
// server has what the owner saw, nothing else was deleted, and nothing is left
// to send. The order in which the queue is handed over does not matter.
func TestPushConverges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := offline(t)
		shuffled := m.in
		shuffled.Intents = rapid.Permutation(m.in.Intents).Draw(t, "order")
		shuffled.Boxes = rapid.Permutation(m.in.Boxes).Draw(t, "order of mailboxes")
		if a, b := Push(m.in), Push(shuffled); !cmp.Equal(a, b) {
			t.Fatalf("the order matters: %s", cmp.Diff(a, b))
		}
		m.run(true)
		m.run(false)
		m.run(false) // flags that a refused store did not set in time
		if p := Push(m.in); !p.Empty() || len(m.in.Intents) > 0 {
			t.Fatalf("left in the queue: %+v\n%s", m.in.Intents, p.Text())
		}
		for box := range m.server {
			if got, want := sortedMail(m.alive(box)), sortedMail(m.want[box]); !slices.Equal(got, want) {
				t.Fatalf("mailbox %d has %v, want %v", box, got, want)
			}
		}
	})
}

func sortedMail(list []mail) []string {
	out := make([]string, len(list))
	for n, what := range list {
		out[n] = fmt.Sprint(what)
	}
	slices.Sort(out)
	return out
}
