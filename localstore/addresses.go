package localstore

import (
	"mime"
	netmail "net/mail"
	"strings"

	"github.com/emersion/go-message"
)

// addresses gives an address field as "Name <address>", or its text when it does
// not follow RFC 5322.
func addresses(v string) string {
	if list, ok := plainAddresses(v); ok {
		return list
	}
	return parsedAddresses(v)
}

// parsedAddresses reads a field of any form.
func parsedAddresses(v string) (text string) {
	text = decode(v)
	defer keep(&text, text)
	parser := netmail.AddressParser{WordDecoder: &mime.WordDecoder{CharsetReader: message.CharsetReader}}
	list, err := parser.ParseList(v)
	if err != nil || len(list) == 0 {
		return text
	}
	var out []string
	for _, a := range list {
		if a.Name == "" {
			out = append(out, a.Address)
		} else {
			out = append(out, a.Name+" <"+a.Address+">")
		}
	}
	return strings.Join(out, ", ")
}

// plainAddresses does the same for fields as most mail has them, in a fraction
// of the time: nothing quoted, encoded, commented or grouped. It reports false for
// whatever is not plain, or not right.
func plainAddresses(v string) (string, bool) {
	if !printable(v) {
		return "", false
	}
	var out []string
	for part := range strings.SplitSeq(v, ",") {
		part = strings.Trim(part, " ")
		name, spec, named := strings.Cut(part, "<")
		if !named {
			name, spec = "", part
		} else if spec, named = strings.CutSuffix(spec, ">"); !named {
			return "", false
		}
		words := strings.Fields(name)
		for _, w := range words {
			if !atom(w) || strings.Contains(w, "=?") {
				return "", false
			}
		}
		if local, domain, ok := strings.Cut(spec, "@"); !ok || !dotAtom(local) || !dotAtom(domain) {
			return "", false
		}
		if len(words) > 0 {
			spec = strings.Join(words, " ") + " <" + spec + ">"
		}
		out = append(out, spec)
	}
	return strings.Join(out, ", "), true
}

// dotAtom tells whether s is a dot-atom-text of ASCII (RFC 5322 section 3.2.3).
func dotAtom(s string) bool {
	return atom(s) && s[0] != '.' && s[len(s)-1] != '.' && !strings.Contains(s, "..")
}

// atom tells whether s has nothing but atext and dots, which display names may
// have too (obs-phrase).
func atom(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || strings.IndexByte(`()<>[]:;@\,"`, c) >= 0 {
			return false
		}
	}
	return s != ""
}
