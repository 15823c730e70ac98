package remote

import (
	"cmp"
	"slices"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/wire"
)

// maxRanges bounds the ranges kept of VANISHED: every second one of four million
// messages.
const maxRanges = 2 << 20

// merge sorts ranges of finite UIDs and joins those that overlap or touch. It
// works in place; no range is ever expanded (row 29).
func merge(set imap.UIDSet) imap.UIDSet {
	byStart := func(a, b imap.UIDRange) int { return cmp.Compare(a.Start, b.Start) }
	if !slices.IsSortedFunc(set, byStart) {
		slices.SortFunc(set, byStart)
	}
	out := set[:0]
	for _, r := range set {
		if n := len(out); n > 0 && uint64(r.Start) <= uint64(out[n-1].Stop)+1 {
			out[n-1].Stop = max(out[n-1].Stop, r.Stop)
			continue
		}
		out = append(out, r)
	}
	return out
}

// common returns the UIDs in both of two merged sets.
func common(a, b imap.UIDSet) (out imap.UIDSet) {
	for len(a) > 0 && len(b) > 0 {
		if start, stop := max(a[0].Start, b[0].Start), min(a[0].Stop, b[0].Stop); start <= stop {
			out = append(out, imap.UIDRange{Start: start, Stop: stop})
		}
		if a[0].Stop < b[0].Stop {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

// without returns the UIDs of a that are not in b, both merged.
func without(a, b imap.UIDSet) (out imap.UIDSet) {
	for _, r := range a {
		start := uint64(r.Start) // may pass the highest UID
		for len(b) > 0 && b[0].Stop < r.Start {
			b = b[1:]
		}
		for _, cut := range b {
			if cut.Start > r.Stop || start > uint64(r.Stop) {
				break
			}
			if uint64(cut.Start) > start {
				out = append(out, imap.UIDRange{Start: imap.UID(start), Stop: cut.Start - 1})
			}
			start = uint64(cut.Stop) + 1
		}
		if start <= uint64(r.Stop) {
			out = append(out, imap.UIDRange{Start: imap.UID(start), Stop: r.Stop})
		}
	}
	return out
}

// total counts the UIDs of a merged set.
func total(set imap.UIDSet) (n int64) {
	for _, r := range set {
		n += int64(r.Stop) - int64(r.Start) + 1
	}
	return n
}

// readRanges reads the set of a VANISHED response (RFC 7162 section 3.2.10) and
// tells whether it is about earlier times.
func readRanges(resp *wire.Response, add func(imap.UIDRange) error) (earlier bool, err error) {
	tok, err := resp.Next()
	if err != nil {
		return false, err
	}
	if tok.Kind == wire.Open {
		tag, err := resp.Next()
		if err != nil || !tag.Is("EARLIER") {
			return false, wire.ErrSyntax
		}
		if end, err := resp.Next(); err != nil || end.Kind != wire.Close {
			return false, wire.ErrSyntax
		}
		if tok, err = resp.Next(); err != nil {
			return false, err
		}
		earlier = true
	}
	if tok.Kind != wire.Atom {
		return earlier, wire.ErrSyntax
	}
	return earlier, parseRanges(tok.Text, add)
}

// parseRanges parses a set of finite ranges, in either direction.
func parseRanges(b []byte, add func(imap.UIDRange) error) error {
	return eachRange(b, func(start, stop imap.UID) error {
		return add(imap.UIDRange{Start: min(start, stop), Stop: max(start, stop)})
	})
}

// eachRange parses a set of finite ranges and keeps their direction.
func eachRange(b []byte, add func(start, stop imap.UID) error) error {
	for {
		start, b2, ok := leadingUID(b)
		stop := start
		if ok && len(b2) > 0 && b2[0] == ':' {
			stop, b2, ok = leadingUID(b2[1:])
		}
		if !ok || len(b2) > 0 && b2[0] != ',' {
			return wire.ErrSyntax
		}
		if err := add(start, stop); err != nil {
			return err
		}
		if len(b2) == 0 {
			return nil
		}
		b = b2[1:]
	}
}

func leadingUID(b []byte) (uid imap.UID, rest []byte, ok bool) {
	i := 0
	for i < len(b) && '0' <= b[i] && b[i] <= '9' {
		i++
	}
	n, ok := wire.ParseNumber(b[:i])
	return imap.UID(n), b[i:], ok && n > 0 && n < 1<<32
}
