package conflict

import "github.com/emersion/go-imap/v2"

// Merge returns what a message's flags shall be when local and remote both
// started from base: each flag that one side changed takes that side's value.
// A boolean that both sides changed has the same value on both, so that no
// flag can conflict:
//
//	merged = (remote ∪ (local − base)) − (base − local)
func Merge(base, local, remote Flags) Flags {
	if local.Equal(base) {
		return remote // the common case costs nothing
	}
	var names []string
	for _, f := range remote.List() {
		if !base.Has(f) || local.Has(f) {
			names = append(names, string(f))
		}
	}
	for _, f := range Added(base, local) {
		if !remote.Has(f) {
			names = append(names, string(f))
		}
	}
	return fromNames(names)
}

// MergeText is Merge for those who keep canonical sets as plain text.
func MergeText(base, local, remote string) string {
	return string(Merge(Flags(base), Flags(local), Flags(remote)))
}

// Added returns the flags of to that from lacks.
func Added(from, to Flags) []imap.Flag {
	var out []imap.Flag
	for _, f := range to.List() {
		if !from.Has(f) {
			out = append(out, f)
		}
	}
	return out
}
