package proto

import "mailstow/sync/testkit/model"

// Fault is what happens instead of an answer, or before it.
type Fault struct {
	// First is done to the account before the command is carried out: somebody else is
	// quicker.
	First func(*model.Account)
	// Ahead is sent ahead of the answer.
	Ahead string
	// Says is sent instead of carrying it out, with the tag where there is a %s.
	Says string
	// Cut ends the connection instead of carrying it out, Lost behind it: nobody hears
	// the answer.
	Cut, Lost bool
}

// happens carries out what of a fault comes before the command; true: nothing else
// shall happen.
func (s *session) happens(f Fault, c command) (instead bool) {
	if f.First != nil {
		f.First(s.srv.account)
	}
	s.printf("%s", f.Ahead)
	switch {
	case f.Cut:
		s.over, s.cut = true, true
		return true
	case f.Says != "":
		s.printf(f.Says+"\r\n", c.tag)
		s.over = s.over || f.Lost
		return true
	}
	s.over, s.cut = s.over || f.Lost, f.Lost
	return false
}
