package wire

import (
	"bytes"
	"io"
)

// Kind is the kind of a Token.
type Kind uint8

// The tokens of a response.
const (
	End     Kind = iota // of the response
	Open                // (
	Close               // )
	Atom                // anything unquoted, NIL included
	Quoted              // Text is unescaped
	Literal             // Size octets follow, see Response.Literal
)

// Token is one token; Text is valid until the next one is read.
type Token struct {
	Kind Kind
	Text []byte
	Size int64
}

// Is reports whether the token is the given atom, in any case.
func (t Token) Is(atom string) bool {
	return t.Kind == Atom && len(t.Text) == len(atom) && bytes.EqualFold(t.Text, []byte(atom))
}

// Next reads the next token; what is left of an open literal is thrown away.
func (resp *Response) Next() (Token, error) {
	r := resp.r
	if r.lit >= 0 {
		if err := r.closeLiteral(); err != nil {
			return Token{}, err
		}
	}
	r.spaces()
	if r.pos >= len(r.seg) {
		return Token{Kind: End}, r.err
	}
	switch r.seg[r.pos] {
	case '(':
		r.pos++
		if r.depth++; r.depth > MaxDepth {
			return Token{}, ErrSyntax
		}
		return Token{Kind: Open}, nil
	case ')':
		r.pos++
		r.depth--
		return Token{Kind: Close}, nil
	case '"':
		return r.quoted()
	case '{', '~':
		if tok, ok, err := r.literal(); ok || err != nil {
			return tok, err
		}
	}
	return r.atom(false), nil
}

// Item reads the name of a FETCH item, which may hold spaces and parentheses
// within brackets: BODY[HEADER.FIELDS (FROM)]<0>.
func (resp *Response) Item() (Token, error) {
	r := resp.r
	if r.lit >= 0 {
		if err := r.closeLiteral(); err != nil {
			return Token{}, err
		}
	}
	r.spaces()
	if r.pos < len(r.seg) && bytes.IndexByte([]byte(`()"{~`), r.seg[r.pos]) < 0 {
		return r.atom(true), nil
	}
	tok, err := resp.Next()
	if tok.Kind == Atom && err == nil {
		err = ErrSyntax
	}
	return tok, err
}

// atom reads up to a space or parenthesis; brackets, where they count, are
// taken whole, and a literal may follow them without a space.
func (r *reader) atom(brackets bool) Token {
	start := r.pos
	for ; r.pos < len(r.seg); r.pos++ {
		switch ch := r.seg[r.pos]; {
		case ch == ' ' || ch == '(' || ch == ')':
			return Token{Kind: Atom, Text: r.seg[start:r.pos]}
		case brackets && ch == '{':
			return Token{Kind: Atom, Text: r.seg[start:r.pos]}
		case brackets && ch == '[':
			if i := bytes.IndexByte(r.seg[r.pos:], ']'); i > 0 {
				r.pos += i
			}
		}
	}
	return Token{Kind: Atom, Text: r.seg[start:r.pos]}
}

func (r *reader) quoted() (Token, error) {
	body := r.seg[r.pos+1:]
	end := bytes.IndexAny(body, `"\`)
	if end >= 0 && body[end] == '"' {
		r.pos += end + 2
		return Token{Kind: Quoted, Text: body[:end]}, nil
	}
	var text []byte
	for i := 0; i < len(body); i++ {
		switch ch := body[i]; {
		case ch == '"':
			r.pos += i + 2
			return Token{Kind: Quoted, Text: text}, nil
		case ch == '\\' && i+1 < len(body):
			i++
			text = append(text, body[i])
		default:
			text = append(text, ch)
		}
	}
	return Token{}, ErrSyntax
}

// literal recognises {n}, {n+} and ~{n} (RFC 3516) at the end of the segment.
func (r *reader) literal() (tok Token, ok bool, err error) {
	b := bytes.TrimPrefix(r.seg[r.pos:], []byte{'~'})
	n, rest, ok := announcement(b)
	if !ok || len(rest) != 0 {
		return tok, false, nil
	}
	return Token{Kind: Literal, Size: n}, true, r.openLiteral(n)
}

// Literal streams the literal just announced by a token. Its end is io.EOF only
// when every octet came; a cut is io.ErrUnexpectedEOF.
func (resp *Response) Literal() io.Reader { return resp.r }
