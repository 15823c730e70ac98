package plan

import (
	"fmt"
	"strings"
)

// Space is where the mailboxes of an account lie (RFC 2342): what their names begin
// with, decoded, and what separates the parts of a new one.
type Space struct{ Prefix, Delim string }

// path takes a name apart, without what all names begin with. What another server
// could not hold in its names, and was written as a code, is itself again.
func (s Space) path(name, delim string) []string {
	if strings.EqualFold(name, "INBOX") {
		return []string{"INBOX"}
	}
	name = strings.TrimPrefix(name, s.Prefix)
	if delim == "" {
		return []string{unescape(name, s.Delim)}
	}
	parts := strings.Split(name, delim)
	for i, p := range parts {
		parts[i] = unescape(p, delim)
	}
	return parts
}

// name puts a path together. What the server cannot hold in a name becomes a code:
// = and two hexadecimal digits, so that it can be read back.
func (s Space) name(path []string) string {
	if len(path) == 1 && strings.EqualFold(path[0], "INBOX") {
		return "INBOX"
	}
	if s.Prefix != "" && strings.EqualFold(path[0]+s.Delim, s.Prefix) {
		path = path[1:] // it is there already
	}
	parts := make([]string, len(path))
	for i, p := range path {
		parts[i] = escape(p, s.Delim)
	}
	delim := s.Delim
	if delim == "" {
		delim = code('/')
	}
	return s.Prefix + strings.Join(parts, delim)
}

// illegal tells what a part of a name cannot hold. Servers that separate parts with a
// dot keep mail in folders of a file system, and have no slash either.
func illegal(r rune, delim string) bool {
	return r < ' ' || r == 0x7f || string(r) == delim || r == '/' && (delim == "." || delim == "")
}

func code(r rune) string { return fmt.Sprintf("=%02X", r) }

// coded reads a code of something that is illegal at the beginning of a text.
func coded(text, delim string) (r rune, ok bool) {
	if len(text) < 3 || text[0] != '=' {
		return 0, false
	}
	if n, err := fmt.Sscanf(text[1:3], "%02X", &r); n != 1 || err != nil {
		return 0, false
	}
	return r, illegal(r, delim) && code(r) == text[:3]
}

// shielded: an equals sign that a code would seem to follow is written as a code, too.
func shielded(text, delim string) bool {
	if !strings.HasPrefix(text, "=") {
		return false
	}
	_, ok := coded(text, delim)
	return ok || strings.HasPrefix(text[1:], "3D") && shielded("="+text[3:], delim)
}

func escape(part, delim string) string {
	var b strings.Builder
	for i, r := range part {
		if illegal(r, delim) || shielded(part[i:], delim) {
			b.WriteString(code(r))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func unescape(part, delim string) string {
	var b strings.Builder
	for part != "" {
		if r, ok := coded(part, delim); ok {
			b.WriteRune(r)
			part = part[3:]
		} else if strings.HasPrefix(part, "=3D") && shielded("="+part[3:], delim) {
			b.WriteByte('=')
			part = part[3:]
		} else {
			b.WriteByte(part[0])
			part = part[1:]
		}
	}
	return b.String()
}

// NameRule sends mailboxes to other names. Parts are separated by a slash, whatever the
// servers have; one star stands for anything.
type NameRule struct{ From, To string }

// ParseNameRule reads old/*=new/*.
func ParseNameRule(s string) (NameRule, error) {
	from, to, ok := strings.Cut(s, "=")
	r := NameRule{from, to}
	switch {
	case !ok || from == "" || to == "":
		return r, fmt.Errorf("%q: want OLD=NEW, such as old/*=new/*", s)
	case strings.Count(from, "*") > 1 || strings.Count(to, "*") > 1:
		return r, fmt.Errorf("%q: one star on each side", s)
	case strings.Contains(to, "*") && !strings.Contains(from, "*"):
		return r, fmt.Errorf("%q: the star of the new name has nothing to stand for", s)
	}
	return r, nil
}

// apply gives the new path, and whether the rule is about this one.
func (r NameRule) apply(path []string) ([]string, bool) {
	name := strings.Join(path, "/")
	before, after, star := strings.Cut(r.From, "*")
	if !star {
		return strings.Split(r.To, "/"), strings.EqualFold(name, "INBOX") && strings.EqualFold(r.From, "INBOX") || name == r.From
	}
	if len(name) < len(before)+len(after) || !strings.HasPrefix(name, before) || !strings.HasSuffix(name, after) {
		return nil, false
	}
	middle := name[len(before) : len(name)-len(after)]
	return strings.Split(strings.Replace(r.To, "*", middle, 1), "/"), true
}

// roleNames are what mailboxes of a use are called where no attribute tells it (RFC
// 6154), the likeliest first.
var roleNames = map[string][]string{
	"sent":    {"Sent", "Sent Items", "Sent Messages", "Sent Mail", "Sent-Mail"},
	"drafts":  {"Drafts", "Draft"},
	"trash":   {"Trash", "Deleted Items", "Deleted Messages", "Bin"},
	"junk":    {"Junk", "Spam", "Junk E-mail", "Junk Email", "Junk Mail", "Bulk Mail"},
	"archive": {"Archive", "Archives"},
}

// byRole gives the mailbox of each use: that of the attribute, else of the name.
func byRole(boxes []MigrateBox, space Space) map[string]int64 {
	of := map[string]int64{}
	for _, b := range boxes {
		if _, known := roleNames[b.Role]; known && of[b.Role] == 0 {
			of[b.Role] = b.ID
		}
	}
	for role, names := range roleNames {
		for _, name := range names {
			for _, b := range boxes {
				path := space.path(b.Name, b.Delim)
				if of[role] == 0 && b.Role == "" && b.Mail && len(path) == 1 && strings.EqualFold(path[0], name) {
					of[role] = b.ID
				}
			}
		}
	}
	return of
}
