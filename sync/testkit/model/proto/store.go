package proto

import (
	"strconv"
	"strings"

	"mailstow/sync/testkit/model"
)

const readOnly = "NO [READ-ONLY] it is open for reading alone"

// store is STORE and UID STORE, with UNCHANGEDSINCE (RFC 7162 section 3.1.3).
func (s *session) store(c command) string {
	byUID := c.name == "UID STORE"
	if len(c.args) < 3 {
		return misunderstood
	}
	uids, err := s.messages(c.args[0], byUID)
	unchanged, rest, ok := s.unchangedSince(c.args[1:])
	if err != nil || !ok || len(rest) < 2 {
		return misunderstood
	}
	op, silent, ok := operation(rest[0])
	flags, fine := flagList(rest[1:])
	switch {
	case !ok || !fine:
		return misunderstood
	case s.readOnly:
		return readOnly
	}
	s.tellNews(byUID)
	was := s.view.Box.ModSeq
	modified := s.view.Box.Store(uids, op, s.kept(flags), unchanged)
	s.stored(uids, was, silent, byUID)
	if len(modified) == 0 {
		return "OK done"
	}
	if !byUID {
		for i, uid := range modified {
			modified[i] = uint32(s.view.Seq(uid))
		}
	}
	return "OK [MODIFIED " + render(modified) + "] not all"
}

func (s *session) unchangedSince(args []node) (since uint64, rest []node, ok bool) {
	if args[0].kind != list {
		return 0, args, true
	}
	l := args[0].list
	if len(l) != 2 || !l[0].is("UNCHANGEDSINCE") || !s.numbered() {
		return 0, nil, false
	}
	since, err := strconv.ParseUint(l[1].text, 10, 63)
	s.enabled["CONDSTORE"] = true
	return since, args[1:], err == nil && since > 0
}

func operation(n node) (op model.Op, silent, ok bool) {
	name, silent := strings.CutSuffix(strings.ToUpper(n.text), ".SILENT")
	ops := map[string]model.Op{"+FLAGS": model.Add, "-FLAGS": model.Remove, "FLAGS": model.Replace}
	op, ok = ops[name]
	return op, silent, ok
}

// flagList reads a list of flags, or flags without parentheses.
func flagList(args []node) (flags []string, ok bool) {
	if len(args) == 1 && args[0].kind == list {
		args = args[0].list
	}
	for _, n := range args {
		if n.kind != atom {
			return nil, false
		}
		flags = append(flags, n.text)
	}
	return flags, true
}

// kept leaves out keywords that the server does not keep.
func (s *session) kept(flags []string) (kept []string) {
	for _, f := range flags {
		if strings.HasPrefix(f, `\`) || !s.srv.Lies.NoKeywords || model.Has(s.view.Box.Keywords, f) {
			kept = append(kept, f)
		}
	}
	return kept
}

// stored tells the outcome; silence leaves out flags, not mod-sequences (RFC 7162
// section 3.1.3).
func (s *session) stored(uids []uint32, was uint64, silent, byUID bool) {
	for _, uid := range uids {
		m := s.view.Box.Message(uid)
		if m == nil || silent && !s.srv.Lies.Echoes && (m.ModSeq <= was || !s.enabled["CONDSTORE"]) {
			continue
		}
		var items []string
		if byUID || s.enabled["QRESYNC"] {
			items = append(items, "UID")
		}
		if s.enabled["CONDSTORE"] && s.numbered() {
			items = append(items, "MODSEQ")
		}
		if !silent || s.srv.Lies.Echoes {
			items = append(items, "FLAGS")
		}
		s.fetchOne(m, items, nil)
	}
	s.view.Told()
}

// marked are those of the messages that are marked as deleted.
func (s *session) marked(uids []uint32) (marked []uint32) {
	for _, uid := range uids {
		if m := s.view.Box.Message(uid); m != nil && model.Has(m.Flags, `\Deleted`) {
			marked = append(marked, uid)
		}
	}
	return marked
}

// expunge is EXPUNGE, and UID EXPUNGE (RFC 4315 section 2.1).
func (s *session) expunge(c command) string {
	uids, err := s.view.UIDs, error(nil)
	if c.name == "UID EXPUNGE" {
		if len(c.args) != 1 {
			return misunderstood
		}
		uids, err = s.messages(c.args[0], true)
	}
	switch {
	case err != nil:
		return misunderstood
	case s.readOnly:
		return readOnly
	}
	s.view.Box.Expunge(s.marked(uids))
	return "OK done"
}
