package proto

import "mailstow/sync/testkit/model"

// news tells what happened in the open mailbox, by whomever. Expunges wait behind
// commands in which sequence numbers must not move (RFC 9051 section 7.5.1).
func (s *session) news(after string) {
	if s.view == nil || s.view.Stale() {
		return
	}
	s.tellNews(after != "FETCH" && after != "STORE" && after != "SEARCH")
}

func (s *session) tellNews(expunges bool) {
	n := s.view.Next(expunges)
	switch {
	case len(n.Gone) > 0 && s.enabled["QRESYNC"]:
		s.printf("* VANISHED %s\r\n", render(n.Gone))
	default:
		for _, seq := range n.Seqs {
			s.printf("* %d EXPUNGE\r\n", seq)
		}
	}
	if n.More {
		s.printf("* %d EXISTS\r\n", n.Exists)
	}
	for _, m := range n.Changed {
		s.tellFlags(m)
	}
}

// tellFlags is an answer to no FETCH; it has the UID for those who know QRESYNC (RFC
// 7162 section 3.2.4).
func (s *session) tellFlags(m *model.Message) {
	items := []string{"FLAGS"}
	if s.enabled["QRESYNC"] {
		items = append(items, "UID")
	}
	if s.enabled["CONDSTORE"] && s.numbered() {
		items = append(items, "MODSEQ")
	}
	s.response(m, items, nil)
}

// plain is one item of a message that is no part of its body; ok is false for one that
// is not offered.
func (s *session) plain(m *model.Message, item string) (ok bool) {
	switch {
	case item == "FLAGS":
		s.printf("FLAGS (%s)", s.flags(m))
	case item == "UID":
		s.printf("UID %d", m.UID)
	case item == "INTERNALDATE":
		s.printf("INTERNALDATE %q", m.Date.Format("_2-Jan-2006 15:04:05 -0700"))
	case item == "RFC822.SIZE":
		s.printf("RFC822.SIZE %d", s.size(m))
	case item == "MODSEQ":
		s.printf("MODSEQ (%d)", m.ModSeq)
	case item == "EMAILID":
		s.printf("EMAILID (%s)", m.EmailID())
	default:
		return false
	}
	return true
}
