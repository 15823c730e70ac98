package proto

import (
	"fmt"
	"slices"
	"strings"
)

// search is SEARCH and UID SEARCH, with RETURN (RFC 4731, 5182).
func (s *session) search(c command) string {
	byUID := c.name == "UID SEARCH"
	options, args, ok := s.searchOptions(c.args)
	if options == nil && s.rev2() { // RFC 9051 section 6.4.4
		options = []string{"ALL"}
	}
	if !ok || len(args) == 0 {
		return misunderstood
	}
	k := &keys{s: s, rest: args}
	match, err := k.all()
	if err != nil {
		return misunderstood
	}
	var uids, numbers []uint32
	for i, uid := range s.view.UIDs {
		if m := s.view.Box.Message(uid); m != nil && match(i, m) {
			uids, numbers = append(uids, uid), append(numbers, uint32(i+1))
		}
	}
	if byUID {
		numbers = uids
	}
	if slices.Contains(options, "SAVE") {
		s.saved = uids
	}
	s.found(c.tag, numbers, options, byUID)
	return "OK done"
}

func (s *session) searchOptions(args []node) (options []string, rest []node, ok bool) {
	if len(args) == 0 || !args[0].is("RETURN") {
		return nil, args, true
	}
	if len(args) < 2 || args[1].kind != list || !s.can("ESEARCH") {
		return nil, nil, false
	}
	for _, n := range args[1].list {
		name := strings.ToUpper(n.text)
		known := slices.Contains([]string{"COUNT", "ALL", "MIN", "MAX"}, name) || name == "SAVE" && s.can("SEARCHRES")
		if !known {
			return nil, nil, false
		}
		options = append(options, name)
	}
	if len(options) == 0 {
		options = []string{"ALL"}
	}
	return options, args[2:], true
}

// found is SEARCH, or ESEARCH where something is to be returned.
func (s *session) found(tag string, numbers []uint32, options []string, byUID bool) {
	if options == nil {
		s.printf("* SEARCH")
		for _, n := range numbers {
			s.printf(" %d", n)
		}
		s.printf("\r\n")
		return
	}
	var out []string
	for _, o := range options {
		switch {
		case o == "COUNT":
			out = append(out, fmt.Sprint("COUNT ", len(numbers)))
		case len(numbers) == 0 || o == "SAVE":
		case o == "ALL":
			out = append(out, "ALL "+render(numbers))
		case o == "MIN":
			out = append(out, fmt.Sprint("MIN ", numbers[0]))
		case o == "MAX":
			out = append(out, fmt.Sprint("MAX ", numbers[len(numbers)-1]))
		}
	}
	if len(options) == 1 && options[0] == "SAVE" { // RFC 5182 section 2.1
		return
	}
	s.printf("* ESEARCH (TAG %q)", tag)
	if byUID {
		s.printf(" UID")
	}
	for _, o := range out {
		s.printf(" %s", o)
	}
	s.printf("\r\n")
}
