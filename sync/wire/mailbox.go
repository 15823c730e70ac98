package wire

import "bytes"

// Mailbox reads a mailbox name as it is. Servers that forget to quote names with
// spaces are understood: an unquoted name reaches up to the parenthesis that
// the response ends with, or to the end of the line.
func (resp *Response) Mailbox() (string, error) {
	r := resp.r
	tok, err := resp.Next()
	if err != nil || tok.Kind != Atom {
		if tok.Kind == Quoted && r.pos < len(r.seg) && r.seg[r.pos] != ' ' {
			return "", ErrSyntax
		}
		if err != nil {
			return "", err
		}
		return resp.Text(tok)
	}
	start := r.pos - len(tok.Text)
	end := bytes.Index(r.seg[start:], []byte(" ("))
	if end < 0 {
		end = len(r.seg) - start
	}
	r.pos = start + end
	tok.Text = bytes.TrimRight(r.seg[start:r.pos], " ")
	return resp.Text(tok)
}
