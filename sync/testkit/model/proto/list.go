package proto

import (
	"fmt"
	"strings"

	"mailstow/sync/testkit/model"
)

// list knows the basic form, and the return options of RFC 5258, 5819 and 6154.
func (s *session) list(c command) string {
	if len(c.args) < 2 || c.args[0].kind == list || c.args[1].kind == list {
		return misunderstood
	}
	pattern := s.called(c.args[0]) + s.called(c.args[1])
	options, ok := s.returns(c.args[2:])
	switch {
	case !ok:
		return misunderstood
	case pattern == "":
		s.printf("* LIST (\\Noselect) \"/\" \"\"\r\n")
		return "OK done"
	}
	for i, l := range s.srv.account.Names() {
		if !like(pattern, l.Name) {
			continue
		}
		s.printf("* LIST (%s) \"/\" %s\r\n", strings.Join(s.attributes(l, options), " "), s.name(l.Name))
		if items, asked := options["STATUS"]; asked && l.Box != nil && !(s.srv.Lies.LeavesOut && i%2 == 1) {
			s.tell(l.Box, items)
		}
	}
	return "OK done"
}

// returns reads RETURN (SUBSCRIBED STATUS (...)); ok is false for what is not offered.
func (s *session) returns(args []node) (options map[string][]node, ok bool) {
	options = map[string][]node{}
	if len(args) == 0 {
		return options, true
	}
	if !args[0].is("RETURN") || len(args) != 2 || args[1].kind != list {
		return nil, false
	}
	words := args[1].list
	needs := map[string]string{"SUBSCRIBED": "LIST-EXTENDED", "CHILDREN": "LIST-EXTENDED", "SPECIAL-USE": "SPECIAL-USE", "STATUS": "LIST-STATUS"}
	for i := 0; i < len(words); i++ {
		name := strings.ToUpper(words[i].text)
		if needs[name] == "" || !s.can(needs[name]) {
			return nil, false
		}
		options[name] = nil
		if name == "STATUS" {
			if i++; i == len(words) || !s.statusItems(words[i].list) {
				return nil, false
			}
			options[name] = words[i].list
		}
	}
	return options, true
}

func (s *session) attributes(l model.Listed, options map[string][]node) (all []string) {
	if l.Box == nil {
		all = append(all, `\Noselect`)
	} else if l.Box.Use != "" && s.can("SPECIAL-USE") {
		all = append(all, l.Box.Use)
	}
	children := `\HasNoChildren`
	if l.Children {
		children = `\HasChildren`
	}
	if all = append(all, children); l.Subscribed {
		if _, asked := options["SUBSCRIBED"]; asked {
			all = append(all, `\Subscribed`)
		}
	}
	return all
}

func (s *session) lsub(c command) string {
	if len(c.args) != 2 {
		return misunderstood
	}
	for _, l := range s.srv.account.Names() {
		if l.Subscribed && like(s.called(c.args[0])+s.called(c.args[1]), l.Name) {
			s.printf("* LSUB () \"/\" %s\r\n", s.name(l.Name))
		}
	}
	return "OK done"
}

// like matches the wildcards of LIST: * anything, % anything within a level (RFC 9051
// section 6.3.9).
func like(pattern, name string) bool {
	if pattern == "" {
		return name == ""
	}
	switch c := pattern[0]; c {
	case '*', '%':
		for i := 0; i <= len(name); i++ {
			if like(pattern[1:], name[i:]) {
				return true
			}
			if i < len(name) && c == '%' && name[i:i+1] == model.Delim {
				return false
			}
		}
		return false
	default:
		return name != "" && name[0] == c && like(pattern[1:], name[1:])
	}
}

func (s *session) status(c command) string {
	if len(c.args) != 2 || !c.args[0].named() || !s.statusItems(c.args[1].list) {
		return misunderstood
	}
	box := s.srv.account.Mailbox(s.called(c.args[0]))
	if box == nil {
		return notThere
	}
	s.tell(box, c.args[1].list)
	return "OK done"
}

const notThere = "NO [NONEXISTENT] there is no such mailbox"

// statusItems: all of them are offered.
func (s *session) statusItems(items []node) bool {
	needs := map[string]bool{"MESSAGES": true, "UIDNEXT": true, "UIDVALIDITY": true, "UNSEEN": true, "RECENT": !s.rev2(),
		"HIGHESTMODSEQ": s.modSeqs(), "SIZE": s.can("STATUS=SIZE"), "MAILBOXID": s.can("OBJECTID")}
	for _, n := range items {
		if !needs[strings.ToUpper(n.text)] {
			return false
		}
	}
	return len(items) > 0
}

// tell is the STATUS response.
func (s *session) tell(m *model.Mailbox, items []node) {
	unseen, size := 0, 0
	for _, msg := range m.Messages {
		if size += len(msg.Body); !model.Has(msg.Flags, `\Seen`) {
			unseen++
		}
	}
	highest := m.ModSeq
	if s.srv.Lies.NoModSeqs {
		highest = 0
	}
	values := map[string]any{"MESSAGES": len(m.Messages), "UIDNEXT": m.UIDNext, "UIDVALIDITY": m.UIDValidity, "UNSEEN": unseen,
		"RECENT": 0, "HIGHESTMODSEQ": highest, "SIZE": size, "MAILBOXID": "(" + m.ID() + ")"}
	var out []string
	for _, n := range items {
		name := strings.ToUpper(n.text)
		if name == "UIDNEXT" && s.srv.Lies.NoUIDNext {
			continue
		}
		out = append(out, fmt.Sprint(name, " ", values[name]))
	}
	s.printf("* STATUS %s (%s)\r\n", s.name(m.Name), strings.Join(out, " "))
}
