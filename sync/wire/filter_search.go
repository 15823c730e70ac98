package wire

import (
	"fmt"
	"strings"
)

// filterSearch lets SEARCH and ESEARCH pass with what imapclient can read of them.
func filterSearch(resp *Response) string {
	if resp.Name == "SEARCH" {
		return filterNumbers(resp)
	}
	return filterExtended(resp)
}

// filterNumbers lets numbers alone pass.
func filterNumbers(resp *Response) string {
	var b strings.Builder
	b.WriteString("* SEARCH")
	for {
		tok, err := resp.Next()
		switch {
		case err != nil:
			return ""
		case tok.Kind == End:
			return b.String() + "\r\n"
		case tok.Kind == Open: // (MODSEQ n), RFC 7162 section 3.1.5
			if resp.Skip(tok) != nil {
				return ""
			}
		case tok.Kind == Atom && isSet(string(tok.Text)):
			b.WriteString(" " + string(tok.Text))
		default:
			return ""
		}
	}
}

// filterExtended lets the items of RFC 4731 pass. One of another extension may
// stand beside them (RFC 4466 section 2.6.2); in their place it would look like an
// answer that names no message.
func filterExtended(resp *Response) string {
	tok, err := resp.Next()
	head := "* ESEARCH"
	if err == nil && tok.Kind == Open {
		tag := correlator(resp)
		if tag == "" {
			return ""
		}
		head += fmt.Sprintf(" (TAG %q)", tag)
		tok, err = resp.Next()
	}
	items, foreign := "", false
	for ; err == nil && tok.Kind == Atom; tok, err = resp.Next() {
		name := strings.ToUpper(string(tok.Text))
		if name == "UID" {
			items += " UID"
			continue
		}
		value, ok := searchItem(resp, name)
		switch {
		case !ok:
			return ""
		case value == "":
			foreign = true
		default:
			items += " " + name + " " + value
		}
	}
	if err != nil || tok.Kind != End || foreign && !strings.Contains(items, " ALL ") {
		return ""
	}
	return head + items + "\r\n"
}

// searchItem reads the value of an item; "" is that of one nobody here asks for.
func searchItem(resp *Response, name string) (value string, ok bool) {
	tok, err := resp.Next()
	if err != nil || tok.Kind == End {
		return "", false
	}
	value = string(tok.Text)
	n, number := ParseNumber(tok.Text)
	switch name {
	case "ALL":
		ok = isSet(value)
	case "COUNT", "MIN", "MAX":
		ok = number && n < 1<<32
	case "MODSEQ":
		ok = number && n < 1<<63
	default:
		return "", resp.Skip(tok) == nil
	}
	return value, ok && tok.Kind == Atom
}

// correlator reads (TAG "T1").
func correlator(resp *Response) string {
	key, err := resp.Next()
	if err != nil || !key.Is("TAG") {
		return ""
	}
	tag, err := resp.String()
	if err != nil || !isAtom(tag) {
		return ""
	}
	if end, err := resp.Next(); err != nil || end.Kind != Close {
		return ""
	}
	return tag
}
