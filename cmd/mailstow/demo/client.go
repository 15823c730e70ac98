package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// What a client changes is done by the library, and written into the ledger from
// the command alone.

var _ imapserver.SessionMove = (*session)(nil)

func (s *session) Store(w *imapserver.FetchWriter, set imap.NumSet, flags *imap.StoreFlags, options *imap.StoreOptions) error {
	err := s.UserSession.Store(w, set, flags, options)
	if err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	for i := range s.server.ledger[s.mailbox] {
		if m := &s.server.ledger[s.mailbox][i]; names(set, m.UID, i) {
			m.Flags = stored(m.Flags, flags)
		}
	}
	return nil
}

// names tells whether a set, of UIDs or sequence numbers, has the message at place i.
func names(set imap.NumSet, uid imap.UID, i int) bool {
	switch set := set.(type) {
	case imap.UIDSet:
		return contains(set, uid)
	case imap.SeqSet:
		return set.Contains(uint32(i) + 1)
	}
	return false
}

// stored is a set of flags after a STORE (RFC 9051 section 6.4.6).
func stored(old []imap.Flag, change *imap.StoreFlags) []imap.Flag {
	given := func(f imap.Flag) bool {
		return slices.ContainsFunc(change.Flags, func(g imap.Flag) bool { return strings.EqualFold(string(f), string(g)) })
	}
	rest := slices.DeleteFunc(slices.Clone(old), given)
	switch change.Op {
	case imap.StoreFlagsAdd:
		return append(rest, change.Flags...)
	case imap.StoreFlagsDel:
		return rest
	}
	return slices.Clone(change.Flags)
}

func (s *session) Move(w *imapserver.MoveWriter, set imap.NumSet, dest string) error {
	status, err := s.server.user.Status(dest, &imap.StatusOptions{UIDNext: true})
	if err != nil {
		return s.UserSession.Move(w, set, dest) // which words the refusal
	}
	if err := s.UserSession.Move(w, set, dest); err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	var stay []Held
	for i, m := range s.server.ledger[s.mailbox] {
		if !names(set, m.UID, i) {
			stay = append(stay, m)
			continue
		}
		m.UID = status.UIDNext
		status.UIDNext++
		s.server.ledger[dest] = append(s.server.ledger[dest], m)
	}
	s.server.ledger[s.mailbox] = stay
	return nil
}

func (s *session) Create(name string, options *imap.CreateOptions) error {
	if err := s.UserSession.Create(name, options); err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.ledger[name] = []Held{}
	return nil
}

// Find gives the message of a mailbox with this SHA-256, in hexadecimal.
func (s *Server) Find(mailbox, sha string) (Held, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.ledger[mailbox] {
		if sum := sha256.Sum256(m.Data); hex.EncodeToString(sum[:]) == sha {
			return m, true
		}
	}
	return Held{}, false
}
