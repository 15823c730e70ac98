package plan

import (
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
)

// PushInput is what the owner of an account did offline, and what the server
// is like: everything that decides what a sync sends.
type PushInput struct {
	Now      time.Time
	ReadOnly bool   // nothing that changes the server is ever sent
	Stale    string // why the store seems to be an old copy (Outdated); "" when it does not
	Intents  []Intent
	Boxes    []Box // the mailboxes of the account
	Caps     Caps
	Limit    Limit // of deletions in each mailbox (I26)
}

// States of an intent. Sent: the command left, and its outcome is not known.
// Carried: it was carried out, but where the message is now is not known.
const (
	Queued  = "queued"
	Sent    = "sent"
	Carried = "done"
	Parked  = "parked"
)

// Intent is one thing the owner wants of the server. The order of the ids is
// that in which they were made.
type Intent struct {
	ID       int64
	Kind     conflict.Edit
	State    string
	Mailbox  int64   // where Message lies; the mailbox itself for edits of mailboxes
	Target   int64   // of move, copy, append
	Message  Message // the message on the server that is acted on
	Result   Message // the row that stands for the outcome: move, copy, append. A UID: it is there, the source is left to go
	Name     string  // raw wire name wanted: create, rename
	Shown    string  // Name, decoded for people
	RetryAt  time.Time
	Reason   string // why the last try failed, or why it is parked
	Vanished bool   // Message is gone from the server: package conflict decides first
	Absent   bool   // looked for in this run, and proven not to be there
	Waits    string // why it cannot go now, for a reason that nothing here shows
}

// Message is a row of the mirror that an intent speaks of.
type Message struct {
	ID          int64
	UID         imap.UID // 0: not on the server
	UIDValidity uint32   // of its generation
	Base, Local conflict.Flags
	Size        int64
	ModSeq      uint64 // when newer than the cursor of its mailbox, else 0
	Held        bool   // the mirror has its body
}

// Box is a mailbox as far as pushing needs it.
type Box struct {
	ID               int64
	Raw, Name, Delim string
	Was              string // its name on the server, for people, while a rename waits; "": Name
	Unborn           bool   // made here, not on the server yet
	Gone             bool   // no longer on the server
	Aside            string // why nothing is pushed there: quarantined, kept by content alone (I3, I5)
	ReadOnly         bool   // selected READ-ONLY (I17)
	// PermanentFlags is what SELECT said (RFC 9051 section 7.1); nil when it was
	// not said, or not selected yet. What EXAMINE says is not it.
	PermanentFlags []imap.Flag
	UIDValidity    uint32
	HighestModSeq  uint64 // of the mirror's cursor; 0: stores are not conditional
	Messages       int    // on the server
	Mirrored       int    // of them in the mirror with their bodies
	AppendLimit    int64  // of this mailbox (RFC 7889); 0: the server's
}

// Caps are the capabilities that make a difference.
type Caps struct {
	UIDPlus, Move, CondStore bool
	AppendLimit              int64 // 0: none stated
}

// PushPlan is what a sync sends, in order, and what it does not.
type PushPlan struct {
	Steps      []Step       `json:"steps,omitempty"`
	Done       []int64      `json:"done,omitempty"`    // intents that need nothing sent
	Waiting    []Waiting    `json:"waiting,omitempty"` // stay as they are
	Parked     []Waiting    `json:"parked,omitempty"`  // are to be parked, for this reason
	Unpushable []Unpushable `json:"unpushable,omitempty"`
	Held       []HeldPush   `json:"held,omitempty"`
}

// Waiting is an intent that is not sent now.
type Waiting struct {
	Intent int64     `json:"intent"`
	Why    string    `json:"why"`
	Until  time.Time `json:"until,omitzero"`
}

// Unpushable are flags of a message that its mailbox cannot store (I16).
type Unpushable struct {
	Intent  int64       `json:"intent"`
	Mailbox string      `json:"mailbox"` // name, for people
	Message int64       `json:"message"`
	Flags   []imap.Flag `json:"flags"`
	// Alone: there is nothing else to send, so that the intent is to be parked.
	Alone bool `json:"alone,omitempty"`
}

// Empty reports whether there is nothing to send.
func (p PushPlan) Empty() bool { return len(p.Steps) == 0 }

// Push plans what to send of the queue. The rows are those after a pull, so
// that base is what the server has now, and intents that met a conflict have
// been decided.
func Push(in PushInput) PushPlan {
	q := newQueue(in)
	q.sift()
	q.guard()
	q.steps()
	return q.plan
}
