package hostile

import (
	"compress/flate"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"regexp"
	"strings"
)

// monster is a conversation in which a server does not come to an end.
type monster struct {
	name   string
	ahead  string           // the honest words before it go up to this, which is a pattern
	says   func() io.Reader // more than may be held in memory
	deflat bool             // behind COMPRESS=DEFLATE, which is said to begin at once
}

const (
	huge = 96 << 20 // more than memory may grow by
	many = 24 << 20 // short lines, of which each costs more than itself where it is kept
)

// again is a text over and over, %d in it counting.
func again(text string, octets int64) func() io.Reader {
	return func() io.Reader { return &repeated{text: text, left: octets} }
}

type repeated struct {
	text string
	left int64
	n    int
	rest []byte
}

func (r *repeated) Read(p []byte) (n int, err error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	if len(r.rest) == 0 {
		for len(r.rest) < 32<<10 {
			r.n++
			if text := r.text; strings.Contains(text, "%d") {
				r.rest = fmt.Appendf(r.rest, text, r.n)
			} else {
				r.rest = append(r.rest, text...)
			}
		}
	}
	n = copy(p, r.rest)
	r.rest = r.rest[n:]
	r.left -= int64(n)
	return n, nil
}

// then is one text and others behind it.
func then(first string, rest func() io.Reader) func() io.Reader {
	return func() io.Reader { return io.MultiReader(strings.NewReader(first), rest()) }
}

var zeros = strings.Repeat("\x00", 4096)

var monsters = []monster{
	{name: "greeting", ahead: `^`, says: again("* OK [ALERT] wait %d\r\n", many)},
	{name: "greeting without end", ahead: `^`, says: then("* OK ", again("x", huge))},
	{name: "capabilities", ahead: `M1 `, says: again("* CAPABILITY IMAP4rev1 A%d\r\n", many)},
	{name: "list", ahead: `\* LIST`, says: again("* LIST () \"/\" \"mailbox number %d of many\"\r\n", huge)},
	{name: "list in literals", ahead: `\* LIST`, says: func() io.Reader {
		return again("* LIST () \"/\" {60000}\r\n"+strings.Repeat("x", 60000)+"\r\n", huge)()
	}},
	{name: "a list of attributes", ahead: `\* LIST`, says: then("* LIST (", again("\\Attribute%d ", huge))},
	{name: "a name without end", ahead: `\* LIST`, says: then("* LIST () \"/\" {1000000000}\r\n", again("x", huge))},
	{name: "statuses", ahead: `\* LIST`, says: again("* STATUS \"mailbox %d\" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\r\n", huge)},
	{name: "alerts", ahead: `\* LIST`, says: again("* OK [ALERT] number %d\r\n", many)},
	{name: "flags of a mailbox", ahead: `\* FLAGS`, says: then("* FLAGS (", again("flag%d ", huge))},
	{name: "flags of a message", ahead: `\* 1 FETCH`, says: then("* 1 FETCH (UID 1 FLAGS (", again("flag%d ", huge))},
	{name: "flags nobody asked for", ahead: `\* 1 FETCH`, says: again("* %d FETCH (FLAGS (\\Seen))\r\n", many)},
	{name: "the same message", ahead: `\* 1 FETCH`, says: again("* 1 FETCH (UID 1 FLAGS (f%d) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 3)\r\n", many)},
	{name: "expunges", ahead: `\* 1 FETCH`, says: again("* 1 EXPUNGE\r\n", many)},
	{name: "vanished", ahead: `\* 1 FETCH`, says: then("* VANISHED 1", again(",%d", huge))},
	{name: "vanished, as long as may be", ahead: `\* 1 FETCH`, says: then("* VANISHED 1", func() io.Reader {
		return io.MultiReader(&repeated{text: ",%d0", left: 16<<20 - 1000}, strings.NewReader("1\r\n"))
	})},
	{name: "vanished, line by line", ahead: `\* 1 FETCH`, says: again("* VANISHED 7,9,1:4294967295,%d\r\n", huge)},
	{name: "garbage", ahead: `\* 1 FETCH`, says: again("garbage\r\n", huge)},
	{name: "bytes", ahead: `\* 1 FETCH`, says: again(zeros, huge)},
	{name: "parentheses", ahead: `\* 1 FETCH`, says: then("* 1 FETCH ", again("(", huge))},
	{name: "continuations", ahead: `\* 1 FETCH`, says: again("+ go on\r\n", huge)},
	{name: "a body without end", ahead: `\* \d+ FETCH \(UID \d+ BODY\[\]`, says: then("* 1 FETCH (UID 1 BODY[] {1073741824}\r\n", again(zeros, huge))},
	{name: "a header without end", ahead: `\* \d+ FETCH \(UID \d+ BODY\[\]`, says: then("* 1 FETCH (UID 1 BODY[] {100663296}\r\nSubject: ", again("x", huge))},
	{name: "a header of many fields", ahead: `\* \d+ FETCH \(UID \d+ BODY\[\]`, says: then("* 1 FETCH (UID 1 BODY[] {100663296}\r\n", again("To: somebody%d@example.org\r\n", huge))},
	{name: "bodies of others", ahead: `\* \d+ FETCH \(UID \d+ BODY\[\]`, says: again("* 9 FETCH (UID 999%d BODY[] {3}\r\nabc)\r\n", many)},
	{name: "zeros, compressed", says: again(zeros, 40*huge), deflat: true},
	{name: "blanks, compressed", says: then("* OK ", again(" ", huge)), deflat: true},
	{name: "flags, compressed", says: again("* 1 FETCH (FLAGS (\\Seen))\r\n", huge), deflat: true},
	{name: "a literal, compressed", says: then("* LIST () \"/\" {4294967295}\r\n", again(zeros, huge)), deflat: true},
	{name: "no compression", says: again("* LIST () \"/\" x\r\n", 1<<20)},
}

// meet plays a monster on the first connection, and honest words behind it.
func (s *Stage) meet(m monster, dir string) *Played {
	p := &Played{}
	first := 3 // a scene without a store
	words := s.records[first][0]
	if m.ahead == "" {
		first = 5
	}
	n := 0
	s.run(p, first, filepath.Join(dir, "monster.db"), func(w *watch) net.Conn {
		if n++; n > 1 {
			return &said{r: strings.NewReader(words), watch: w}
		}
		return &said{r: m.words(words), watch: w}
	})
	Remove(filepath.Join(dir, "monster.db"))
	return p
}

func (m monster) words(honest string) io.Reader {
	if m.ahead == "" {
		head := "* PREAUTH [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] hi\r\nM1 OK now\r\n"
		if !m.deflat {
			return io.MultiReader(strings.NewReader(head), m.says())
		}
		return io.MultiReader(strings.NewReader(head), deflated(m.says()))
	}
	at := regexp.MustCompile(`(?m)` + m.ahead).FindStringIndex(honest)
	if at == nil {
		panic("nothing matches " + m.ahead)
	}
	return io.MultiReader(strings.NewReader(honest[:at[0]]), m.says())
}

// deflated compresses on the fly. What is not read is left to the collector.
func deflated(r io.Reader) io.Reader {
	d := &deflating{from: r}
	d.z, _ = flate.NewWriter(&d.out, flate.BestSpeed) // fails for unknown levels alone
	return d
}

type deflating struct {
	from io.Reader
	z    *flate.Writer
	out  buffer
}

type buffer struct{ b []byte }

func (b *buffer) Write(p []byte) (int, error) { b.b = append(b.b, p...); return len(p), nil }

func (d *deflating) Read(p []byte) (int, error) {
	for chunk := make([]byte, 32<<10); len(d.out.b) == 0; {
		n, err := d.from.Read(chunk)
		if _, err := d.z.Write(chunk[:n]); err != nil {
			return 0, err
		}
		if err != nil {
			return 0, err
		}
	}
	n := copy(p, d.out.b)
	d.out.b = d.out.b[n:]
	return n, nil
}
