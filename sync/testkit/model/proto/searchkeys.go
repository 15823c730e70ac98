package proto

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"mailstow/sync/testkit/model"
)

// test tells whether a message, with its place, is searched for.
type test func(i int, m *model.Message) bool

// keys reads search keys (RFC 9051 section 6.4.4).
type keys struct {
	s     *session
	rest  []node
	depth int
}

// all is what all keys want together.
func (k *keys) all() (test, error) {
	var tests []test
	for len(k.rest) > 0 {
		t, err := k.key()
		if err != nil {
			return nil, err
		}
		tests = append(tests, t)
	}
	return func(i int, m *model.Message) bool {
		for _, t := range tests {
			if !t(i, m) {
				return false
			}
		}
		return true
	}, nil
}

func (k *keys) next() (n node, err error) {
	if len(k.rest) == 0 {
		return n, errSyntax
	}
	n, k.rest = k.rest[0], k.rest[1:]
	return n, nil
}

func (k *keys) key() (test, error) {
	if k.depth++; k.depth > 10_000 {
		return nil, errSyntax
	}
	n, err := k.next()
	switch {
	case err != nil:
		return nil, err
	case n.kind == list && len(n.list) > 0:
		inner := &keys{s: k.s, rest: n.list, depth: k.depth}
		return inner.all()
	case n.kind != atom:
		return nil, errSyntax
	}
	name := strings.ToUpper(n.text)
	if flag, ok := flagKeys[strings.TrimPrefix(name, "UN")]; ok {
		return has(flag, !strings.HasPrefix(name, "UN")), nil
	}
	switch name {
	case "ALL":
		return func(int, *model.Message) bool { return true }, nil
	case "NOT":
		t, err := k.key()
		return func(i int, m *model.Message) bool { return !t(i, m) }, err
	case "OR":
		return k.or()
	}
	return k.valued(name, n)
}

var flagKeys = map[string]string{"SEEN": `\Seen`, "FLAGGED": `\Flagged`, "ANSWERED": `\Answered`, "DELETED": `\Deleted`, "DRAFT": `\Draft`}

func has(flag string, want bool) test {
	return func(_ int, m *model.Message) bool { return model.Has(m.Flags, flag) == want }
}

func (k *keys) or() (test, error) {
	a, err := k.key()
	if err != nil {
		return nil, err
	}
	b, err := k.key()
	return func(i int, m *model.Message) bool { return a(i, m) || b(i, m) }, err
}

// valued are keys that a value follows, and sets.
func (k *keys) valued(name string, n node) (test, error) {
	switch name {
	case "UID":
		v, err := k.next()
		if err != nil {
			return nil, err
		}
		return k.members(v, true)
	case "KEYWORD", "UNKEYWORD":
		v, err := k.next()
		return has(v.text, name == "KEYWORD"), err
	case "LARGER", "SMALLER", "MODSEQ":
		return k.sized(name)
	case "SINCE", "BEFORE", "ON":
		return k.dated(name)
	case "TEXT", "BODY":
		v, err := k.next()
		return func(_ int, m *model.Message) bool {
			return bytes.Contains(bytes.ToLower(m.Body), bytes.ToLower([]byte(v.text)))
		}, err
	}
	return k.members(n, false)
}

// members are the messages of a set, or those saved.
func (k *keys) members(n node, byUID bool) (test, error) {
	uids, err := k.s.messages(n, byUID)
	in := map[uint32]bool{}
	for _, uid := range uids {
		in[uid] = true
	}
	return func(_ int, m *model.Message) bool { return in[m.UID] }, err
}

func (k *keys) sized(name string) (test, error) {
	v, err := k.next()
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(v.text, 10, 63)
	if name == "MODSEQ" && !k.s.numbered() {
		err = errSyntax
	}
	return func(_ int, m *model.Message) bool {
		switch size := uint64(len(m.Body)); name {
		case "LARGER":
			return size > n
		case "SMALLER":
			return size < n
		}
		return m.ModSeq >= n
	}, err
}

// dated compares days, in the zone of the message.
func (k *keys) dated(name string) (test, error) {
	v, err := k.next()
	if err != nil {
		return nil, err
	}
	want, err := time.Parse("2-Jan-2006", v.text)
	return func(_ int, m *model.Message) bool {
		day := time.Date(m.Date.Year(), m.Date.Month(), m.Date.Day(), 0, 0, 0, 0, time.UTC)
		switch name {
		case "SINCE":
			return !day.Before(want)
		case "BEFORE":
			return day.Before(want)
		}
		return day.Equal(want)
	}, err
}
