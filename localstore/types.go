package localstore

import "time"

// Ids are positive, given in ascending order and never used again.
type (
	AccountID    int64
	RunID        int64
	MailboxID    int64
	GenerationID int64
	MessageID    int64
)

// Account is one login on one server. URL never holds a password.
type Account struct {
	ID   AccountID
	Name string
	URL  string
}

// Outcomes of a run. A run without one is running now or was killed; the next
// BeginRun of its account makes it OutcomeInterrupted.
const (
	OutcomeOK          = "ok"
	OutcomePartial     = "partial"
	OutcomeFailed      = "failed"
	OutcomeGuard       = "guard"
	OutcomeInterrupted = "interrupted"
)

// Run is one attempt to synchronise an account. Ended is zero for a run that
// has no end.
type Run struct {
	ID      RunID
	Account AccountID
	Started time.Time
	Ended   time.Time
	Outcome string
	Exit    int
	Receipt []byte // JSON, nil without end
}

// RunEnd is what is known when a run ends.
type RunEnd struct {
	At      time.Time
	Outcome string
	Exit    int
	Receipt []byte // JSON
}

// MailboxInfo is a mailbox as the server lists it. Raw, its exact wire name, is
// the key within an account (I23); Name is for people.
type MailboxInfo struct {
	Raw, Name, Delim, Attrs, Role string
	Selectable, Subscribed        bool
}

// Mailbox is a mailbox as the store knows it.
type Mailbox struct {
	MailboxInfo
	ID         MailboxID
	Account    AccountID
	Detached   bool        // not on the server: no longer, or not yet
	Generation *Generation // the current one that the server began; nil before the first

	Unborn             bool     // made here and not yet on the server
	Leaving            IntentID // the one that removes it; 0: it stays
	Wanted, WantedName string   // raw name and name when the renames that wait are carried out; "" as they are
	WantsSubscribed    bool     // as the owner wants it; Subscribed is what the server says
}

// Shown is the name of a mailbox as its owner wants it.
func (m Mailbox) Shown() string {
	if m.Wanted != "" {
		return m.WantedName
	}
	return m.Name
}

// away: it was on the server once, and no more.
func (m Mailbox) away() bool { return m.Detached && !m.Unborn }

// Generation is one UIDVALIDITY era of a mailbox (I1, I2).
type Generation struct {
	ID          GenerationID
	Mailbox     MailboxID
	UIDValidity uint32
	Opened      RunID // the run that began it
	Cursor      Cursor
	Retired     bool
}

// Cursor says how far a generation is mirrored. It is set in the transaction
// that brings the rows it speaks of (I8).
type Cursor struct {
	UIDNext       uint32 // 0 unknown
	Messages      uint32
	HighestModSeq uint64 // above 63 bits is stored as 0: scan all flags (I9)
	MailboxID     string // OBJECTID, "" unknown
	Listed        uint32 // every UID up to this one has its row; 0 in an archive, whose UIDs mean nothing (I3)
}

// Row is a message present in the store, as the engine compares it. Size is -1
// and Date zero when the server did not say; Date has the server's zone.
type Row struct {
	ID          MessageID
	Generation  GenerationID
	UID         uint32
	Base, Local string
	HasBody     bool
	Size        int64
	Date        time.Time
}

// Arrival is a message new to the store. Size -1 and a zero Date: unknown.
type Arrival struct {
	UID      uint32
	Flags    string
	Size     int64
	Date     time.Time
	Identity string // what the server says the message is, in whichever mailbox; "" unknown
	Labels   string // LabelText; "" where the server has none
}

// FlagChange sets both flag sets of a message.
type FlagChange struct {
	ID          MessageID
	Base, Local string
}

// Rebind gives an old row its place in a new generation (I2).
type Rebind struct {
	ID          MessageID
	Generation  GenerationID
	UID         uint32
	Base, Local string
	Identity    string // as in an Arrival
	Labels      string
}

// MissingRow is a message present whose body is not held; as in a Row where
// size and date are unknown.
type MissingRow struct {
	ID       MessageID
	UID      uint32
	Size     int64
	Date     time.Time
	Identity string
	// Same is the SHA-256 of a body that is held and is this message's own, by its
	// identity, size and date, or by what another program noted; nil: none.
	Same *[32]byte
	// Begun: a Partial of it is in the store.
	Begun bool
	// Alike: the method Alike gives bodies that are held and may be its own, and the
	// message is large or bodies were found for the account.
	Alike bool
}

// Fingerprint is what tells that a message on the server is one already known.
// The hashes are zero and BodySize -1 when no body is held.
type Fingerprint struct {
	Row
	BodySize             int64
	HeaderSHA256, SHA256 [32]byte
}
