package conflict

import (
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// Flags is a set of IMAP flags in canonical text: separated by one space,
// ordered by lower-cased name, each flag once, without \Recent. System flags
// have the spelling of RFC 9051, keywords that of whoever named them first.
// The zero value is the empty set. Being text, a set costs one string, can be
// interned and stored as it is.
type Flags string

// system gives the RFC's spelling of the flags that servers write in any case.
var system = map[string]imap.Flag{
	`\seen`:      imap.FlagSeen,
	`\answered`:  imap.FlagAnswered,
	`\flagged`:   imap.FlagFlagged,
	`\deleted`:   imap.FlagDeleted,
	`\draft`:     imap.FlagDraft,
	`$forwarded`: imap.FlagForwarded,
	`$mdnsent`:   imap.FlagMDNSent,
	`$junk`:      imap.FlagJunk,
	`$notjunk`:   imap.FlagNotJunk,
	`$phishing`:  imap.FlagPhishing,
	`$important`: imap.FlagImportant,
	`\recent`:    "",
	`\*`:         "",
	``:           "",
}

// Canonical makes a set of what a server or a user named.
func Canonical(flags []imap.Flag) Flags {
	names := make([]string, 0, len(flags))
	for _, f := range flags {
		if name, ok := spelling(f); ok {
			names = append(names, name)
		}
	}
	return fromNames(names)
}

// spelling returns a flag's canonical spelling, and false for what is no
// member of a set.
func spelling(f imap.Flag) (string, bool) {
	if known, ok := system[lower(string(f))]; ok {
		return string(known), known != ""
	}
	return string(f), !strings.ContainsAny(string(f), " \r\n\x00")
}

// fromNames sorts and deduplicates; of several spellings of one flag the one
// that sorts first stays, so that the result does not depend on the order.
func fromNames(names []string) Flags {
	slices.SortFunc(names, compareFold)
	names = slices.CompactFunc(names, equalFold)
	return Flags(strings.Join(names, " "))
}

// compareFold orders by lower-cased name, then by spelling.
func compareFold(a, b string) int {
	if c := strings.Compare(lower(a), lower(b)); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

// lower folds the case of ASCII alone, as IMAP does (RFC 9051 section 9, note 1).
// Servers send flags in other character sets, too; to package strings all bytes
// that are no UTF-8 are alike.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func equalFold(a, b string) bool { return len(a) == len(b) && lower(a) == lower(b) }

// Equal reports whether two sets hold the same flags. Both are sorted by
// lower-cased name, so that equal sets are equal texts but for case.
func (f Flags) Equal(g Flags) bool {
	return f == g || equalFold(string(f), string(g))
}

// Has reports whether a flag is in the set.
func (f Flags) Has(flag imap.Flag) bool {
	for name := range strings.SplitSeq(string(f), " ") {
		if name != "" && equalFold(name, string(flag)) {
			return true
		}
	}
	return false
}

// List returns the flags in canonical order.
func (f Flags) List() []imap.Flag {
	var out []imap.Flag
	for name := range strings.SplitSeq(string(f), " ") {
		if name != "" {
			out = append(out, imap.Flag(name))
		}
	}
	return out
}
