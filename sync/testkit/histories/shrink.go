package histories

import "slices"

// Shrink makes a history as short as it can be and still fail.
func Shrink(h History, fails func(History) bool) History {
	s := &shrinking{h: h, fails: fails}
	for again := true; again; {
		again = s.steps()
		again = s.rest() || again
	}
	for i := range s.h.Steps {
		s.numbers(i)
	}
	return s.h
}

type shrinking struct {
	h     History
	fails func(History) bool
}

// try takes a history over that fails, too.
func (s *shrinking) try(change func(h *History)) bool {
	h := s.h
	h.Caps, h.Steps = slices.Clone(h.Caps), slices.Clone(h.Steps)
	change(&h)
	if !s.fails(h) {
		return false
	}
	s.h = h
	return true
}

// steps leaves out steps, many at a time, then fewer.
func (s *shrinking) steps() (shorter bool) {
	for n := max(len(s.h.Steps)/2, 1); ; n /= 2 {
		for at := len(s.h.Steps) - n; at >= 0; at-- {
			if at+n <= len(s.h.Steps) && s.try(func(h *History) { h.Steps = slices.Delete(h.Steps, at, at+n) }) {
				shorter = true
			}
		}
		if n <= 1 {
			return shorter
		}
	}
}

// rest tries a simpler server and a simpler owner.
func (s *shrinking) rest() (simpler bool) {
	for _, c := range slices.Clone(s.h.Caps) {
		if s.try(func(h *History) { h.Caps = slices.DeleteFunc(h.Caps, func(x string) bool { return x == c }) }) {
			simpler = true
		}
	}
	if s.h.Machines > 1 && s.try(func(h *History) { h.Machines = 1 }) {
		simpler = true
	}
	if s.h.Hide && s.try(func(h *History) { h.Hide = false }) {
		simpler = true
	}
	for _, q := range slices.Clone(s.h.Quirks) {
		if s.try(func(h *History) {
			h.Quirks = slices.DeleteFunc(slices.Clone(h.Quirks), func(x string) bool { return x == q })
		}) {
			simpler = true
		}
	}
	if s.h.Connections > 0 && s.try(func(h *History) { h.Connections = 0 }) {
		simpler = true
	}
	return s.h.Policy != 0 && s.try(func(h *History) { h.Policy = 0 }) || simpler
}

// numbers makes those of a step small.
func (s *shrinking) numbers(i int) {
	for _, n := range []func(*Step) *int{
		func(x *Step) *int { return &x.A }, func(x *Step) *int { return &x.B }, func(x *Step) *int { return &x.C }, func(x *Step) *int { return &x.M },
	} {
		for v := range min(*n(&s.h.Steps[i]), 12) {
			if s.try(func(h *History) { *n(&h.Steps[i]) = v }) {
				break
			}
		}
	}
}
