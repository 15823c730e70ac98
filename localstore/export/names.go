package export

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

const (
	// maxPart is how many bytes a part of a path may have: every file system takes
	// 143 at least, and a suffix must fit behind it.
	maxPart = 100
	// maxParts and maxPath bound a path; what is beyond them lies flat. Systems take
	// 260 characters at the least, folder of the export included.
	maxParts = 16
	maxPath  = 400
)

// reserved are names that mean something where they would stand.
var reserved = map[string]bool{"cur": true, "new": true, "tmp": true, "maildirfolder": true, keywordsFile: true, indexFile: true}

// devices are what Windows takes for no file, whatever follows behind a dot.
var devices = map[string]bool{"con": true, "prn": true, "aux": true, "nul": true, "conin$": true, "conout$": true}

// safe makes of any bytes a part of a path that every file system takes, that is
// never a way out of its folder, and that differs where the bytes differ: what is
// not safe becomes % and two hexadecimal digits.
func safe(part string, also string) string {
	var b strings.Builder
	for at := 0; at < len(part); {
		r, n := utf8.DecodeRuneInString(part[at:])
		edge := at == 0 && (r == '.' || r == ' ') || at+n == len(part) && (r == '.' || r == ' ')
		if edge || r == utf8.RuneError && n == 1 || unsafeRune(r) || strings.ContainsRune(also, r) {
			escape(&b, part[at:at+n])
		} else {
			b.WriteString(part[at : at+n])
		}
		at += n
	}
	s := b.String()
	switch low := strings.ToLower(s); {
	case s == "":
		return "%"
	case reserved[low] || device(low):
		return escaped(s[:1]) + s[1:]
	case strings.HasSuffix(low, ".mbox") || strings.HasSuffix(low, ".eml") || strings.HasSuffix(low, ".tmp"):
		dot := strings.LastIndexByte(s, '.')
		s = s[:dot] + escaped(".") + s[dot+1:]
	}
	return shorten(s, part)
}

// unsafeRune: separators and wildcards of some system, our own escape, and what
// cannot be seen or turns the direction of what follows.
func unsafeRune(r rune) bool {
	return strings.ContainsRune(`/\:*?"<>|%`, r) || !unicode.IsPrint(r)
}

func escape(b *strings.Builder, bytes string) {
	for i := range len(bytes) {
		fmt.Fprintf(b, "%%%02X", bytes[i])
	}
}

func escaped(s string) string {
	var b strings.Builder
	escape(&b, s)
	return b.String()
}

// device: also COM1 to COM9 and LPT1 to LPT9, with the raised digits.
func device(low string) bool {
	stem, _, _ := strings.Cut(low, ".")
	stem = strings.TrimRight(stem, " ")
	if devices[stem] {
		return true
	}
	digit, com := strings.CutPrefix(stem, "com")
	if !com {
		digit, com = strings.CutPrefix(stem, "lpt")
	}
	return com && utf8.RuneCountInString(digit) == 1 && strings.Contains("0123456789¹²³", digit)
}

// shorten cuts a part that is too long and makes up for it with a hash.
func shorten(s, of string) string {
	if len(s) <= maxPart {
		return s
	}
	mark := hashMark(of)
	cut := s[:maxPart-len(mark)]
	for !utf8.ValidString(cut) {
		cut = cut[:len(cut)-1]
	}
	if i := strings.LastIndexByte(cut, '%'); i >= 0 && i > len(cut)-3 {
		cut = cut[:i]
	}
	return cut + mark
}

// hashMark cannot be taken for an escape, since h is no hexadecimal digit.
func hashMark(of string) string {
	sum := sha256.Sum256([]byte(of))
	return fmt.Sprintf("%%h%x", sum[:5])
}

// fold is the same for names that some file system takes for one: it may know
// neither case nor how accents are written.
func fold(path string) string {
	return norm.NFC.String(cases.Fold().String(norm.NFD.String(path)))
}

// parts splits the name of a mailbox.
func parts(name, delim string) []string {
	if delim == "" {
		return []string{name}
	}
	return strings.Split(name, delim)
}

// nestedPath is the place of a mailbox in a tree of folders.
func nestedPath(name, delim string) string {
	var out []string
	for _, part := range parts(name, delim) {
		out = append(out, safe(part, ""))
	}
	path := strings.Join(out, "/")
	if len(out) > maxParts || len(path) > maxPath {
		return shorten(strings.ReplaceAll(path, "/", "%2F")+strings.Repeat("_", maxPart), name)
	}
	return path
}

// dottedPath is the place of a mailbox in a Maildir++: the root for INBOX, else a
// folder beside it, with the raw name as Dovecot and Courier have it.
func dottedPath(raw, delim string) string {
	if strings.EqualFold(raw, "INBOX") {
		return "."
	}
	var path strings.Builder
	for _, part := range parts(raw, delim) {
		path.WriteString("." + safe(part, "."))
	}
	if path.Len() > 2*maxPart {
		return shorten(path.String(), raw)
	}
	return path.String()
}
