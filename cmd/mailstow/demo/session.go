package demo

import (
	"fmt"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// session is one connection: imapmemserver's, but that whole bodies come from
// the ledger. Before login the embedded session is nil.
type session struct {
	*imapmemserver.UserSession
	server  *Server
	mailbox string
}

var _ imapserver.SessionNamespace = (*session)(nil)

func (s *session) Login(name, password string) error {
	if err := s.server.user.Login(name, password); err != nil {
		return err
	}
	s.UserSession = imapmemserver.NewUserSession(s.server.user)
	return nil
}

func (s *session) Select(name string, options *imap.SelectOptions) (*imap.SelectData, error) {
	s.mailbox = name
	return s.UserSession.Select(name, options)
}

// Poll has nothing to tell: no mail changes while a client is connected. The
// library would also need a selected mailbox here, and there may be none.
func (s *session) Poll(*imapserver.UpdateWriter, bool) error { return nil }

func (s *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, options *imap.FetchOptions) error {
	uids, ok := set.(imap.UIDSet)
	if !ok || !wantsWhole(options) {
		return s.UserSession.Fetch(w, set, options)
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	for i, m := range s.server.ledger[s.mailbox] {
		if !contains(uids, m.UID) {
			continue
		}
		if err := serve(w.CreateMessage(uint32(i)+1), m, options); err != nil {
			return fmt.Errorf("serve UID %d of %s: %w", m.UID, s.mailbox, err)
		}
	}
	return nil
}

// wantsWhole tells whether BODY[] alone is asked for, and nothing that needs the
// message taken apart.
func wantsWhole(o *imap.FetchOptions) bool {
	if len(o.BodySection) != 1 || o.Envelope || o.BodyStructure != nil || len(o.BinarySection) > 0 || len(o.BinarySectionSize) > 0 {
		return false
	}
	b := o.BodySection[0]
	return b.Specifier == imap.PartSpecifierNone && len(b.Part) == 0 && b.Partial == nil
}

func serve(w *imapserver.FetchResponseWriter, m Held, o *imap.FetchOptions) error {
	w.WriteUID(m.UID)
	if o.Flags {
		w.WriteFlags(m.Flags)
	}
	if o.InternalDate {
		w.WriteInternalDate(m.Date)
	}
	if o.RFC822Size {
		w.WriteRFC822Size(int64(len(m.Data)))
	}
	body := w.WriteBodySection(o.BodySection[0], int64(len(m.Data)))
	if _, err := body.Write(m.Data); err != nil {
		return err
	}
	if err := body.Close(); err != nil {
		return err
	}
	return w.Close()
}

// contains is UIDSet.Contains with "*" read as no upper end.
func contains(set imap.UIDSet, uid imap.UID) bool {
	for _, r := range set {
		if uid >= r.Start && (r.Stop == 0 || uid <= r.Stop) {
			return true
		}
	}
	return false
}
