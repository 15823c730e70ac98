package plan

import "fmt"

// Known is what the mirror remembers of a mailbox's current generation.
type Known struct {
	Exists        bool // false: the mailbox was never synced
	UIDValidity   uint32
	UIDNext       uint32
	Messages      uint32
	HighestModSeq uint64
	MailboxID     string // "" unknown
	// Restless: each of the last runs found another UIDVALIDITY.
	Restless bool
	// Archived: the last run kept mail by content alone.
	Archived bool
	// Owing is set while the mirror still owes work: bodies due, deletions
	// held back, metadata not yet complete.
	Owing bool
}

// Said is what the server says of the mailbox now.
type Said struct {
	UIDValidity   uint32
	UIDNext       uint32 // 0: not said
	Messages      uint32
	HighestModSeq uint64 // 0: not said, or NOMODSEQ (RFC 7162 section 3.1.2)
	NotSticky     bool   // UIDNOTSTICKY (RFC 4315 section 3)
	MailboxID     string // "" not said
}

// Approach is how a mailbox can be synced, judged by what its server says.
type Approach int

const (
	// Scan lists the mailbox and compares it with the mirror.
	Scan Approach = iota
	// Skip leaves a mailbox alone in which nothing happened.
	Skip
	// Reset opens a new generation: the UIDs mean other messages now (I2).
	Reset
	// Archive keeps what is new by content alone: UIDs mean nothing here (I3).
	Archive
	// Quarantine touches nothing: the server contradicts itself (I5).
	Quarantine
)

// Judge chooses the approach and says why, for people. A server that keeps no
// UIDVALIDITY across sessions has UIDs without meaning (RFC 9051 section
// 2.3.1.1); one whose UIDNEXT goes back may give an old UID to new mail.
func Judge(k Known, s Said) (Approach, string) {
	switch {
	case s.UIDValidity == 0:
		return Archive, "the server gives no UIDVALIDITY: mail is kept by content only"
	case s.NotSticky:
		return Archive, "the server's UIDs do not last (UIDNOTSTICKY): mail is kept by content only"
	case k.Restless && k.UIDValidity != s.UIDValidity:
		return Archive, "UIDVALIDITY changes with every run: mail is kept by content only"
	case k.Archived:
		return Reset, "the server's UIDs last again"
	case k.Exists && k.UIDValidity != s.UIDValidity:
		return Reset, fmt.Sprintf("UIDVALIDITY changed from %d to %d", k.UIDValidity, s.UIDValidity)
	case !k.Exists:
		return Scan, ""
	case k.MailboxID != s.MailboxID && k.MailboxID != "" && s.MailboxID != "":
		return Reset, "another mailbox has the name now, by its MAILBOXID"
	case s.UIDNext != 0 && s.UIDNext < k.UIDNext:
		return Quarantine, fmt.Sprintf("UIDNEXT went back from %d to %d while UIDVALIDITY stayed", k.UIDNext, s.UIDNext)
	case unchanged(k, s):
		return Skip, ""
	}
	return Scan, ""
}

// unchanged needs all four numbers: without HIGHESTMODSEQ a flag may have
// changed unseen (RFC 7162 section 3.1.2.1).
func unchanged(k Known, s Said) bool {
	return !k.Owing && s.HighestModSeq != 0 && k.HighestModSeq == s.HighestModSeq &&
		s.UIDNext != 0 && k.UIDNext == s.UIDNext && k.Messages == s.Messages
}

// ObjectID returns an identifier as it is when it is one (RFC 8474 section 7), else
// "": Cyrus 3.6 answers STATUS with whatever happens to lie in its memory.
func ObjectID(id string) string {
	if len(id) > 255 {
		return ""
	}
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-':
		default:
			return ""
		}
	}
	return id
}

// Fixed is what never changes under a UID (RFC 9051 section 2.3.1.1).
type Fixed struct {
	Size int64 // RFC822.SIZE as announced
	Date int64 // INTERNALDATE, unix seconds
}

// Recreated reports whether a sample shows other messages under known UIDs:
// the mailbox was deleted and recreated with its old UIDVALIDITY. Servers that
// announce wrong sizes or rewrite dates exist, so that only both differing
// tells.
func Recreated(held, now map[uint32]Fixed) bool {
	for uid, h := range held {
		if n, ok := now[uid]; ok && n.Size != h.Size && n.Date != h.Date {
			return true
		}
	}
	return false
}
