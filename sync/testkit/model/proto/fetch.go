package proto

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"mailstow/sync/testkit/model"
)

// part is a piece of a body that is asked for.
type part struct {
	section  string // "", HEADER or TEXT
	peek     bool
	piece    bool
	from, at int // at: how many octets
}

var partItem = regexp.MustCompile(`^BODY(\.PEEK)?\[(|HEADER|TEXT)\](?:<(\d{1,9})\.(\d{1,9})>)?$`)

// fetch is FETCH and UID FETCH, with CHANGEDSINCE and VANISHED (RFC 7162 sections
// 3.1.4.1 and 3.2.6).
func (s *session) fetch(c command) string {
	byUID := c.name == "UID FETCH"
	if len(c.args) < 2 || len(c.args) > 3 {
		return misunderstood
	}
	uids, err := s.messages(c.args[0], byUID)
	items, parts, ok := s.fetchItems(c.args[1], byUID)
	since, vanished, fine := s.fetchModifiers(c.args[2:])
	if err != nil || !ok || !fine || vanished && !byUID {
		return misunderstood
	}
	if since > 0 && !slices.Contains(items, "MODSEQ") {
		items = append(items, "MODSEQ")
	}
	if vanished {
		s.fetchVanished(c.args[0], since)
	}
	if s.unreadable(uids, parts) {
		return "NO [SERVERBUG] it cannot be read"
	}
	if s.srv.Lies.Backwards {
		slices.Reverse(uids)
	}
	for _, uid := range uids {
		if m := s.view.Box.Message(uid); m != nil && m.ModSeq > since {
			s.fetchOne(m, items, parts)
		}
	}
	return "OK done"
}

func (s *session) fetchItems(n node, byUID bool) (items []string, parts []part, ok bool) {
	words := n.list
	if n.kind != list {
		words = []node{n}
	}
	if byUID {
		items = append(items, "UID")
	}
	allowed := map[string]bool{"UID": true, "FLAGS": true, "INTERNALDATE": true, "RFC822.SIZE": true,
		"MODSEQ": s.numbered(), "EMAILID": s.can("OBJECTID")}
	for _, w := range words {
		name := strings.ToUpper(w.text)
		if m := partItem.FindStringSubmatch(name); m != nil {
			p := part{section: m[2], peek: m[1] != "", piece: m[3] != ""}
			p.from, _ = strconv.Atoi(m[3])
			p.at, _ = strconv.Atoi(m[4])
			parts = append(parts, p)
			continue
		}
		if !allowed[name] {
			return nil, nil, false
		}
		if name == "MODSEQ" {
			s.enabled["CONDSTORE"] = true
		}
		if !slices.Contains(items, name) {
			items = append(items, name)
		}
	}
	return items, parts, len(words) > 0
}

func (s *session) fetchModifiers(args []node) (since uint64, vanished, ok bool) {
	if len(args) == 0 {
		return 0, false, true
	}
	words := args[0].list
	if len(words) < 2 || len(words) > 3 || !words[0].is("CHANGEDSINCE") || !s.numbered() {
		return 0, false, false
	}
	since, err := strconv.ParseUint(words[1].text, 10, 63)
	if len(words) == 3 {
		vanished = words[2].is("VANISHED") && s.enabled["QRESYNC"]
		if !vanished {
			return 0, false, false
		}
	}
	s.enabled["CONDSTORE"] = true
	return since, vanished, err == nil && since > 0
}

func (s *session) fetchVanished(n node, since uint64) {
	known, err := parseSet(n.text, s.view.Box.UIDNext-1)
	if gone := s.goneSince(s.view.Box, since, known); err == nil && len(gone) > 0 {
		s.printf("* VANISHED (EARLIER) %s\r\n", render(gone))
	}
}

func (s *session) fetchOne(m *model.Message, items []string, parts []part) {
	for _, p := range parts {
		if !p.peek && !s.readOnly && !model.Has(m.Flags, `\Seen`) {
			s.view.Box.Store([]uint32{m.UID}, model.Add, []string{`\Seen`}, 0)
		}
	}
	if s.srv.Lies.Split && len(items)+len(parts) > 2 && slices.Contains(items, "UID") {
		if i := slices.Index(items, "FLAGS"); i >= 0 {
			items = slices.Delete(slices.Clone(items), i, i+1)
			s.response(m, []string{"UID", "FLAGS"}, nil)
		}
	}
	s.response(m, items, parts)
	if s.srv.Lies.Twice {
		s.response(m, items, parts)
	}
}

func (s *session) response(m *model.Message, items []string, parts []part) {
	s.printf("* %d FETCH (", s.view.Seq(m.UID))
	for i, item := range items {
		if i > 0 {
			s.printf(" ")
		}
		s.plain(m, item)
	}
	for i, p := range parts {
		if i > 0 || len(items) > 0 {
			s.printf(" ")
		}
		s.body(m, p)
	}
	s.printf(")\r\n")
}
