package plan

import (
	"cmp"
	"slices"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
)

// Changes is what a server tells instead of a complete listing (RFC 7162):
// what is different in the range up to Last, and everything above it.
type Changes struct {
	Last     imap.UID
	Flags    map[imap.UID]conflict.Flags // of messages up to Last; the others kept theirs
	Vanished imap.UIDSet                 // up to Last, complete
	Above    []Entry                     // every known message above Last that is still there
}

// Listing makes the complete listing of the known range that Diff wants: what
// the mirror holds, with the changes applied.
func (c Changes) Listing(rows []Row) []Entry {
	gone := ranges(c.Vanished)
	out := make([]Entry, 0, len(rows))
	held := make(map[imap.UID]bool, len(c.Flags))
	for _, r := range rows {
		if r.UID > c.Last {
			break
		}
		for len(gone) > 0 && gone[0].Stop < r.UID {
			gone = gone[1:]
		}
		flags, changed := c.Flags[r.UID]
		if changed {
			held[r.UID] = true
		} else {
			flags = r.Base
		}
		if len(gone) == 0 || gone[0].Start > r.UID {
			out = append(out, Entry{r.UID, flags})
		}
	}
	for uid, flags := range c.Flags {
		if !held[uid] {
			out = append(out, Entry{uid, flags}) // shown by the server, missed by the mirror
		}
	}
	out = append(out, c.Above...)
	slices.SortFunc(out, func(a, b Entry) int { return cmp.Compare(a.UID, b.UID) })
	return out
}

// ranges puts a set into order; its ranges may be huge and are never expanded
// (row 29).
func ranges(set imap.UIDSet) []imap.UIDRange {
	out := make([]imap.UIDRange, 0, len(set))
	for _, r := range set {
		if r.Start > r.Stop && r.Stop != 0 {
			r.Start, r.Stop = r.Stop, r.Start
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b imap.UIDRange) int { return cmp.Compare(a.Start, b.Start) })
	return out
}
