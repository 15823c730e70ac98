package proto

import (
	"strings"

	"mailstow/sync/testkit/model"
)

// Lies are what servers get wrong, or do as hardly any other does.
type Lies struct {
	HideUIDs     bool // no APPENDUID and no COPYUID, whatever is offered
	Forgetful    bool // what was expunged is forgotten: QRESYNC names every gap (RFC 7162 section 3.2.5.2)
	NoKeywords   bool // PERMANENTFLAGS without \*
	RoundedDates bool // what is appended gets a date of whole minutes
	RewritesMail bool // what is appended gets a header line more
	NoUIDNext    bool // neither SELECT nor STATUS tells it
	NoModSeqs    bool // no mailbox has any, whatever is offered (RFC 7162 section 3.1.2.2)
	Backwards    bool // messages are fetched from the last to the first
	Split        bool // one response tells flags, another the rest
	Twice        bool // every FETCH response comes twice
	Unasked      bool // flags of some message come ahead of every answer
	Echoes       bool // STORE is never silent
	WrongSizes   bool // RFC822.SIZE is one too many for every other message
	LeavesOut    bool // LIST-STATUS has no STATUS for every other mailbox (RFC 5819 section 2)
	LowerCase    bool // flags come in lower case

	Unreadable uint32 // UIDs that it divides cannot be fetched; 0: all can
}

// talk is an unasked word about the first message.
func (s *session) talk() {
	if s.srv.Lies.Unasked && s.view != nil && !s.view.Stale() && len(s.view.UIDs) > 0 {
		if m := s.view.Box.Message(s.view.UIDs[0]); m != nil {
			s.tellFlags(m)
		}
	}
}

// unreadable: some message that a command wants cannot be had.
func (s *session) unreadable(uids []uint32, parts []part) bool {
	by := s.srv.Lies.Unreadable
	for _, uid := range uids {
		if by > 0 && uid%by == 0 && len(parts) > 0 {
			return true
		}
	}
	return false
}

func (s *session) size(m *model.Message) int {
	if s.srv.Lies.WrongSizes && m.UID%2 == 1 {
		return len(m.Body) + 1
	}
	return len(m.Body)
}

func (s *session) flags(m *model.Message) string {
	all := strings.Join(m.Flags, " ")
	if s.srv.Lies.LowerCase {
		return strings.ToLower(all)
	}
	return all
}
