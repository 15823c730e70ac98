package plan

import "strings"

// Selected reports whether a mailbox is chosen by patterns as users write
// them, by decoded name: `*` matches anything, `%` anything but the delimiter,
// a leading `!` takes away what earlier patterns chose, the last match decides.
// No pattern, or only patterns that take away, start from all mailboxes.
// INBOX matches in any case (RFC 9051 section 5.1).
func Selected(patterns []string, name, delim string) bool {
	chosen := len(patterns) == 0 || strings.HasPrefix(patterns[0], "!")
	for _, p := range patterns {
		p, not := strings.CutPrefix(p, "!")
		if matches(p, name, delim) {
			chosen = !not
		}
	}
	return chosen
}

func matches(pattern, name, delim string) bool {
	if strings.EqualFold(name, "INBOX") && strings.EqualFold(pattern, "INBOX") {
		return true
	}
	return wild(pattern, name, delim)
}

// wild follows all readings of a pattern at once, so that the time is bounded by
// len(pattern) * len(name) whatever a user or a server writes.
func wild(pattern, name, delim string) bool {
	reach := make([]bool, len(name)+1) // reach[i]: the pattern so far matches name[:i]
	reach[0] = true
	for _, c := range []byte(pattern) {
		switch c {
		case '*':
			spread(reach, func(int) bool { return true })
		case '%':
			spread(reach, func(i int) bool { return delim == "" || !strings.HasPrefix(name[i:], delim) })
		default:
			for i := len(name); i > 0; i-- {
				reach[i] = reach[i-1] && name[i-1] == c
			}
			reach[0] = false
		}
	}
	return reach[len(name)]
}

// spread lets every reading swallow one byte more wherever may(i) allows it.
func spread(reach []bool, may func(i int) bool) {
	for i := range len(reach) - 1 {
		reach[i+1] = reach[i+1] || reach[i] && may(i)
	}
}
