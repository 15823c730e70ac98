package proto

import (
	"fmt"
	"strconv"
	"strings"
)

// set is a sequence-set as it was written: ranges are never expanded.
type set []span

type span struct{ lo, hi uint32 }

// parseSet reads 1:5,7,*; "*" is the highest number there is (RFC 9051 section 9,
// seq-number).
func parseSet(text string, highest uint32) (s set, err error) {
	for item := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(item, ":")
		if !isRange {
			to = from
		}
		lo, err1 := number(from, highest)
		hi, err2 := number(to, highest)
		if err1 != nil || err2 != nil {
			return nil, errSyntax
		}
		s = append(s, span{min(lo, hi), max(lo, hi)})
	}
	return s, nil
}

func number(text string, highest uint32) (uint32, error) {
	if text == "*" {
		return highest, nil
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 0 {
		return 0, errSyntax
	}
	return uint32(n), nil
}

func (s set) has(n uint32) bool {
	for _, r := range s {
		if r.lo <= n && n <= r.hi {
			return true
		}
	}
	return false
}

// render writes numbers as a set, in their order.
func render(numbers []uint32) string {
	var parts []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] == numbers[j]+1 {
			j++
		}
		if j == i {
			parts = append(parts, fmt.Sprint(numbers[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d:%d", numbers[i], numbers[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, ",")
}

// messages are the UIDs that a command speaks of, as far as the session knows of
// them: by UID, by sequence number, or what SEARCH saved (RFC 5182).
func (s *session) messages(n node, byUID bool) ([]uint32, error) {
	if n.text == "$" && s.can("SEARCHRES") {
		return s.stillThere(s.saved), nil
	}
	match, err := s.matcher(n.text, byUID)
	if n.kind != atom || err != nil {
		return nil, errSyntax
	}
	var uids []uint32
	for i, uid := range s.view.UIDs {
		if match(i, uid) {
			uids = append(uids, uid)
		}
	}
	return uids, nil
}

func (s *session) matcher(text string, byUID bool) (func(i int, uid uint32) bool, error) {
	highest := uint32(len(s.view.UIDs))
	if byUID && highest > 0 {
		highest = s.view.UIDs[highest-1]
	}
	set, err := parseSet(text, highest)
	return func(i int, uid uint32) bool {
		if byUID {
			return set.has(uid)
		}
		return set.has(uint32(i + 1))
	}, err
}

func (s *session) stillThere(uids []uint32) (left []uint32) {
	for _, uid := range uids {
		if s.view.Seq(uid) > 0 {
			left = append(left, uid)
		}
	}
	return left
}
