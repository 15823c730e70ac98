package proto

import (
	"bytes"
	"errors"
	"strings"
)

// node is a word of a command: an atom, a string, or a list of words.
type node struct {
	kind kind
	text string
	list []node
}

type kind int

const (
	atom kind = iota
	str
	list
)

func (n node) is(word string) bool { return n.kind == atom && strings.EqualFold(n.text, word) }

// named is an atom or a string: a mailbox.
func (n node) named() bool { return n.kind != list && n.text != "" }

const maxDepth = 64

var errSyntax = errors.New("not understood")

// parseCommand never fails: what is wrong is in the command.
func parseCommand(text []byte, literals [][]byte) command {
	c := command{line: string(bytes.ReplaceAll(text, []byte{mark}, []byte("{}")))}
	var rest string
	c.tag, rest, _ = strings.Cut(c.line, " ")
	c.line = rest
	p := &parser{text: text[min(len(c.tag)+1, len(text)):], literals: literals}
	words, err := p.words(0, false)
	if err != nil || len(words) == 0 || words[0].kind != atom || c.tag == "" {
		c.err = errSyntax
		return c
	}
	c.name, c.args = strings.ToUpper(words[0].text), words[1:]
	if c.name == "UID" && len(c.args) > 0 {
		c.name, c.args = "UID "+strings.ToUpper(c.args[0].text), c.args[1:]
	}
	return c
}

type parser struct {
	text     []byte
	literals [][]byte
}

func (p *parser) words(depth int, inside bool) (all []node, err error) {
	for {
		p.text = bytes.TrimLeft(p.text, " ")
		switch {
		case len(p.text) == 0 && inside, depth > maxDepth:
			return nil, errSyntax
		case len(p.text) == 0:
			return all, nil
		case p.text[0] == ')':
			p.text = p.text[1:]
			if !inside {
				return nil, errSyntax
			}
			return all, nil
		}
		n, err := p.word(depth)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
}

func (p *parser) word(depth int) (n node, err error) {
	switch p.text[0] {
	case '(':
		p.text = p.text[1:]
		n.kind = list
		n.list, err = p.words(depth+1, true)
		return n, err
	case '"':
		return p.quoted()
	case mark:
		n = node{kind: str, text: string(p.literals[0])}
		p.text, p.literals = p.text[1:], p.literals[1:]
		return n, nil
	}
	return p.atom(), nil
}

func (p *parser) quoted() (node, error) {
	var out []byte
	for i := 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			p.text = p.text[i+1:]
			return node{kind: str, text: string(out)}, nil
		case c == '\\' && i+1 < len(p.text):
			i++
			out = append(out, p.text[i])
		default:
			out = append(out, c)
		}
	}
	return node{}, errSyntax
}

// atom ends at a blank or parenthesis, but for what stands in brackets, as in
// BODY[HEADER.FIELDS (DATE)].
func (p *parser) atom() node {
	depth, i := 0, 0
	for ; i < len(p.text); i++ {
		c := p.text[i]
		if c == '[' {
			depth++
		} else if c == ']' {
			depth--
		}
		if c == mark || depth <= 0 && strings.IndexByte(` ()"`, c) >= 0 && i > 0 {
			break
		}
	}
	n := node{text: string(p.text[:i])}
	p.text = p.text[i:]
	return n
}
