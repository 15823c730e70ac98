package remote

import (
	"github.com/emersion/go-imap/v2"
)

// Known is what the caller holds of a mailbox. The zero value is nothing: every
// message is new, under whatever UIDVALIDITY.
type Known struct {
	UIDValidity uint32
	// ModSeq is the HIGHESTMODSEQ up to which everything has been applied; 0 when
	// that is not known, or not to be believed any more: then all flags are read.
	ModSeq uint64
	// Last is the highest UID that has been listed; what is above is new.
	Last imap.UID
	// UIDNext and MailboxID are what the server said last; a lower UIDNEXT (I5) and
	// another identity (RFC 8474 section 4) make UIDs mean nothing. Zero: not known.
	UIDNext   imap.UID
	MailboxID string
	// UIDs are exactly the messages held with UID <= Last. They prove the server's
	// word: a count that does not come out makes it count for nothing.
	UIDs imap.UIDSet
	// NoNew says that nothing above Last is expected (a listing said UIDNEXT is
	// Last+1). It saves the question; when EXAMINE says otherwise it is asked after
	// all.
	NoNew bool
}

// tidy brings the UIDs held into order.
func (k Known) tidy() Known {
	k.UIDs = merge(clip(k.UIDs, 1, k.Last))
	return k
}

// Method is how the changes of a mailbox were found.
type Method int

const (
	// Unusable: Known has nothing to do with the mailbox as it is (another
	// UIDVALIDITY, UIDs that do not last, UIDNEXT gone back). It is open, and the
	// callback heard nothing of messages above Last.
	Unusable Method = iota
	// ByScan: flags of every message were read.
	ByScan
	// ByModSeq: CHANGEDSINCE, and a count or an enumeration (RFC 7162 section 3.1).
	ByModSeq
	// ByQResync: the server told the difference by itself (RFC 7162 section 3.2).
	ByQResync
)

func (m Method) String() string {
	return [...]string{"unusable", "scan", "condstore", "qresync"}[m]
}

// Changes is what ExamineChanged found.
type Changes struct {
	Method Method
	// Exact: Vanished is complete and may be believed (invariant I10). False only
	// with Unusable, and with ByScan when the server listed fewer messages than it
	// had counted.
	Exact bool
	// Vanished are those of Known.UIDs that are gone. Walk the ranges.
	Vanished imap.UIDSet
	// New is how many messages above Last were reported.
	New int
	// Why says what kept a better method from being used, or what is amiss; empty
	// when the server just does not offer one. It may quote numbers of the server.
	Why string
}
