package proto

import (
	"errors"
	"strings"

	"mailstow/sync/testkit/model"
)

func (s *session) create(c command) string {
	if len(c.args) == 0 || len(c.args) > 2 || !c.args[0].named() {
		return misunderstood
	}
	use, ok := "", len(c.args) == 1
	if !ok && s.can("CREATE-SPECIAL-USE") { // RFC 6154 section 3
		if l := c.args[1].list; len(l) == 2 && l[0].is("USE") && len(l[1].list) == 1 {
			use, ok = l[1].list[0].text, true
		}
	}
	if !ok {
		return misunderstood
	}
	m, err := s.srv.account.Create(s.called(c.args[0]))
	if err != nil {
		return refusal(err)
	}
	m.Use = use
	if s.can("OBJECTID") {
		return "OK [MAILBOXID (" + m.ID() + ")] done"
	}
	return "OK done"
}

func (s *session) delete(c command) string {
	if len(c.args) != 1 || !c.args[0].named() {
		return misunderstood
	}
	return refusal(s.srv.account.Delete(s.called(c.args[0])))
}

func (s *session) rename(c command) string {
	if len(c.args) != 2 || !c.args[0].named() || !c.args[1].named() {
		return misunderstood
	}
	return refusal(s.srv.account.Rename(s.called(c.args[0]), s.called(c.args[1])))
}

func (s *session) subscribe(c command) string {
	if len(c.args) != 1 || !c.args[0].named() {
		return misunderstood
	}
	on := c.name == "SUBSCRIBE"
	if on && s.srv.account.Mailbox(s.called(c.args[0])) == nil {
		return notThere
	}
	s.srv.account.Subscribe(s.called(c.args[0]), on)
	return "OK done"
}

// refusal is the answer for an error of the account (RFC 5530).
func refusal(err error) string {
	code := map[error]string{model.ErrExists: "ALREADYEXISTS", model.ErrNotThere: "NONEXISTENT",
		model.ErrInbox: "CANNOT", model.ErrName: "CANNOT"}
	for e, code := range code {
		if errors.Is(err, e) {
			return "NO [" + code + "] " + strings.ToLower(err.Error())
		}
	}
	return "OK done"
}
