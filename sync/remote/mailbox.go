package remote

import (
	"time"

	"github.com/emersion/go-imap/v2"
)

// Mailbox is one entry of the server's LIST.
type Mailbox struct {
	// Raw is the name exactly as on the wire (modified UTF-7, or whatever bytes
	// the server sent): the key of the mailbox. INBOX in any case is "INBOX",
	// nothing else folds.
	Raw string
	// Name is Raw decoded for people, best effort, always valid UTF-8. Two
	// mailboxes may share it.
	Name string
	// Delim is the hierarchy delimiter; "" means the mailbox is in a flat space.
	Delim string
	// Attrs are the attributes as sent, such as `\HasNoChildren`.
	Attrs []string
	// Selectable is false for \NoSelect and for \NonExistent, which implies it
	// (RFC 5258 section 3).
	Selectable bool
	// Role is the special use (RFC 6154): "", all, archive, drafts, flagged,
	// junk, sent, trash; inbox for INBOX.
	Role       string
	Subscribed bool
	// Status is nil when the server left it out (RFC 5819 section 2 allows that).
	Status *Status
}

// Status is the answer to STATUS for one mailbox. A field is zero when the
// server does not offer it.
type Status struct {
	Messages      uint32
	UIDNext       imap.UID
	UIDValidity   uint32
	HighestModSeq uint64
	Size          int64 // octets of all messages; -1 without STATUS=SIZE
	Unseen        uint32
	MailboxID     string
}

// Selected is what EXAMINE or SELECT said about the mailbox. A field is zero when
// the server did not say it.
type Selected struct {
	Messages      uint32
	UIDNext       imap.UID
	UIDValidity   uint32
	HighestModSeq uint64
	// NoModSeq: the server said NOMODSEQ, or sent no HIGHESTMODSEQ it can keep to.
	NoModSeq bool
	// UIDNotSticky: UIDs do not survive the session (RFC 4315 section 3).
	UIDNotSticky bool
	// PermanentFlags are the flags that can be stored, `\*` stands for any keyword.
	// Empty: none; nil: the server did not say, so that all of them can (RFC 3501
	// section 7.1). EXAMINE may say that there are none.
	PermanentFlags []imap.Flag
	MailboxID      string
	// ReadOnly: nothing can be changed, because of EXAMINE or because of the server.
	ReadOnly bool

	counted  bool // Messages was said
	writable bool // by SELECT
}

// Want says what Metadata asks for beyond UID and FLAGS. Identity and Labels are
// asked for only where the server offers them.
type Want struct{ Date, Size, Identity, Labels bool }

// Meta is what the server says about one message.
type Meta struct {
	UID   imap.UID
	Flags []imap.Flag
	Size  int64
	// Date is the internal date in the server's zone.
	Date             time.Time
	HasSize, HasDate bool
	// EmailID is the EMAILID (RFC 8474 section 5), GmailID the X-GM-MSGID: what is
	// the same wherever the message lies in the account. "" and 0 where the server
	// has none.
	EmailID string
	GmailID uint64
	// Labels are the X-GM-LABELS, decoded, valid UTF-8, in no order.
	Labels    []string
	HasLabels bool
	has       uint8 // what was answered, in sense or not
}

// Namespace is one entry of NAMESPACE (RFC 2342).
type Namespace struct {
	Kind   string `json:"kind"`   // personal, other, shared
	Prefix string `json:"prefix"` // raw
	Delim  string `json:"delim"`
}

// Stats counts what went over the connection since Dial.
type Stats struct {
	BytesIn    int64 `json:"bytes_in"` // on the TCP level, TLS included
	BytesOut   int64 `json:"bytes_out"`
	Commands   int   `json:"commands"`
	RoundTrips int   `json:"round_trips"` // times the client stopped to wait for the server
}
