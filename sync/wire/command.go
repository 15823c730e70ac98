package wire

import (
	"io"
	"strconv"
	"strings"
)

// Command is one command under construction, without tag and line end.
type Command struct {
	name  string
	parts []part
	err   error
	// reply answers a continuation request that no literal of the command waits
	// for: SASL challenges.
	reply  func(challenge []byte) ([]byte, error)
	bulk   int64
	tag    string
	answer int  // octets expected of the answer; 0: any number
	whole  bool // its last octets are on their way
}

// part is text, then a literal behind it when lit is set.
type part struct {
	text string
	src  io.Reader
	size int64
	lit  bool
}

// Cmd begins a command; name is "UID FETCH", "LIST" and so on.
func Cmd(name string) *Command {
	return &Command{name: name, parts: []part{{text: name}}}
}

// Name returns the name the command was begun with.
func (c *Command) Name() string { return c.name }

// Text returns the command up to its first literal.
func (c *Command) Text() string { return c.parts[0].text }

// Raw appends a space and text as it is. The text is the program's own or
// checked by it, never foreign.
func (c *Command) Raw(text string) *Command {
	c.add(" " + text)
	return c
}

// String appends a space and s as a quoted string, or as a literal where a
// quoted string may not hold it: 8-bit, CR, LF, or very long (RFC 9051 section
// 4.3). NUL cannot be sent at all.
func (c *Command) String(s string) *Command {
	switch {
	case strings.IndexByte(s, 0) >= 0:
		c.err = ErrBadString
	case quotable(s):
		c.add(" " + quote(s))
	default:
		c.Literal(int64(len(s)), strings.NewReader(s))
	}
	return c
}

// Literal appends a space and a literal of exactly size octets that src yields
// when the command is sent: once, and never in memory as a whole. A source that
// fails, ends early or goes on behind size ends the connection before the literal
// is complete, so that the server has nothing to carry out (SourceError).
func (c *Command) Literal(size int64, src io.Reader) *Command {
	c.add(" ")
	last := &c.parts[len(c.parts)-1]
	last.src, last.size, last.lit = src, size, true
	c.parts = append(c.parts, part{})
	return c
}

// Brief says that the answer will have about so many octets, all untagged
// responses included: more such commands may be sent ahead than of others.
func (c *Command) Brief(octets int) *Command {
	c.answer = octets
	return c
}

// Tag returns the tag that the command was sent with, which ESEARCH repeats (RFC
// 4731 section 3.1).
func (c *Command) Tag() string { return c.tag }

// Whole reports whether the command was sent up to its end, or may have been. One
// that was not cannot have been carried out.
func (c *Command) Whole() bool { return c.whole }

// Mailbox appends a raw mailbox name. No server has a name with CR, LF or NUL
// in it; sent as a literal it would end in files named after it.
func (c *Command) Mailbox(raw string) *Command {
	if strings.ContainsAny(raw, "\x00\r\n") {
		c.err = ErrBadString
		return c
	}
	return c.String(raw)
}

// OnContinue sets the answer to continuation requests, as in AUTHENTICATE.
func (c *Command) OnContinue(reply func(challenge []byte) ([]byte, error)) *Command {
	c.reply = reply
	return c
}

// Bulk tells about how many octets of mail the answer brings; 0 for an answer
// that brings none.
func (c *Command) Bulk(octets int64) *Command {
	c.bulk = octets
	return c
}

// Err tells whether the command can be sent.
func (c *Command) Err() error { return c.err }

func (c *Command) add(text string) { c.parts[len(c.parts)-1].text += text }

// size is about the octets on the wire.
func (c *Command) size() int {
	n := 16
	for _, p := range c.parts {
		n += len(p.text) + int(min(p.size, maxWindow)) + 8
	}
	return n
}

// maxQuoted is the length up to which strings go quoted; servers limit lines.
const maxQuoted = 1000

func quotable(s string) bool {
	if len(s) > maxQuoted {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// announce is the announcement of a literal of n octets; nonSync says that the
// server does not want to be asked first (RFC 7888).
func announce(n int64, nonSync bool) string {
	plus := ""
	if nonSync {
		plus = "+"
	}
	return "{" + strconv.FormatInt(n, 10) + plus + "}\r\n"
}

// Fail makes the command one that cannot be sent.
func (c *Command) Fail(err error) *Command {
	c.err = err
	return c
}

// expected is what the answer counts for.
func (c *Command) expected() int {
	if c.answer == 0 {
		return maxAnswers + 1
	}
	return c.answer
}
