package plan

import (
	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
)

// Entry is a message as the server lists it.
type Entry struct {
	UID   imap.UID
	Flags conflict.Flags
}

// Row is a live message as the mirror holds it: base is what mirror and server
// last agreed on, local is base plus offline edits.
type Row struct {
	ID          int64
	UID         imap.UID
	Base, Local conflict.Flags
}

// Input is one mailbox in three states: remote, base and local.
type Input struct {
	// Remote is the complete listing of the UIDs from 1 to Listed, ascending.
	Remote []Entry
	// Rows are the mirror's live messages of the current generation, ascending.
	Rows []Row
	// Stale are live messages of retired generations that found no
	// counterpart after a UIDVALIDITY change.
	Stale []int64
}

// FlagChange is a message whose flags the server changed. Base becomes what
// the server says, Local what the three-way merge makes of it.
type FlagChange struct {
	ID          int64          `json:"id"`
	UID         imap.UID       `json:"uid"`
	Was         conflict.Flags `json:"was"`
	Base, Local conflict.Flags `json:"-"`
}

// Plan is what a sync does to one mailbox of the mirror.
type Plan struct {
	// Unlisted are UIDs of the known range that the mirror has no live row
	// for; their metadata is fetched like that of new mail.
	Unlisted []imap.UID   `json:"unlisted,omitempty"`
	Flags    []FlagChange `json:"flags,omitempty"`
	// Vanish are the ids of messages gone from the server.
	Vanish []int64 `json:"vanish,omitempty"`
	// Held is set when the guard holds Vanish back; Vanish is then empty.
	Held *Held `json:"held,omitempty"`
}

// Diff compares a mailbox with its mirror in one pass over both lists.
func Diff(in Input) Plan {
	p := Plan{Vanish: append([]int64(nil), in.Stale...)}
	r := 0
	for _, row := range in.Rows {
		for r < len(in.Remote) && in.Remote[r].UID < row.UID {
			p.Unlisted = append(p.Unlisted, in.Remote[r].UID)
			r++
		}
		if r == len(in.Remote) || in.Remote[r].UID > row.UID {
			p.Vanish = append(p.Vanish, row.ID)
			continue
		}
		p.compare(row, in.Remote[r])
		r++
	}
	for ; r < len(in.Remote); r++ {
		p.Unlisted = append(p.Unlisted, in.Remote[r].UID)
	}
	return p
}

// compare plans the flags of a message that both sides have.
func (p *Plan) compare(row Row, remote Entry) {
	if row.Base.Equal(remote.Flags) {
		return
	}
	p.Flags = append(p.Flags, FlagChange{
		ID: row.ID, UID: row.UID, Was: row.Base,
		Base: remote.Flags, Local: conflict.Merge(row.Base, row.Local, remote.Flags),
	})
}

// Empty reports whether the mirror already equals the server.
func (p Plan) Empty() bool {
	return len(p.Unlisted) == 0 && len(p.Flags) == 0 && len(p.Vanish) == 0 && p.Held == nil
}
