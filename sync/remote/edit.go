package remote

import (
	"context"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Edits are what is to be changed in one mailbox, in the order of the fields.
type Edits struct {
	// Raw is the mailbox, UIDValidity the era that the UIDs below are of. Where the
	// server has another one, nothing is changed.
	Raw         string
	UIDValidity uint32

	Store      []Change
	Copy, Move []Relocation
	// Expunge removes those of these messages that have \Deleted.
	Expunge imap.UIDSet

	// Confirm looks for the messages of Store behind it: those that are gone count as
	// Modified. In the same flight; not for what Known does in one flight.
	Confirm bool
	// Known is what the caller knows of the messages of Store. Where it is complete,
	// many mailboxes can be changed in one flight (prove.go).
	Known map[imap.UID]Fingerprint
}

// Fingerprint is what a message under a UID must look like to be the right one.
type Fingerprint struct {
	Size int64
	Date time.Time // internal date
}

// Change adds flags to messages or takes them away. Flags not named stay as they
// are (invariant I14).
type Change struct {
	UIDs  imap.UIDSet
	Add   bool
	Flags []imap.Flag
	// UnchangedSince leaves alone what has changed since that mod-sequence (RFC 7162
	// section 3.1.3). 0, or a mailbox without mod-sequences: no such condition.
	UnchangedSince uint64
}

// Relocation copies or moves messages to another mailbox.
type Relocation struct {
	UIDs imap.UIDSet
	To   string // raw
}

// Edited is what came of Edits; the slices are parallel to those there.
type Edited struct {
	Selected Selected
	// Err is why nothing was done at all: the mailbox does not open, is read-only
	// (code READ-ONLY), or its UIDs mean something else now (code UIDVALIDITY).
	Err error

	Stored        []Stored
	Copied, Moved []Relocated
	Expunged      Outcomes
}

// Stored is what came of a Change.
type Stored struct {
	Outcomes
	// Modified were left alone because they have changed since UnchangedSince. Their
	// flags are to be read, and the change made anew.
	Modified imap.UIDSet
	// Unkept are flags to be added that the mailbox does not store (I16); they were
	// left out.
	Unkept []imap.Flag
}

// Relocated is what came of a Relocation.
type Relocated struct {
	Outcomes
	// UIDValidity and Map say where the messages are now, as far as the server told
	// it (COPYUID, RFC 4315 section 3).
	UIDValidity uint32
	Map         UIDMap
}

// Told is what a server says of a message while it is being changed: the flags it
// has now, which others may have changed, and its mod-sequence.
type Told struct {
	UID      imap.UID
	Flags    []imap.Flag
	HasFlags bool
	ModSeq   uint64
}

// Edit changes messages in any number of mailboxes. told, which may be nil, hears
// of flags and mod-sequences, with the index of the edits under way. done, which may be
// nil as well, hears of each mailbox once, as soon as nothing can change about what came
// of its edits, so that others need not wait for the last one; the server waits until it
// returns.
//
// No command that changes a mailbox leaves before the answer to its SELECT has been
// read and compared with what is expected: behind a SELECT that fails, servers may
// keep the mailbox before it open, and behind one of a mailbox that has just been
// made anew, UIDs are those of other mail. So n mailboxes cost n+1 round trips, the
// commands for one leaving together with the SELECT of the next. A mailbox that is
// open for changes already is not opened again. Where flags are all that is to be
// changed, and messages are Known, one flight does for many mailboxes (prove.go).
//
// MOVE without the capability, and UID EXPUNGE without UIDPLUS, are not made up for
// by anything (I18): those messages are NotDone with ErrNotOffered.
//
// An error means that the connection is gone. What is returned beside it tells of
// every message what became of it all the same, and so has done been told.
func (c *Conn) Edit(ctx context.Context, edits []Edits, told func(i int, t Told), done func(i int, e Edited)) ([]Edited, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if told == nil {
		told = func(int, Told) {}
	}
	if done == nil {
		done = func(int, Edited) {}
	}
	out := make([]Edited, len(edits))
	works := make([]*work, len(edits))
	for i := range edits {
		works[i] = c.plan(&edits[i], &out[i], func(t Told) { told(i, t) })
		works[i].done = func() { done(i, out[i]) }
	}
	err := c.mayChange("edit", c.where())
	if err == nil {
		err = c.proveAll(ctx, works)
	}
	if err == nil {
		err = c.editAll(ctx, works)
	}
	for _, w := range works {
		w.settle(err)
	}
	return out, err
}
