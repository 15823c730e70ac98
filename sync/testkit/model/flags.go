package model

import (
	"slices"
	"strings"
)

// system are the flags that every mailbox has (RFC 9051 section 2.3.2).
var system = []string{`\Answered`, `\Flagged`, `\Deleted`, `\Seen`, `\Draft`}

// Has reports whether flags have a flag, in whatever case.
func Has(flags []string, flag string) bool {
	return slices.ContainsFunc(flags, func(f string) bool { return strings.EqualFold(f, flag) })
}

// spell gives a flag the case in which it is known: system flags as the RFC has them,
// keywords as the mailbox met them first.
func (m *Mailbox) spell(flag string) string {
	for _, known := range [][]string{system, m.Keywords} {
		for _, k := range known {
			if strings.EqualFold(k, flag) {
				return k
			}
		}
	}
	m.Keywords = append(m.Keywords, flag)
	return flag
}

// set is a set of flags, spelt and sorted.
func (m *Mailbox) set(flags []string) (out []string) {
	for _, f := range flags {
		if !strings.EqualFold(f, `\Recent`) && !Has(out, f) {
			out = append(out, m.spell(f))
		}
	}
	slices.Sort(out)
	return out
}

// Op is what STORE does with flags.
type Op int

const (
	Add Op = iota
	Remove
	Replace
)

func (m *Mailbox) changed(op Op, old, flags []string) []string {
	switch op {
	case Add:
		return m.set(append(slices.Clone(old), flags...))
	case Remove:
		return slices.DeleteFunc(slices.Clone(old), func(f string) bool { return Has(flags, f) })
	}
	return m.set(flags)
}
