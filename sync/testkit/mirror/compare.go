package mirror

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"

	"mailstow/conflict"
	"mailstow/sync/testkit/model"
)

// Difference is what a store has and the server has not, and the other way round; "":
// both have the same messages, by mailbox, UIDVALIDITY, UID, flags, date and hash.
func Difference(a *model.Account, rows []Row) string {
	var theirs, ours []string
	for _, box := range a.Mailboxes() {
		for _, msg := range box.Messages {
			theirs = append(theirs, fmt.Sprintf("%s/%d %d %q %d %x", box.Name, box.UIDValidity, msg.UID, Canonical(msg.Flags), msg.Date.Unix(), sha256.Sum256(msg.Body)))
		}
	}
	for _, r := range rows {
		ours = append(ours, fmt.Sprintf("%s/%d %d %q %d %s", r.Raw, r.UIDValidity, r.UID, r.Base, r.Date, r.SHA))
	}
	slices.Sort(theirs)
	slices.Sort(ours)
	if slices.Equal(theirs, ours) {
		return ""
	}
	return cmp.Diff(theirs, ours)
}

// Canonical is a set of flags as a store has it.
func Canonical(flags []string) string {
	var all []imap.Flag
	for _, f := range flags {
		all = append(all, imap.Flag(f))
	}
	return string(conflict.Canonical(all))
}
