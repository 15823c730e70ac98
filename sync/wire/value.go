package wire

import (
	"io"
)

// Text returns the token as a string: an atom, a quoted string or a literal of
// at most MaxString octets. A longer one ends the connection.
func (resp *Response) Text(tok Token) (string, error) {
	switch tok.Kind {
	case Atom, Quoted:
		if len(tok.Text) > MaxString {
			return "", ErrSyntax
		}
		return string(tok.Text), nil
	case Literal:
		if tok.Size > MaxString {
			return "", resp.r.fail(&LimitError{What: "string", Limit: MaxString})
		}
		if resp.r.strings += tok.Size; resp.r.strings > MaxStrings {
			return "", resp.r.fail(&LimitError{What: "strings in a response", Limit: MaxStrings})
		}
		b := make([]byte, tok.Size)
		if _, err := io.ReadFull(resp.r, b); err != nil {
			return "", resp.r.fail(cut(err))
		}
		return string(b), nil
	}
	return "", ErrSyntax
}

// String reads the next token as a string.
func (resp *Response) String() (string, error) {
	tok, err := resp.Next()
	if err != nil {
		return "", err
	}
	return resp.Text(tok)
}

// Atoms reads a parenthesised list of atoms (strings are let through) and hands
// each to fn. Deeper lists in it are skipped.
func (resp *Response) Atoms(fn func(atom []byte)) error {
	tok, err := resp.Next()
	if err != nil {
		return err
	}
	return resp.AtomsOf(tok, fn)
}

// AtomsOf is Atoms for a list that begins with tok.
func (resp *Response) AtomsOf(tok Token, fn func(atom []byte)) error {
	if tok.Kind != Open {
		return ErrSyntax
	}
	for {
		var err error
		switch tok, err = resp.Next(); {
		case err != nil:
			return err
		case tok.Kind == Close:
			return nil
		case tok.Kind == Atom || tok.Kind == Quoted:
			fn(tok.Text)
		case tok.Kind == Literal:
			s, err := resp.Text(tok)
			if err != nil {
				return err
			}
			fn([]byte(s))
		default:
			if err := resp.Skip(tok); err != nil {
				return err
			}
		}
	}
}

// Skip skips the value that begins with tok: for a list, up to its end.
func (resp *Response) Skip(tok Token) error {
	switch tok.Kind {
	case End, Close:
		return ErrSyntax
	case Open:
	default:
		return nil
	}
	for depth := 1; depth > 0; {
		tok, err := resp.Next()
		if err != nil {
			return err
		}
		switch tok.Kind {
		case End:
			return ErrSyntax
		case Open:
			depth++
		case Close:
			depth--
		}
	}
	return nil
}
