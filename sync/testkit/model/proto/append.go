package proto

import (
	"bytes"
	"fmt"
	"time"

	"mailstow/sync/testkit/model"
)

// incoming is one message of an APPEND.
type incoming struct {
	flags []string
	date  time.Time
	body  []byte
}

// epoch is the date of what comes without one: the server has no clock.
var epoch = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)

// append is APPEND of one message, or of several at once (RFC 3502): all or none.
func (s *session) append(c command) string {
	if len(c.args) < 2 || !c.args[0].named() {
		return misunderstood
	}
	var all []incoming
	for rest := c.args[1:]; len(rest) > 0; {
		m, left, ok := readIncoming(rest)
		if !ok {
			return misunderstood
		}
		all, rest = append(all, m), left
	}
	if len(all) > 1 && !s.can("MULTIAPPEND") {
		return misunderstood
	}
	box := s.srv.account.Mailbox(s.called(c.args[0]))
	if box == nil {
		return tryCreate
	}
	if no := s.room(box, len(all)); no != "" {
		return no
	}
	var uids []uint32
	for _, m := range all {
		m = s.bent(m)
		uids = append(uids, box.Append(m.flags, m.date, m.body).UID)
	}
	if !s.can("UIDPLUS") || s.srv.Lies.HideUIDs {
		return "OK done"
	}
	return fmt.Sprintf("OK [APPENDUID %d %s] done", box.UIDValidity, render(uids))
}

// room is "" where so many messages may go into a mailbox (RFC 5530).
func (s *session) room(box *model.Mailbox, n int) string {
	switch {
	case box.ReadOnly:
		return "NO [NOPERM] nothing goes in there"
	case !s.srv.account.Room(n):
		return "NO [OVERQUOTA] there is no room"
	}
	return ""
}

func readIncoming(args []node) (m incoming, rest []node, ok bool) {
	m.date = epoch
	if args[0].kind == list {
		if m.flags, ok = flagList(args[:1]); !ok {
			return m, nil, false
		}
		args = args[1:]
	}
	if len(args) > 1 && args[0].kind == str && args[1].kind == str {
		date, err := time.Parse("_2-Jan-2006 15:04:05 -0700", args[0].text)
		if err == nil {
			m.date, args = date, args[1:]
		}
	}
	if len(args) == 0 || args[0].kind != str {
		return m, nil, false
	}
	m.body = []byte(args[0].text)
	return m, args[1:], true
}

// bent is a message as a server keeps it that does not keep what it is given (I20).
func (s *session) bent(m incoming) incoming {
	if s.srv.Lies.RoundedDates {
		m.date = m.date.Truncate(time.Minute)
	}
	if s.srv.Lies.RewritesMail {
		m.body = append([]byte("X-Seen-By: model\r\n"), bytes.Clone(m.body)...)
	}
	return m
}
