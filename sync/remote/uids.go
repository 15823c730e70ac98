package remote

import (
	"errors"
	"sort"

	"github.com/emersion/go-imap/v2"
)

// seen remembers UIDs as sorted ranges: constant space for messages that come in
// order without gaps, eight octets for each gap. Those that come out of order wait
// in late and are sorted in together, so that no order costs more than a sort.
type seen struct {
	ranges imap.UIDSet // merged
	late   map[imap.UID]bool
}

// minLate is how many may wait at least.
const minLate = 1024

// add reports whether the UID is new.
func (s *seen) add(uid imap.UID) bool {
	n := len(s.ranges)
	switch {
	case n == 0 || uint64(uid) > uint64(s.ranges[n-1].Stop)+1:
		s.ranges = append(s.ranges, imap.UIDRange{Start: uid, Stop: uid})
		return true
	case uid > s.ranges[n-1].Stop:
		s.ranges[n-1].Stop = uid
		return true
	case s.has(uid):
		return false
	}
	if s.late == nil {
		s.late = map[imap.UID]bool{}
	}
	if s.late[uid] = true; len(s.late) >= max(minLate, n/8) {
		s.all()
	}
	return true
}

func (s *seen) has(uid imap.UID) bool {
	i := sort.Search(len(s.ranges), func(i int) bool { return s.ranges[i].Stop >= uid })
	return i < len(s.ranges) && s.ranges[i].Start <= uid || s.late[uid]
}

// all returns everything seen, as merged ranges; it stays the owner of them.
func (s *seen) all() imap.UIDSet {
	if len(s.late) > 0 {
		for uid := range s.late {
			s.ranges = append(s.ranges, imap.UIDRange{Start: uid, Stop: uid})
		}
		s.ranges, s.late = merge(s.ranges), nil
	}
	return s.ranges
}

// clip cuts a set to lo..hi without expanding a range; hi == 0 is no upper end.
func clip(set imap.UIDSet, lo, hi imap.UID) (out imap.UIDSet) {
	if hi == 0 {
		hi = 1<<32 - 1
	}
	for _, r := range set {
		start, stop := min(r.Start, r.Stop), max(r.Start, r.Stop)
		if start, stop = max(start, lo), min(stop, hi); start <= stop {
			out.AddRange(start, stop)
		}
	}
	return out
}

// maxSet is the length of a UID set in one command. Servers must take lines of
// 8000 octets (RFC 2683 section 3.2.1.5); some take no more.
const maxSet = 4000

// splitSet renders a set in pieces that fit into a command.
func splitSet(set imap.UIDSet) (texts []string) {
	for _, piece := range pieces(set) {
		texts = append(texts, piece.String())
	}
	return texts
}

// pieces cuts a set into such as fit into a command.
func pieces(set imap.UIDSet) (out []imap.UIDSet) {
	length, from := 0, 0
	for i := range set {
		n := len(set[i:i+1].String()) + 1
		if i > from && length+n > maxSet {
			out = append(out, set[from:i])
			length, from = 0, i
		}
		length += n
	}
	if from < len(set) {
		out = append(out, set[from:])
	}
	return out
}

// errOpenSet: a command that changes messages names them; "*" would take in what
// has never been seen.
var errOpenSet = errors.New("the set of messages has no end, or holds UID 0")

// closed checks that a set names every message by number.
func closed(set imap.UIDSet) error {
	for _, r := range set {
		if r.Start == 0 || r.Stop < r.Start {
			return errOpenSet
		}
	}
	return nil
}
