package hostile

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
)

// mutator changes what a server says, the same way for the same seed and the same
// words.
type mutator struct {
	*rand.Rand
	transcripts []string // what real servers said, tags masked

	rate int      // one line in so many is changed
	tag  string   // of the command that was sent last
	seen [][]byte // lines that went by
	late []byte   // is said behind what comes next
	over bool     // nothing more is said
	did  []string // for people
}

func newMutator(seed uint64, transcripts []string) *mutator {
	m := &mutator{Rand: rand.New(rand.NewPCG(seed, 1)), transcripts: transcripts, tag: "M1"}
	m.rate = pick(m, []int{6, 15, 40, 100})
	return m
}

func pick[T any](m *mutator, of []T) T { return of[m.IntN(len(of))] }

var tagged = regexp.MustCompile(`(?m)^([MT]\d+) `)

// asked hears what a client sends.
func (m *mutator) asked(command []byte) {
	if all := tagged.FindAllSubmatch(command, -1); all != nil {
		m.tag = string(all[len(all)-1][1])
	}
}

// mutate is what becomes of the words of a server; over: they end there.
func (m *mutator) mutate(said []byte) (heard []byte, over bool) {
	heard, m.late = m.late, nil
	for _, l := range bytes.SplitAfter(said, []byte("\n")) {
		if len(l) == 0 {
			continue
		}
		if m.seen = append(m.seen, bytes.Clone(l)); len(m.seen) > 200 {
			m.seen = m.seen[100:]
		}
		if m.IntN(m.rate) == 0 {
			l = m.change(bytes.Clone(l))
		}
		if heard = append(heard, l...); m.over {
			return heard, true
		}
	}
	return heard, false
}

func (m *mutator) change(l []byte) []byte {
	op := pick(m, ops)
	if len(m.did) < 1000 {
		m.did = append(m.did, fmt.Sprintf("%s: %.80q", op.name, l))
	}
	return op.do(m, l)
}

// ops are the ways to change a line.
var ops = []struct {
	name string
	do   func(m *mutator, l []byte) []byte
}{
	{"truncate", func(m *mutator, l []byte) []byte { m.over = true; return l[:m.IntN(len(l))] }},
	{"leave out", func(*mutator, []byte) []byte { return nil }},
	{"repeat", func(m *mutator, l []byte) []byte { return bytes.Repeat(l, 2+m.IntN(20)) }},
	{"swap", func(m *mutator, l []byte) []byte { m.late = append(m.late, l...); return nil }},
	{"flip", (*mutator).flip},
	{"flip", (*mutator).flip},
	{"giant", (*mutator).giant},
	{"giant", (*mutator).giant},
	{"giant", (*mutator).giant},
	{"literal", (*mutator).literal},
	{"nest", func(m *mutator, l []byte) []byte {
		return m.insert(l, strings.Repeat(pick(m, []string{"(", ")", "(x "}), pick(m, []int{1, 65, 3000})))
	}},
	{"evil", func(m *mutator, l []byte) []byte { return m.insert(l, pick(m, evil)) }},
	{"evil", func(m *mutator, l []byte) []byte { return m.insert(l, pick(m, evil)) }},
	{"evil", func(m *mutator, l []byte) []byte { return m.insert(l, pick(m, evil)) }},
	{"in place", (*mutator).inPlace},
	{"in place", (*mutator).inPlace},
	{"tag", (*mutator).wrongTag},
	{"unasked", func(m *mutator, l []byte) []byte { return append(m.unasked(), l...) }},
	{"unasked", func(m *mutator, l []byte) []byte { return append(l, m.unasked()...) }},
	{"unasked", func(m *mutator, l []byte) []byte { return append(m.unasked(), l...) }},
	{"replay", (*mutator).replay},
	{"replay", (*mutator).replay},
	{"transcript", (*mutator).transcript},
	{"transcript", (*mutator).transcript},
	{"flood", func(m *mutator, l []byte) []byte {
		f := pick(m, floods)
		return append([]byte(strings.Repeat(f, pick(m, []int{50, 500, 5000}))), l...)
	}},
	{"cut out", func(m *mutator, l []byte) []byte {
		from := m.IntN(len(l))
		return append(l[:from:from], l[from+m.IntN(len(l)-from):]...)
	}},
	{"words", (*mutator).words},
	{"answer", (*mutator).answer},
}

func (m *mutator) flip(l []byte) []byte {
	for range 1 + m.IntN(4) {
		l[m.IntN(len(l))] ^= 1 << m.IntN(8)
	}
	return l
}

// insert puts text at some place of a line.
func (m *mutator) insert(l []byte, text string) []byte {
	at := m.IntN(len(l))
	return append(append(l[:at:at], text...), l[at:]...)
}

var number = regexp.MustCompile(`\d+`)

// giant puts another number in the place of one.
func (m *mutator) giant(l []byte) []byte {
	return m.replace(l, number, pick(m, giants))
}

func (m *mutator) replace(l []byte, what *regexp.Regexp, by string) []byte {
	all := what.FindAllIndex(l, -1)
	if all == nil {
		return l
	}
	at := pick(m, all)
	return append(append(bytes.Clone(l[:at[0]]), by...), l[at[1]:]...)
}

// literal announces one.
func (m *mutator) literal(l []byte) []byte {
	mark := pick(m, []string{"{%s}\r\n", "~{%s}\r\n", "{%s+}\r\n", "{%s}"})
	size := pick(m, []string{"0", "1", "5", "100", "70000", "2147483647", "4294967295", "9223372036854775807", "9223372036854775808", "-1", ""})
	return m.insert(l, fmt.Sprintf(mark, size))
}

var word = regexp.MustCompile(`"[^"]*"|[^\s()"]+`)

// inPlace puts something evil in the place of a word.
func (m *mutator) inPlace(l []byte) []byte {
	text := pick(m, evil)
	if m.IntN(2) == 0 {
		text = `"` + text + `"`
	}
	return m.replace(l, word, text)
}

// words changes places of two words.
func (m *mutator) words(l []byte) []byte {
	all := word.FindAllIndex(l, -1)
	if len(all) < 2 {
		return l
	}
	i := m.IntN(len(all) - 1)
	a, b := all[i], all[i+1]
	return bytes.Join([][]byte{l[:a[0]], l[b[0]:b[1]], l[a[1]:b[0]], l[a[0]:a[1]], l[b[1]:]}, nil)
}

func (m *mutator) wrongTag(l []byte) []byte {
	_, rest, _ := bytes.Cut(l, []byte(" "))
	tag := pick(m, []string{"*", "+", m.tag, "M1", "M2", "M3", "M999999", "T1", "A1", ""})
	return append([]byte(tag+" "), rest...)
}

var condition = regexp.MustCompile(`\b(OK|NO|BAD)\b( \[[^]]*\])?`)

// answer turns one into another.
func (m *mutator) answer(l []byte) []byte {
	return m.replace(l, condition, pick(m, []string{"OK", "NO", "BAD", "OK [READ-ONLY]", "NO [NONEXISTENT]", "NO [UNAVAILABLE]", "NO [OVERQUOTA]", "OK [UIDVALIDITY 5]", "OK [CLOSED]",
		"OK [COPYUID 1001 1:3 7:9]", "OK [APPENDUID 1001 1]", "OK [MODIFIED 1]", "NO [MODIFIED 1:9]", "OK [CAPABILITY IMAP4rev1]", "NO [ALERT] \x1b[31m", "BYE", "PREAUTH"}))
}

func (m *mutator) unasked() []byte {
	return []byte(strings.ReplaceAll(pick(m, unasked()), "%s", m.tag))
}

// replay says lines of before once more.
func (m *mutator) replay(l []byte) []byte {
	from := m.IntN(len(m.seen))
	to := min(from+1+m.IntN(8), len(m.seen))
	return append(bytes.Join(m.seen[from:to], nil), l...)
}

// transcript says what a real server said to another client.
func (m *mutator) transcript(l []byte) []byte {
	if len(m.transcripts) == 0 {
		return m.replay(l)
	}
	text := []byte(strings.ReplaceAll(pick(m, m.transcripts), "A########", m.tag))
	if m.IntN(3) == 0 {
		return text // and not what was to be said
	}
	return append(text, l...)
}
