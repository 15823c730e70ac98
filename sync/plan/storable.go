package plan

import (
	"slices"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
)

// Storable parts flags into those that a mailbox keeps and those that it does
// not, going by PERMANENTFLAGS (RFC 9051 section 7.1): what is not listed is
// kept only with \*, and everything is when the server did not say (nil).
func Storable(flags, permanent []imap.Flag) (yes, no []imap.Flag) {
	if permanent == nil || slices.Contains(permanent, imap.FlagWildcard) {
		return flags, nil
	}
	kept := conflict.Canonical(permanent)
	for _, f := range flags {
		if kept.Has(f) {
			yes = append(yes, f)
		} else {
			no = append(no, f)
		}
	}
	return yes, no
}

// MaxTries is how often one run sends a conditional store of a message before
// it leaves the rest to the next: once, and three times after a MODIFIED.
const MaxTries = 4

// Retry is what to do with a message whose conditional store was held back.
type Retry struct {
	Base, Local conflict.Flags // to be noted: what the server has, and the merge
	Add, Remove []imap.Flag    // to be sent; none: both sides agree
	Stop        bool           // enough for this run: it stays queued
}

// Again merges a message anew whose flags were fetched after a MODIFIED (RFC
// 7162 section 3.1.3, I15). tries is how often its store has been sent.
func Again(base, local, remote conflict.Flags, tries int) Retry {
	r := Retry{Base: remote, Local: conflict.Merge(base, local, remote)}
	r.Add, r.Remove = conflict.Added(r.Base, r.Local), conflict.Added(r.Local, r.Base)
	if tries >= MaxTries && len(r.Add)+len(r.Remove) > 0 {
		r.Stop, r.Add, r.Remove = true, nil, nil
	}
	return r
}
