package remote

import (
	"slices"
	"sort"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// seen remembers UIDs as sorted ranges: constant space for messages that come in
// order without gaps, eight octets for each gap.
type seen struct{ ranges []imap.UIDRange }

// add reports whether the UID is new.
func (s *seen) add(uid imap.UID) bool {
	n := len(s.ranges)
	if n > 0 && s.ranges[n-1].Stop+1 == uid && uid != 0 {
		s.ranges[n-1].Stop = uid
		return true
	}
	i := sort.Search(n, func(i int) bool { return s.ranges[i].Stop >= uid })
	if i < n && s.ranges[i].Start <= uid {
		return false
	}
	switch {
	case i > 0 && s.ranges[i-1].Stop+1 == uid:
		s.ranges[i-1].Stop = uid
		if i < n && s.ranges[i].Start == uid+1 {
			s.ranges[i-1].Stop = s.ranges[i].Stop
			s.ranges = slices.Delete(s.ranges, i, i+1)
		}
	case i < n && s.ranges[i].Start == uid+1:
		s.ranges[i].Start = uid
	default:
		s.ranges = slices.Insert(s.ranges, i, imap.UIDRange{Start: uid, Stop: uid})
	}
	return true
}

func (s *seen) has(uid imap.UID) bool {
	i := sort.Search(len(s.ranges), func(i int) bool { return s.ranges[i].Stop >= uid })
	return i < len(s.ranges) && s.ranges[i].Start <= uid
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
func splitSet(set imap.UIDSet) (pieces []string) {
	var b strings.Builder
	for _, r := range set {
		item := imap.UIDSet{r}.String()
		if b.Len()+len(item)+1 > maxSet {
			pieces = append(pieces, b.String())
			b.Reset()
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(item)
	}
	if b.Len() > 0 {
		pieces = append(pieces, b.String())
	}
	return pieces
}
