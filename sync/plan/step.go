package plan

import (
	"encoding/json"
	"slices"

	"github.com/emersion/go-imap/v2"
)

// Op is the kind of a step.
type Op string

const (
	// OpSettle looks in Target for what became of intents whose outcome is not
	// known, before anything is sent again (I19). What is found is bound, what
	// is proven absent goes back into the queue, what is ambiguous is parked
	// (I20); then the rest is planned anew.
	OpSettle Op = "settle"
	OpCreate Op = "create" // CREATE Name
	OpRename Op = "rename" // RENAME Mailbox Name
	// OpAppend puts Messages into Target; several are one MULTIAPPEND, which
	// fails as a whole and is then tried one by one (I21).
	OpAppend Op = "append"
	// OpStore sends +FLAGS.SILENT Add or -FLAGS.SILENT Remove, never both (I14).
	OpStore Op = "store"
	OpCopy  Op = "copy" // UID COPY to Target
	OpMove  Op = "move" // UID MOVE to Target (RFC 6851)
	// OpErase stores \Deleted, then sends UID EXPUNGE if Expunge is set (I18).
	OpErase       Op = "erase"
	OpSubscribe   Op = "subscribe"
	OpUnsubscribe Op = "unsubscribe"
	OpRemove      Op = "remove" // DELETE Mailbox
)

// Step is one thing to send. Mailboxes are named by id: a step before may have
// changed a raw name, so that it is looked up when the step's turn comes.
type Step struct {
	Op       Op      `json:"op"`
	Mailbox  int64   `json:"mailbox,omitempty"` // selected, or acted on
	Target   int64   `json:"target,omitempty"`
	Source   string  `json:"source,omitempty"` // name of Mailbox, for people
	Dest     string  `json:"dest,omitempty"`   // name of Target, or the one wanted, for people
	Name     string  `json:"-"`                // raw wire name: create, rename
	Intents  []int64 `json:"intents"`          // an intent is done with its last step
	Messages []int64 `json:"messages,omitempty"`
	Bytes    int64   `json:"bytes,omitempty"` // to append

	UIDs           imap.UIDSet `json:"-"`
	Add            []imap.Flag `json:"add,omitempty"`
	Remove         []imap.Flag `json:"remove,omitempty"`
	UnchangedSince uint64      `json:"unchanged_since,omitempty"` // 0: not conditional (RFC 7162 section 3.1.3)

	Verify   bool `json:"verify,omitempty"`   // a copy that an OpErase relies on: look at it first
	Verified bool `json:"verified,omitempty"` // erase only what has a verified copy, now or from before
	Expunge  bool `json:"expunge,omitempty"`

	Needs []int64 `json:"needs,omitempty"` // intents without whose success this is not done (I22)
	Note  string  `json:"note,omitempty"`
}

// MarshalJSON gives the UIDs as IMAP writes them.
func (s Step) MarshalJSON() ([]byte, error) {
	type plain Step
	return json.Marshal(struct {
		plain
		UIDs string `json:"uids,omitempty"`
	}{plain(s), s.UIDs.String()})
}

// Dependents returns the intents that fail when these do, these left out (I22).
func (p PushPlan) Dependents(failed ...int64) []int64 {
	fails := map[int64]bool{}
	for _, id := range failed {
		fails[id] = true
	}
	var out []int64
	for again := true; again; {
		again = false
		for _, s := range p.Steps {
			if !slices.ContainsFunc(s.Needs, func(id int64) bool { return fails[id] }) {
				continue
			}
			for _, id := range s.Intents {
				if !fails[id] {
					fails[id], again = true, true
					out = append(out, id)
				}
			}
		}
	}
	slices.Sort(out)
	return out
}
