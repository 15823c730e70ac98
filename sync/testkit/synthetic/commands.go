package synthetic

import (
	"fmt"
	"strconv"
	"strings"
)

func (c *conn) printf(format string, args ...any) { fmt.Fprintf(c.w, format, args...) }

// command answers one command; the result stands behind its tag.
func (c *conn) command(line string) string {
	name, args, _ := strings.Cut(line, " ")
	switch strings.ToUpper(name) {
	case "CAPABILITY":
		c.printf("* CAPABILITY %s\r\n", caps)
	case "AUTHENTICATE", "LOGIN":
		return "OK [CAPABILITY " + caps + "] welcome"
	case "ENABLE":
		c.printf("* ENABLED %s\r\n", args)
	case "ID":
		c.printf("* ID NIL\r\n")
	case "NAMESPACE":
		c.printf("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n")
	case "LIST":
		c.list()
	case "STATUS":
		return c.status(args)
	case "EXAMINE":
		return c.examine(args)
	case "UID":
		return c.uid(args)
	case "NOOP", "UNSELECT":
	case "LOGOUT":
		c.over = true
		c.printf("* BYE made up\r\n")
	default:
		return "BAD not made up so far"
	}
	return "OK done"
}

func (c *conn) list() {
	for _, b := range c.boxes {
		c.printf("* LIST (\\HasNoChildren \\Subscribed) \"/\" %q\r\n", b.Name)
		c.printStatus(b)
	}
}

func (c *conn) printStatus(b Mailbox) {
	c.printf("* STATUS %q (MESSAGES %d UIDNEXT %d UIDVALIDITY 7 UNSEEN 0 HIGHESTMODSEQ %d)\r\n", b.Name, b.Messages, b.uidNext(), b.modSeq())
}

// modSeq grows with each message.
func (m Mailbox) modSeq() int { return m.Messages + 1 }

// find reads a quoted name at the start of args.
func (c *conn) find(args string) *Mailbox {
	name, err := strconv.QuotedPrefix(args)
	if err != nil {
		return nil
	}
	if c.index == nil {
		c.index = map[string]*Mailbox{}
		for i, b := range c.boxes {
			c.index[strconv.Quote(b.Name)] = &c.boxes[i]
		}
	}
	return c.index[name]
}

func (c *conn) status(args string) string {
	b := c.find(args)
	if b == nil {
		return "NO [NONEXISTENT] not made up"
	}
	c.printStatus(*b)
	return "OK done"
}

func (c *conn) examine(args string) string {
	if c.open != nil {
		c.printf("* OK [CLOSED] the one before\r\n")
	}
	if c.open = c.find(args); c.open == nil {
		return "NO [NONEXISTENT] not made up"
	}
	c.printf("* FLAGS (\\Seen)\r\n* %d EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT %d] n\r\n* OK [HIGHESTMODSEQ %d] h\r\n",
		c.open.Messages, c.open.uidNext(), c.open.modSeq())
	return "OK [READ-ONLY] done"
}

// uid answers UID FETCH and UID SEARCH.
func (c *conn) uid(args string) string {
	name, rest, _ := strings.Cut(args, " ")
	if c.open == nil {
		return "BAD no mailbox is open"
	}
	switch strings.ToUpper(name) {
	case "FETCH":
		return c.fetch(rest)
	case "SEARCH":
		return c.search(rest)
	}
	return "BAD not made up so far"
}

// search knows RETURN (COUNT) UID SET and RETURN (ALL) UID SET.
func (c *conn) search(rest string) string {
	want, set, ok := strings.Cut(rest, " UID ")
	if !ok {
		return "BAD not made up so far"
	}
	count, all := 0, []string{}
	c.each(set, func(n int) {
		count++
		if strings.Contains(want, "ALL") {
			all = append(all, fmt.Sprint(c.open.uid(n)))
		}
	})
	switch {
	case strings.Contains(want, "COUNT"):
		c.printf("* ESEARCH UID COUNT %d\r\n", count)
	case len(all) > 0:
		c.printf("* ESEARCH UID ALL %s\r\n", strings.Join(all, ","))
	}
	return "OK done"
}
