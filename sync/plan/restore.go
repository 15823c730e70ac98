package plan

import (
	"cmp"
	"slices"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
)

// RestoreInput is what shall be on the server again, and what is there.
type RestoreInput struct {
	Wanted []Wanted
	Boxes  []RestoreBox // of the account
	Into   int64        // the mailbox that everything goes into, moved or not; 0: each to where it was
	Moved  bool         // also what was moved and still is where it went
	Reflag bool         // what is there gets the flags it had
}

// Wanted is a message as it was.
type Wanted struct {
	ID      int64
	Mailbox int64          // where it was
	Flags   conflict.Flags // that it had
	Now     conflict.Flags // that its row has now
	Size    int64
	Held    bool     // the mirror has its body, whole
	Present bool     // its row is that of a message on the server
	Moved   bool     // it is known to have gone to another mailbox, and is there
	Since   int64    // when it went: what came later may be it again
	Copies  []Holder // messages of the account with the same bytes, or made of it
}

// Holder is a message that may be one that is wanted.
type Holder struct {
	ID, Mailbox int64
	Since       int64 // when it came; 0: it was made to put the wanted one back
}

// RestoreBox is a mailbox as far as restoring needs it.
type RestoreBox struct {
	ID        int64
	Raw, Name string
	Gone      bool // no longer on the server
	NoMail    bool // cannot hold any
	Leaving   bool // about to be removed here
	Wanted    bool // it was there, and shall be again with mail or without
}

// RestorePlan is what to queue so that the server gets it.
type RestorePlan struct {
	Create []int64  `json:"create,omitempty"` // mailboxes to make again, outer ones first
	Put    []Put    `json:"put,omitempty"`
	Flags  []Reflag `json:"flags,omitempty"`
	Left   []Left   `json:"left,omitempty"`
}

// Put is a message to append.
type Put struct {
	ID     int64          `json:"id"`
	Target int64          `json:"target"`
	Flags  conflict.Flags `json:"flags"`
	Size   int64          `json:"size"`
}

// Reflag is a message that is there and gets the flags it had.
type Reflag struct {
	ID     int64          `json:"id"`
	Add    conflict.Flags `json:"add"`
	Remove conflict.Flags `json:"remove"`
}

// Left is a message that is not put back.
type Left struct {
	ID  int64      `json:"id"`
	Why WhyNotBack `json:"why"`
}

// WhyNotBack is why a message is not put back.
type WhyNotBack string

// There is nothing to do about the first two; the others are lost as things are.
const (
	NotBackThere   WhyNotBack = "is there already"
	NotBackMoved   WhyNotBack = "was moved and is where it went"
	NotBackUnheld  WhyNotBack = "is not held, or damaged"
	NotBackGuarded WhyNotBack = "is not gone as long as the guard holds back what its folder lost"
	NotBackLeaving WhyNotBack = "belongs to a folder that is about to be removed here"
	NotBackNoMail  WhyNotBack = "belongs to a folder that cannot hold mail"
)

// Restore plans what brings back what is wanted and not there. Nothing is made twice:
// a message in its place with the same bytes that came after the wanted one went is
// taken for it, each for one.
func Restore(in RestoreInput) RestorePlan {
	r := restoring{in: in, boxes: map[int64]RestoreBox{}, taken: map[int64]bool{}, create: map[int64]bool{}}
	for _, b := range in.Boxes {
		r.boxes[b.ID] = b
		r.create[b.ID] = b.Wanted && b.Gone && !b.NoMail && !b.Leaving && in.Into == 0
	}
	wanted := slices.SortedFunc(slices.Values(in.Wanted), func(a, b Wanted) int { return cmp.Compare(a.ID, b.ID) })
	for _, w := range wanted {
		if c, ok := r.itself(w); ok {
			r.taken[c] = true // nothing else is it
		}
	}
	for _, w := range wanted {
		r.one(w)
	}
	for id, on := range r.create {
		if on {
			r.plan.Create = append(r.plan.Create, id)
		}
	}
	slices.SortFunc(r.plan.Create, func(a, b int64) int { return cmp.Compare(r.boxes[a].Raw, r.boxes[b].Raw) })
	return r.plan
}

type restoring struct {
	in     RestoreInput
	boxes  map[int64]RestoreBox
	taken  map[int64]bool // copies that are some wanted message
	create map[int64]bool
	plan   RestorePlan
}

func (r *restoring) target(w Wanted) int64 { return cmp.Or(r.in.Into, w.Mailbox) }

// itself is the message that lies where it shall.
func (r *restoring) itself(w Wanted) (int64, bool) {
	for _, c := range w.Copies {
		if c.ID == w.ID && c.Mailbox == r.target(w) {
			return c.ID, true
		}
	}
	return 0, false
}

func (r *restoring) one(w Wanted) {
	to := r.target(w)
	box := r.boxes[to]
	_, itself := r.itself(w)
	switch {
	case itself:
		r.reflag(w)
	case box.Leaving:
		r.leave(w, NotBackLeaving)
	case box.NoMail:
		r.leave(w, NotBackNoMail)
	case box.Gone && w.Present && r.in.Into == 0:
		r.leave(w, NotBackGuarded)
	case r.copied(w, to):
		r.leave(w, NotBackThere)
	case w.Moved && !r.in.Moved && r.in.Into == 0:
		r.leave(w, NotBackMoved)
	case !w.Held:
		r.leave(w, NotBackUnheld)
	default:
		r.create[to] = box.Gone
		r.plan.Put = append(r.plan.Put, Put{ID: w.ID, Target: to, Flags: lasting(w.Flags), Size: w.Size})
	}
}

// copied finds the message that is the wanted one again.
func (r *restoring) copied(w Wanted, to int64) bool {
	for _, c := range w.Copies {
		later := c.Since == 0 || c.Since >= w.Since || r.in.Into != 0
		if c.Mailbox == to && later && !r.taken[c.ID] {
			r.taken[c.ID] = true
			return true
		}
	}
	return false
}

func (r *restoring) reflag(w Wanted) {
	was := lasting(w.Flags)
	add, remove := conflict.Canonical(conflict.Added(w.Now, was)), conflict.Canonical(conflict.Added(was, w.Now))
	if !r.in.Reflag || add == "" && remove == "" {
		r.leave(w, NotBackThere)
		return
	}
	r.plan.Flags = append(r.plan.Flags, Reflag{ID: w.ID, Add: add, Remove: remove})
}

func (r *restoring) leave(w Wanted, why WhyNotBack) {
	r.plan.Left = append(r.plan.Left, Left{ID: w.ID, Why: why})
}

// lasting leaves \Deleted out: what had it was about to be expunged, and would be
// again with the next message that is.
func lasting(f conflict.Flags) conflict.Flags {
	return conflict.Canonical(slices.DeleteFunc(f.List(), func(flag imap.Flag) bool { return flag == imap.FlagDeleted }))
}
