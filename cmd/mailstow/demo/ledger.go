package demo

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"mailstow/sync/testkit/mailgen"
)

// Held is one message that the server holds.
type Held struct {
	UID   imap.UID
	Flags []imap.Flag
	Date  time.Time
	Data  []byte
}

// ledger is what the server holds, by decoded mailbox name, in UID order.
type ledger map[string][]Held

// fill creates a mailbox and puts messages into it.
func (s *Server) fill(name string, messages []mailgen.Message) error {
	if err := s.user.Create(name, nil); err != nil {
		return fmt.Errorf("create mailbox %s: %w", name, err)
	}
	s.mu.Lock()
	if s.ledger == nil {
		s.ledger = ledger{}
	}
	s.ledger[name] = []Held{}
	s.mu.Unlock()
	for _, m := range messages {
		if err := s.deliver(name, m); err != nil {
			return err
		}
	}
	return nil
}

// deliver adds one message.
func (s *Server) deliver(name string, m mailgen.Message) error {
	got, err := s.user.Append(name, literal{bytes.NewReader(m.Data)}, &imap.AppendOptions{Flags: m.Flags, Time: m.Date})
	if err != nil {
		return fmt.Errorf("deliver to %s: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ledger[name] = append(s.ledger[name], Held{got.UID, slices.Clone(m.Flags), m.Date, m.Data})
	return nil
}

// literal is a message the way the library takes one; Size is Reader's.
type literal struct{ *bytes.Reader }

// flag adds a flag to the i-th message of a mailbox.
func (s *Server) flag(name string, i int, f imap.Flag) error {
	return s.at(name, i, func(box *imapmemserver.UserSession, m *Held) error {
		m.Flags = append(m.Flags, f)
		return box.Store(nil, imap.UIDSetNum(m.UID), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{f}}, nil)
	})
}

// expunge removes the i-th message of a mailbox.
func (s *Server) expunge(name string, i int) error {
	if err := s.flag(name, i, imap.FlagDeleted); err != nil {
		return err
	}
	err := s.at(name, i, func(box *imapmemserver.UserSession, m *Held) error {
		uids := imap.UIDSetNum(m.UID)
		return box.Expunge(nil, &uids)
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ledger[name] = slices.Delete(s.ledger[name], i, i+1)
	return err
}

// at works on a message within a session of the server's own.
func (s *Server) at(name string, i int, fn func(*imapmemserver.UserSession, *Held) error) error {
	box := imapmemserver.NewUserSession(s.user)
	if _, err := box.Select(name, nil); err != nil {
		return fmt.Errorf("select %s: %w", name, err)
	}
	defer box.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	return fn(box, &s.ledger[name][i])
}
