package synthetic

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// each calls fn for the messages of a set, in its order; a range goes upwards.
func (c *conn) each(set string, fn func(n int)) {
	for item := range strings.SplitSeq(set, ",") {
		from, to, isRange := strings.Cut(item, ":")
		lo, hi := c.number(from), c.number(from)
		if isRange {
			hi = c.number(to)
		}
		lo, hi = min(lo, hi), max(lo, hi)
		for n := max(1, c.open.number(lo-1)+1); n <= c.open.number(hi); n++ {
			fn(n)
		}
	}
}

// number reads a UID; "*" is the highest (RFC 9051 section 9, seq-number).
func (c *conn) number(s string) uint32 {
	if s == "*" {
		return c.open.uidNext() - 1
	}
	n, _ := strconv.ParseUint(s, 10, 32)
	return uint32(n)
}

var section = regexp.MustCompile(`BODY\.PEEK\[(HEADER)?\](?:<(\d+)\.(\d+)>)?`)

func (c *conn) fetch(args string) string {
	set, items, ok := strings.Cut(args, " ")
	if !ok {
		return "BAD what of them?"
	}
	body := section.FindStringSubmatch(items)
	since := 0
	if _, after, ok := strings.Cut(items, "CHANGEDSINCE "); ok {
		since, _ = strconv.Atoi(strings.TrimRight(after, ")"))
	}
	c.each(set, func(n int) {
		if since <= n {
			c.message(n, items, body)
		}
	})
	return "OK done"
}

func (c *conn) message(n int, items string, body []string) {
	m := c.open.Mail(n)
	c.printf("* %d FETCH (UID %d", n, c.open.uid(n))
	if strings.Contains(items, "FLAGS") {
		c.printf(" FLAGS (%s)", flags(n))
	}
	if strings.Contains(items, "INTERNALDATE") {
		c.printf(" INTERNALDATE %q", date(n).Format("_2-Jan-2006 15:04:05 -0700"))
	}
	if strings.Contains(items, "RFC822.SIZE") {
		c.printf(" RFC822.SIZE %d", m.Size())
	}
	if body != nil {
		c.part(m, body)
	}
	c.printf(")\r\n")
}

// part is the whole message, its header, or a piece of the whole.
func (c *conn) part(m Mail, body []string) {
	from, n, origin := int64(0), m.Size(), ""
	switch {
	case body[1] != "":
		n = m.HeaderSize()
	case body[2] != "":
		from, _ = strconv.ParseInt(body[2], 10, 64)
		length, _ := strconv.ParseInt(body[3], 10, 64)
		from = min(from, n)
		n = min(length, n-from)
		origin = fmt.Sprintf("<%d>", from)
	}
	c.printf(" BODY[%s]%s {%d}\r\n", body[1], origin, n)
	m.Write(c.w, from, n)
}

func flags(n int) string {
	if n%2 == 1 {
		return `\Seen`
	}
	return ""
}
