package sync

import (
	"time"

	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// Exit codes that a run can have, as scripts see them.
const (
	ExitOK          = 0
	ExitFailed      = 1
	ExitPartial     = 3
	ExitAuth        = 4
	ExitConnect     = 5
	ExitGuard       = 6
	ExitInterrupted = 130
)

// Receipt is what a run did. It is kept in the store and printed by --json;
// fields are only ever added.
type Receipt struct {
	Account    string    `json:"account"`
	Run        int64     `json:"run,omitempty"` // 0 for a dry run
	DryRun     bool      `json:"dry_run,omitempty"`
	Started    time.Time `json:"started"`
	Seconds    float64   `json:"seconds"`
	Exit       int       `json:"exit"`
	Error      string    `json:"error,omitempty"` // what ended the run early
	Mailboxes  int       `json:"mailboxes"`       // selected on the server
	Skipped    int       `json:"skipped"`         // of them: unchanged, not opened
	New        int       `json:"new"`             // messages that arrived
	Flags      int       `json:"flags"`           // flag changes applied
	Vanished   int       `json:"vanished"`        // messages gone from the server
	Rebound    int       `json:"rebound"`         // known messages under new UIDs
	Bodies     int64     `json:"bodies"`          // downloaded
	BodyBytes  int64     `json:"body_bytes"`      // of these bodies
	Linked     int       `json:"linked"`          // bodies known without download
	Pushed     Pushed    `json:"pushed"`          // edits made here that the server has carried out
	Pending    int       `json:"pending"`         // of them: still waiting
	Conflicts  int       `json:"conflicts"`       // settled by rule in this run; see mailstow conflicts
	BytesIn    int64     `json:"bytes_in"`
	BytesOut   int64     `json:"bytes_out"`
	Commands   int64     `json:"commands"`
	RoundTrips int64     `json:"round_trips"`
	Reconnects int       `json:"reconnects"`

	Failures []Failure `json:"failures,omitempty"`
	Held     []Held    `json:"held,omitempty"`
	Notes    []string  `json:"notes,omitempty"`
	// Plans are what a dry run would do, mailboxes with nothing to do left out.
	Plans []plan.MailboxPlan `json:"plans,omitempty"`
	// Push is what a dry run would send.
	Push *plan.PushPlan `json:"push,omitempty"`
}

// Failure is a mailbox or a message that this run had to leave out.
type Failure struct {
	Mailbox string `json:"mailbox"`
	UID     uint32 `json:"uid,omitempty"` // 0: the whole mailbox
	Reason  string `json:"reason"`
}

// Held are deletions that the guard held back in a mailbox.
type Held struct {
	Mailbox string `json:"mailbox"`
	plan.Held
	Percent  int    `json:"percent"`
	Override string `json:"override"`
}

// exitCode says how a run ended. What ended it early weighs most, then missing
// mail, then deletions held back: the two last leave the mirror complete but
// for what the receipt lists.
func (r *Receipt) exitCode(err error) int {
	switch {
	case err != nil:
		return exitOf(err)
	case len(r.Failures) > 0:
		return ExitPartial
	case len(r.Held) > 0:
		return ExitGuard
	}
	return ExitOK
}

func exitOf(err error) int {
	switch remote.ClassOf(err) {
	case remote.Auth:
		return ExitAuth
	case remote.Connect, remote.TLS:
		return ExitConnect
	case remote.Canceled:
		return ExitInterrupted
	}
	return ExitFailed
}
