package model

import "slices"

// View is what a session has been told of the mailbox that it has open: sequence
// numbers are places in it, and stay until the session hears otherwise (RFC 9051
// section 7.5.1).
type View struct {
	Box      *Mailbox
	UIDs     []uint32
	validity uint32
	modSeq   uint64
}

// Open is the view of a session that opens a mailbox now.
func (m *Mailbox) Open() *View {
	return &View{Box: m, UIDs: m.UIDs(), validity: m.UIDValidity, modSeq: m.ModSeq}
}

// Stale: the mailbox is not any more what was opened, and no number means anything.
func (v *View) Stale() bool { return !v.Box.Exists() || v.Box.UIDValidity != v.validity }

// Seq is the sequence number of a UID; 0: it has none.
func (v *View) Seq(uid uint32) int {
	i, ok := slices.BinarySearch(v.UIDs, uid)
	if !ok {
		return 0
	}
	return i + 1
}

// News is what happened since a session was last told.
type News struct {
	Gone    []uint32   // UIDs
	Seqs    []int      // their numbers, each at the moment when it is told
	Exists  int        // how many there are now
	More    bool       // some of them are new
	Changed []*Message // whose flags are others
}

// Next brings the view up to now, but for expunges where they must not be told yet.
func (v *View) Next(expunges bool) (n News) {
	if v.Stale() {
		return News{Exists: len(v.UIDs)}
	}
	if expunges {
		v.drop(&n)
	}
	known := len(v.UIDs)
	last := uint32(0)
	if known > 0 {
		last = v.UIDs[known-1]
	}
	for _, m := range v.Box.Messages {
		switch {
		case m.UID > last:
			v.UIDs = append(v.UIDs, m.UID)
		case m.ModSeq > v.modSeq:
			n.Changed = append(n.Changed, m)
		}
	}
	v.modSeq = v.Box.ModSeq
	n.Exists, n.More = len(v.UIDs), len(v.UIDs) > known
	return n
}

// drop takes out what is gone.
func (v *View) drop(n *News) {
	var left []uint32
	for _, uid := range v.UIDs {
		if v.Box.Message(uid) != nil {
			left = append(left, uid)
			continue
		}
		n.Gone, n.Seqs = append(n.Gone, uid), append(n.Seqs, len(left)+1)
	}
	v.UIDs = left
}

// Told: the session knows of every flag as it is now.
func (v *View) Told() { v.modSeq = v.Box.ModSeq }
