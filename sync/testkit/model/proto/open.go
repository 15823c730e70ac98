package proto

import (
	"strconv"
	"strings"

	"mailstow/sync/testkit/model"
)

// open is SELECT and EXAMINE, with CONDSTORE and QRESYNC (RFC 7162 sections 3.1.8 and
// 3.2.5). One that fails leaves nothing open (RFC 9051 section 6.3.2).
func (s *session) open(c command) string {
	if len(c.args) == 0 || len(c.args) > 2 || !c.args[0].named() {
		return misunderstood
	}
	since, ok := s.openOptions(c.args[1:])
	if !ok {
		return misunderstood
	}
	if s.view != nil && s.enabled["QRESYNC"] {
		s.printf("* OK [CLOSED] the one before\r\n")
	}
	s.view, s.saved = nil, nil
	m := s.srv.account.Mailbox(s.called(c.args[0]))
	if m == nil {
		return notThere
	}
	s.view, s.readOnly = m.Open(), c.name == "EXAMINE" || m.ReadOnly
	s.describe(m)
	if since != nil && s.numbered() {
		s.since(m, since)
	}
	if s.readOnly {
		return "OK [READ-ONLY] open"
	}
	return "OK [READ-WRITE] open"
}

// openOptions reads (CONDSTORE) or (QRESYNC (...)); since is the latter's list.
func (s *session) openOptions(args []node) (since []node, ok bool) {
	if len(args) == 0 {
		return nil, true
	}
	words := args[0].list
	switch {
	case len(words) == 1 && words[0].is("CONDSTORE") && s.modSeqs():
	case len(words) == 2 && words[0].is("QRESYNC") && s.enabled["QRESYNC"] && len(words[1].list) >= 2:
		since = words[1].list
	default:
		return nil, false
	}
	s.enabled["CONDSTORE"] = true
	return since, true
}

func (s *session) describe(m *model.Mailbox) {
	known := append([]string{`\Answered`, `\Flagged`, `\Deleted`, `\Seen`, `\Draft`}, m.Keywords...)
	permanent := strings.Join(known, " ")
	if !s.srv.Lies.NoKeywords {
		permanent += ` \*`
	}
	s.printf("* FLAGS (%s)\r\n* %d EXISTS\r\n", strings.Join(known, " "), len(m.Messages))
	if s.rev2() { // RFC 9051 section 6.3.2
		s.printf("* LIST () \"/\" %s\r\n", s.name(m.Name))
	} else {
		s.printf("* 0 RECENT\r\n")
	}
	s.printf("* OK [PERMANENTFLAGS (%s)] kept\r\n* OK [UIDVALIDITY %d] valid\r\n", permanent, m.UIDValidity)
	if !s.srv.Lies.NoUIDNext {
		s.printf("* OK [UIDNEXT %d] next\r\n", m.UIDNext)
	}
	if s.modSeqs() && s.srv.Lies.NoModSeqs {
		s.printf("* OK [NOMODSEQ] none\r\n")
	} else if s.modSeqs() {
		s.printf("* OK [HIGHESTMODSEQ %d] highest\r\n", m.ModSeq)
	}
	if s.can("OBJECTID") {
		s.printf("* OK [MAILBOXID (%s)] it\r\n", m.ID())
	}
}

// since tells what happened after a mod-sequence (RFC 7162 section 3.2.5.1).
func (s *session) since(m *model.Mailbox, args []node) {
	validity, err1 := strconv.ParseUint(args[0].text, 10, 32)
	modSeq, err2 := strconv.ParseUint(args[1].text, 10, 63)
	known := set{{1, 1<<32 - 1}}
	var err3 error
	if len(args) > 2 && args[2].kind == atom {
		known, err3 = parseSet(args[2].text, m.UIDNext-1)
	}
	if err1 != nil || err2 != nil || err3 != nil || uint32(validity) != m.UIDValidity {
		return
	}
	if gone := s.goneSince(m, modSeq, known); len(gone) > 0 {
		s.printf("* VANISHED (EARLIER) %s\r\n", render(gone))
	}
	for _, msg := range m.Messages {
		if msg.ModSeq > modSeq && known.has(msg.UID) {
			s.tellFlags(msg)
		}
	}
}

// goneSince are the UIDs expunged after a mod-sequence, ascending. A server may
// forget, and then names all that it might have known.
func (s *session) goneSince(m *model.Mailbox, modSeq uint64, known set) (gone []uint32) {
	for uid := uint32(1); uid < m.UIDNext; uid++ {
		if known.has(uid) && m.Message(uid) == nil && (s.srv.Lies.Forgetful || expungedAfter(m, uid, modSeq)) {
			gone = append(gone, uid)
		}
	}
	return gone
}

func expungedAfter(m *model.Mailbox, uid uint32, modSeq uint64) bool {
	for _, e := range m.Expunged {
		if e.UID == uid && e.ModSeq > modSeq {
			return true
		}
	}
	return false
}

// close is UNSELECT, and CLOSE, which expunges as well (RFC 9051 section 6.4.1).
func (s *session) close(c command) string {
	if c.name == "CLOSE" && !s.readOnly {
		s.view.Box.Expunge(s.marked(s.view.UIDs))
	}
	s.view, s.saved = nil, nil
	return "OK done"
}
