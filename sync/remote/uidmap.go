package remote

import (
	"strings"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// UIDMap says which UID a message has in the mailbox it was copied or moved to.
// Ranges are never expanded.
type UIDMap []UIDSpan

// UIDSpan: From.Start became To, the next one To+1, and so on.
type UIDSpan struct {
	From imap.UIDRange
	To   imap.UID
}

// To returns the new UID of a message, where the server told it.
func (m UIDMap) To(uid imap.UID) (imap.UID, bool) {
	for _, s := range m {
		if s.From.Start <= uid && uid <= s.From.Stop {
			return s.To + (uid - s.From.Start), true
		}
	}
	return 0, false
}

// Each calls fn for every message.
func (m UIDMap) Each(fn func(from, to imap.UID)) {
	for _, s := range m {
		for i := range s.From.Stop - s.From.Start + 1 {
			fn(s.From.Start+i, s.To+i)
		}
	}
}

// sources are the UIDs in the old mailbox.
func (m UIDMap) sources() (set imap.UIDSet) {
	for _, s := range m {
		set = append(set, s.From)
	}
	return merge(set)
}

// parseCopyUID reads the argument of COPYUID (RFC 4315 section 3). It counts only
// where it is one to one and speaks of nothing but what was asked for (row 34):
// a message taken for another would be worse than one to look for.
func parseCopyUID(arg string, asked imap.UIDSet) (validity uint32, m UIDMap, ok bool) {
	fields := strings.Fields(arg)
	if len(fields) != 3 {
		return 0, nil, false
	}
	validity, from, ok1 := uidsIn(fields[0] + " " + fields[1])
	to, ok2 := ordered(fields[2])
	count := total(from)
	if !ok1 || !ok2 || total(to) != count || count > total(asked) || total(common(asked, sorted(from))) != count {
		return 0, nil, false
	}
	return validity, pair(from, to), true
}

// uidsIn reads UIDVALIDITY and a set.
func uidsIn(arg string) (validity uint32, set imap.UIDSet, ok bool) {
	first, rest, _ := strings.Cut(arg, " ")
	n, isNumber := wire.ParseNumber([]byte(first))
	set, ok = ordered(rest)
	validity = number32(n, isNumber)
	return validity, set, ok && validity != 0
}

// ordered parses a set whose order means something: each UID once, every range
// upwards.
func ordered(text string) (set imap.UIDSet, ok bool) {
	err := eachRange([]byte(text), func(start, stop imap.UID) error {
		if stop < start || len(set) >= maxRanges {
			return wire.ErrSyntax
		}
		set = append(set, imap.UIDRange{Start: start, Stop: stop})
		return nil
	})
	return set, err == nil && total(sorted(set)) == total(set)
}

// sorted is merge on a copy.
func sorted(set imap.UIDSet) imap.UIDSet { return merge(append(imap.UIDSet{}, set...)) }

// pair walks two sets of as many UIDs side by side.
func pair(from, to imap.UIDSet) (m UIDMap) {
	for len(from) > 0 && len(to) > 0 {
		n := min(from[0].Stop-from[0].Start, to[0].Stop-to[0].Start)
		m = append(m, UIDSpan{From: imap.UIDRange{Start: from[0].Start, Stop: from[0].Start + n}, To: to[0].Start})
		from, to = advance(from, n), advance(to, n)
	}
	return m
}

// advance leaves out the first n+1 UIDs of the first range; it works in place.
func advance(set imap.UIDSet, n imap.UID) imap.UIDSet {
	if set[0].Stop-set[0].Start == n {
		return set[1:]
	}
	set[0].Start += n + 1
	return set
}
