package proto

import (
	"fmt"
	"strings"

	"mailstow/sync/testkit/model"
)

const tryCreate = "NO [TRYCREATE] there is no such mailbox"

// relocation reads a set of messages and a mailbox; answer is not "" when it comes to
// nothing.
func (s *session) relocation(c command, byUID bool) (uids []uint32, to *model.Mailbox, answer string) {
	if len(c.args) != 2 || !c.args[1].named() {
		return nil, nil, misunderstood
	}
	uids, err := s.messages(c.args[0], byUID)
	switch {
	case err != nil:
		return nil, nil, misunderstood
	case len(uids) == 0:
		return nil, nil, "OK there are no such messages"
	}
	if to = s.srv.account.Mailbox(s.called(c.args[1])); to == nil {
		return nil, nil, tryCreate
	}
	n := len(uids)
	if strings.HasSuffix(c.name, "MOVE") {
		n = 0
	}
	return uids, to, s.room(to, n)
}

func (s *session) copy(c command) string {
	uids, to, answer := s.relocation(c, c.name == "UID COPY")
	if answer != "" {
		return answer
	}
	return "OK " + s.copyUID(to, s.srv.account.Copy(s.view.Box, uids, to)) + "done"
}

// move tells COPYUID ahead of the expunges (RFC 6851 section 4.3).
func (s *session) move(c command) string {
	uids, to, answer := s.relocation(c, c.name == "UID MOVE")
	switch {
	case answer != "":
		return answer
	case s.readOnly:
		return readOnly
	}
	if code := s.copyUID(to, s.srv.account.Move(s.view.Box, uids, to)); code != "" {
		s.printf("* OK %smoved\r\n", code)
	}
	s.tellNews(true)
	return "OK done"
}

// copyUID is the response code (RFC 4315 section 3).
func (s *session) copyUID(to *model.Mailbox, pairs []model.Pair) string {
	if len(pairs) == 0 || !s.can("UIDPLUS") || s.srv.Lies.HideUIDs {
		return ""
	}
	var sources, targets []uint32
	for _, p := range pairs {
		sources, targets = append(sources, p.From), append(targets, p.To)
	}
	return fmt.Sprintf("[COPYUID %d %s %s] ", to.UIDValidity, render(sources), render(targets))
}
