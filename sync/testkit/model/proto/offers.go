package proto

import (
	"slices"
	"strings"
)

// included is what IMAP4rev2 has without naming it (RFC 9051 appendix E).
var included = []string{"ENABLE", "NAMESPACE", "UNSELECT", "UIDPLUS", "ESEARCH", "SEARCHRES", "IDLE", "SASL-IR", "LIST-EXTENDED",
	"LIST-STATUS", "MOVE", "LITERAL-", "STATUS=SIZE", "SPECIAL-USE"}

// can reports whether a capability is offered.
func (s *session) can(name string) bool {
	has := func(name string) bool {
		return slices.ContainsFunc(s.srv.caps, func(c string) bool { return strings.EqualFold(c, name) })
	}
	return has(name) || slices.Contains(included, name) && has("IMAP4REV2")
}

func (s *session) modSeqs() bool { return s.can("CONDSTORE") || s.can("QRESYNC") }

// numbered: messages have mod-sequences here.
func (s *session) numbered() bool { return s.modSeqs() && !s.srv.Lies.NoModSeqs }

// rev2: the client has said that it knows IMAP4rev2 (RFC 9051 section 6.3.1).
func (s *session) rev2() bool { return s.enabled["IMAP4REV2"] }

// closed: nobody is let in on such a connection.
func (s *session) closed() bool { return !s.secure && s.can("LOGINDISABLED") }

const private = "NO [PRIVACYREQUIRED] not in plain sight"

// offers are the capabilities as this connection has them now.
func (s *session) offers() string {
	all := []string{"IMAP4rev1"}
	if !s.closed() {
		all = append(all, "AUTH=PLAIN")
	}
	for _, c := range s.srv.caps {
		if c == "LOGINDISABLED" && s.secure || c == "COMPRESS=DEFLATE" && s.squeeze != nil {
			continue
		}
		all = append(all, c)
	}
	if s.srv.TLS != nil && !s.secure {
		all = append(all, "STARTTLS")
	}
	return strings.Join(all, " ")
}
