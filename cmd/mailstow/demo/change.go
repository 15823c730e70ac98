package demo

import (
	"github.com/emersion/go-imap/v2"

	"mailstow/sync/testkit/mailgen"
)

// Changes is what happened on the server, as counts that a sync must find.
type Changes struct {
	New, Flagged, Expunged int
	NewBytes               int64 // of the new messages
	Text                   []string
}

// Change lets things happen on the server: new mail, flags, a keyword, deleted
// mail, a new mailbox. It may be called once.
func (s *Server) Change() (Changes, error) {
	g := mailgen.New(42)
	arrived, trip := g.Messages(2), g.Messages(3)
	c := Changes{New: 5, Flagged: 3, Expunged: 2, Text: []string{
		"2 new messages in INBOX",
		"one message of INBOX flagged, one of Sent answered, one of Archive/2023 labelled with a keyword",
		"2 messages of Lists/golang-nuts deleted",
		"a new mailbox, Reisen/Lisboa, with 3 messages",
	}}
	for _, m := range append(arrived, trip...) {
		c.NewBytes += int64(len(m.Data))
	}
	for _, m := range arrived {
		if err := s.deliver("INBOX", m); err != nil {
			return c, err
		}
	}
	for _, f := range []struct {
		mailbox string
		flag    imap.Flag
	}{{"INBOX", imap.FlagFlagged}, {"Sent", imap.FlagAnswered}, {"Archive/2023", "$Demo"}} {
		if err := s.flag(f.mailbox, s.without(f.mailbox, f.flag), f.flag); err != nil {
			return c, err
		}
	}
	for range c.Expunged {
		if err := s.expunge("Lists/golang-nuts", 10); err != nil {
			return c, err
		}
	}
	return c, s.fill("Reisen/Lisboa", trip)
}

// without finds a message that lacks a flag, so that setting it is a change.
func (s *Server) without(mailbox string, flag imap.Flag) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, m := range s.ledger[mailbox] {
		if !has(m.Flags, flag) {
			return i
		}
	}
	return 0
}

func has(flags []imap.Flag, flag imap.Flag) bool {
	for _, f := range flags {
		if f == flag {
			return true
		}
	}
	return false
}
