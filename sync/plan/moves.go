package plan

import (
	"cmp"
	"slices"
)

// Trace is what a message is recognised by when it turns up in another place.
type Trace struct {
	ID        int64
	ContentID string // EMAILID (RFC 8474) or X-GM-MSGID; "" not told
	Fixed
	Header [32]byte // SHA-256 of the header block; zero: not known
}

// Moved is a message that left one place and is in another now.
type Moved struct{ From, To int64 }

// Moves recognises what other clients moved, among the messages of an account
// that are gone and those that came. A pair has one ContentID; where one of them
// has none, one size, date and header. Each must be the only one of its side
// that the other could be: of two candidates none is taken. Pairs are in order
// of From.
func Moves(gone, come []Trace) []Moved {
	var out []Moved
	taken := map[int64]bool{}
	pair := func(s *side) {
		if g, c, ok := s.unique(); ok && !taken[g.ID] && !taken[c.ID] {
			out = append(out, Moved{g.ID, c.ID})
		}
	}
	for _, s := range share(gone, come, func(t Trace) (string, bool) { return t.ContentID, t.ContentID != "" }) {
		pair(s)
		for _, t := range slices.Concat(s.gone, s.come) {
			taken[t.ID] = len(s.gone) > 0 && len(s.come) > 0 // by one of these, or by none
		}
	}
	for _, s := range share(gone, come, func(t Trace) (identity, bool) { return identity{t.Fixed, t.Header}, t.known() }) {
		// Two that tell their ContentID are the same by that or not at all.
		if g, c, _ := s.unique(); g.ContentID == "" || c.ContentID == "" {
			pair(s)
		}
	}
	slices.SortFunc(out, func(a, b Moved) int { return cmp.Compare(a.From, b.From) })
	return out
}

func (t Trace) known() bool { return t.Header != [32]byte{} }

// side are the messages on either side that share something.
type side struct{ gone, come []Trace }

// unique returns the one message on each side, if there is one.
func (s *side) unique() (g, c Trace, ok bool) {
	if len(s.gone) != 1 || len(s.come) != 1 {
		return g, c, false
	}
	return s.gone[0], s.come[0], true
}

// share puts together what has the same key.
func share[K comparable](gone, come []Trace, key func(Trace) (K, bool)) map[K]*side {
	out := map[K]*side{}
	enter := func(list []Trace, add func(*side, Trace)) {
		for _, t := range list {
			k, ok := key(t)
			if ok && out[k] == nil {
				out[k] = &side{}
			}
			if ok {
				add(out[k], t)
			}
		}
	}
	enter(gone, func(s *side, t Trace) { s.gone = append(s.gone, t) })
	enter(come, func(s *side, t Trace) { s.come = append(s.come, t) })
	return out
}

// Lookalikes returns those of the gone that may be something that came, but are
// not surely it, in ascending order.
func Lookalikes(gone, come []Trace) []int64 {
	paired := map[int64]bool{}
	for _, m := range Moves(gone, come) {
		paired[m.From] = true
	}
	alike := map[Fixed][]Trace{}
	ids := map[string]bool{}
	for _, t := range come {
		alike[t.Fixed] = append(alike[t.Fixed], t)
		ids[t.ContentID] = t.ContentID != ""
	}
	var out []int64
	for _, t := range gone {
		if !paired[t.ID] && (ids[t.ContentID] || slices.ContainsFunc(alike[t.Fixed], t.maybe)) {
			out = append(out, t.ID)
		}
	}
	slices.Sort(out)
	return out
}

// maybe reports whether two messages of one size and date may be the same.
func (t Trace) maybe(other Trace) bool {
	if t.ContentID != "" && other.ContentID != "" {
		return t.ContentID == other.ContentID
	}
	return !t.known() || !other.known() || t.Header == other.Header
}
