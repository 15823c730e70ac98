package plan

import (
	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
)

// change is what a store does: stores that do the same are one command.
type change struct {
	flags conflict.Flags
	since uint64
}

// stores plans the flags of a mailbox: what is added, then what is removed (I14).
func (q *queue) stores(intents []*Intent) {
	q.half(intents, func(d delta) []imap.Flag { return d.add }, q.since,
		func(s *Step, flags []imap.Flag) { s.Add = flags })
	q.half(intents, func(d delta) []imap.Flag { return d.remove }, q.sinceAfterAdd,
		func(s *Step, flags []imap.Flag) { s.Remove = flags })
}

// half plans one sign.
func (q *queue) half(intents []*Intent, flags func(delta) []imap.Flag, since func(*Intent) uint64, set func(*Step, []imap.Flag)) {
	var some []*Intent
	for _, i := range intents {
		if len(flags(q.deltas[i.ID])) > 0 {
			some = append(some, i)
		}
	}
	what := func(i *Intent) change { return change{conflict.Canonical(flags(q.deltas[i.ID])), since(i)} }
	for _, g := range grouped(some, what) {
		s := q.uids(OpStore, g)
		s.UnchangedSince = what(g[0]).since
		set(&s, what(g[0]).flags.List())
		q.add(s)
	}
}

// since is what a store is conditional on: that the server has not changed the
// message after the mirror looked.
func (q *queue) since(i *Intent) uint64 {
	if !q.Caps.CondStore {
		return 0
	}
	return max(i.Message.ModSeq, q.box[i.Mailbox].HighestModSeq)
}

// sinceAfterAdd: a message whose flags were added to has a new MODSEQ by that
// itself. Its second store is not conditional; being a delta, it can do no harm.
func (q *queue) sinceAfterAdd(i *Intent) uint64 {
	if len(q.deltas[i.ID].add) > 0 {
		return 0
	}
	return q.since(i)
}
