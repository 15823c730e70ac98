package plan

import (
	"fmt"
	"slices"

	"mailstow/conflict"
)

// Why a push is held back, beside ManyDeleted.
const (
	StaleStore  Reason = "the store is an older copy"
	WouldEmpty  Reason = "the mailbox would be empty"
	WouldRemove Reason = "the mailbox would go with its mail"
)

// HeldPush are intents that the guard holds back (I26).
type HeldPush struct {
	Held
	Mailbox int64   `json:"-"` // 0: the whole account
	Name    string  `json:"mailbox,omitempty"`
	Intents []int64 `json:"intents"`
}

// String says what is held back, why, and how to let it through.
func (h HeldPush) String() string {
	if h.Reason != StaleStore {
		return h.Name + ": " + h.Held.String()
	}
	return fmt.Sprintf("%d of %d edits held back (%s): %s lets them through", h.Count, h.Of, h.Reason, h.Override())
}

// Outdated says why a store seems to be an older copy of itself, "" when it does
// not: the number of its last run is lower than the one noted outside of it, when
// that run ended. 0 is not noted. Nothing else tells: a server that is far ahead
// of the cursor is what every absence looks like, and one that is behind it has
// itself been restored (Judge). An old copy that came with its mark, or onto
// another machine, is not recognised; its intents are then met by the rules for
// conflicts, like those of any client that was away for long.
func Outdated(lastRun, marked int64) string {
	if marked <= lastRun {
		return ""
	}
	return fmt.Sprintf("its last run is %d, but run %d was made with it", lastRun, marked)
}

// guard holds back what surprises: what an old copy of a store wants, which may
// have been sent long ago; deletions as in the other direction.
func (q *queue) guard() {
	q.guardStale()
	doomed := map[int64]*doom{}
	for _, i := range q.going {
		q.count(doomed, i)
	}
	for _, b := range q.Boxes {
		if d := doomed[b.ID]; d != nil {
			q.judge(b, d)
		}
	}
	q.follow()
}

// guardStale holds back what an old copy of a store wants: what is not on the server
// may have been there, and gone since.
func (q *queue) guardStale() {
	n := len(q.going)
	if q.Stale == "" || n == 0 || q.Limit.allows(n, len(q.Intents), StaleStore) {
		return
	}
	q.hold(HeldPush{Held: Held{Reason: StaleStore, Count: n, Of: len(q.Intents)}}, q.going)
}

// doom is what would leave a mailbox for good.
type doom struct {
	expunges []*Intent
	removal  *Intent
	moves    int
}

func (q *queue) count(doomed map[int64]*doom, i *Intent) {
	d := doomed[i.Mailbox]
	if d == nil {
		d = &doom{}
		doomed[i.Mailbox] = d
	}
	switch i.Kind {
	case conflict.EditDelete:
		d.expunges = append(d.expunges, i)
	case conflict.EditRemove:
		d.removal = i
	case conflict.EditMove:
		d.moves++
	}
}

// judge holds back the deletions in one mailbox. A removal deletes all that is
// not moved elsewhere before.
func (q *queue) judge(b Box, d *doom) {
	if d.removal != nil {
		m := Mailbox{Known: b.Messages, Gone: true}
		if h := hold(max(0, b.Messages-d.moves), m, q.Limit); h != nil {
			h.Reason = WouldRemove
			q.hold(HeldPush{*h, b.ID, b.Name, nil}, []*Intent{d.removal})
		}
	}
	n := len(d.expunges)
	if h := hold(n, Mailbox{Known: b.Messages, Remote: max(0, b.Messages-n)}, q.Limit); h != nil {
		if h.Reason == MailboxEmptied {
			h.Reason = WouldEmpty
		}
		q.hold(HeldPush{*h, b.ID, b.Name, nil}, d.expunges)
	}
}

// hold takes intents out of what goes.
func (q *queue) hold(h HeldPush, intents []*Intent) {
	for _, i := range intents {
		h.Intents = append(h.Intents, i.ID)
		q.stays[i.ID] = true
	}
	q.plan.Held = append(q.plan.Held, h)
	q.going = slices.DeleteFunc(slices.Clone(q.going), func(i *Intent) bool { return q.stays[i.ID] })
}
