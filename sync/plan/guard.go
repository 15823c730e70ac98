package plan

import (
	"fmt"
	"strconv"
	"strings"
)

// The default limit of invariant I26: that many messages or that share of the
// mailbox, whichever is more.
const (
	defaultDeletes = 20
	defaultPercent = 25
)

// Limit says how many deletions one run may apply to one mailbox. The zero
// value is the default: at most max(20, 25 %), and no emptied or vanished
// mailbox.
type Limit struct {
	kind  limitKind
	value int
}

type limitKind int

const (
	limitDefault limitKind = iota
	limitCount
	limitPercent
	limitOff
)

// NoLimit lets every deletion through.
var NoLimit = Limit{kind: limitOff}

// ParseLimit reads a limit as users write it: N, N% or off; "" is the default.
func ParseLimit(s string) (Limit, error) {
	switch s {
	case "":
		return Limit{}, nil
	case "off":
		return NoLimit, nil
	}
	l := Limit{kind: limitCount}
	number, percent := strings.CutSuffix(s, "%")
	if percent {
		l.kind = limitPercent
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || percent && n > 100 {
		return Limit{}, fmt.Errorf("limit of deletions %q: want a number, a percentage such as 30%%, or off", s)
	}
	l.value = n
	return l, nil
}

// String gives the limit as users write it.
func (l Limit) String() string {
	switch l.kind {
	case limitCount:
		return strconv.Itoa(l.value)
	case limitPercent:
		return strconv.Itoa(l.value) + "%"
	case limitOff:
		return "off"
	}
	return ""
}

// allows reports whether n deletions out of total may pass. What the user
// spelled out covers every reason; the default never covers a mailbox that is
// empty or gone.
func (l Limit) allows(n, total int, reason Reason) bool {
	switch l.kind {
	case limitOff:
		return true
	case limitCount:
		return n <= l.value
	case limitPercent:
		return n*100 <= l.value*total
	}
	return reason == ManyDeleted && n <= max(defaultDeletes, total*defaultPercent/100)
}

// Reason is why deletions look surprising.
type Reason string

const (
	ManyDeleted    Reason = "many deletions"
	MailboxEmptied Reason = "mailbox is suddenly empty"
	MailboxGone    Reason = "mailbox is gone"
	Unmatched      Reason = "no counterpart after the UIDVALIDITY change"
)

// Held describes deletions that the guard holds back.
type Held struct {
	Reason Reason `json:"reason"`
	Count  int    `json:"count"` // deletions held back
	Of     int    `json:"of"`    // messages the mirror had
}

// Percent is the share of the mailbox that would go, rounded.
func (h Held) Percent() int {
	if h.Of == 0 {
		return 0
	}
	return (h.Count*100 + h.Of/2) / h.Of
}

// Override is the option that lets these deletions through, and not more.
func (h Held) Override() string { return fmt.Sprintf("--max-deletes %d", h.Count) }

// Mailbox is what the guard has to know beside a plan.
type Mailbox struct {
	Known  int  // live messages in the mirror before the run, stale ones included
	Remote int  // messages on the server now
	Gone   bool // the mailbox is no longer listed
	Stale  int  // how many of the deletions are due to a UIDVALIDITY change
	Exempt bool // people empty it: Trash, Junk, Drafts
}

// Guard returns the plan with its deletions held back where they surprise
// (I26). Everything else of the plan stays.
func Guard(p Plan, m Mailbox, l Limit) Plan {
	if p.Held = hold(len(p.Vanish), m, l); p.Held != nil {
		p.Vanish = nil
	}
	return p
}

// hold returns what holds n deletions back, nil when they may pass.
func hold(n int, m Mailbox, l Limit) *Held {
	reason := surprise(n, m)
	if n == 0 || m.Exempt || l.allows(n, m.Known, reason) {
		return nil
	}
	return &Held{Reason: reason, Count: n, Of: m.Known}
}

// surprise names what is odd about n deletions, if they are too many. A reset
// that leaves few unmatched is judged by their number like other deletions.
func surprise(n int, m Mailbox) Reason {
	switch {
	case m.Gone:
		return MailboxGone
	case m.Remote == 0:
		return MailboxEmptied
	case m.Stale > 0 && !(Limit{}).allows(n, m.Known, ManyDeleted):
		return Unmatched
	}
	return ManyDeleted
}

// Exempt reports whether people empty a mailbox of this role; on a server that
// tells no roles (RFC 6154), of this last part of its name.
func Exempt(role, name, delim string) bool {
	switch role {
	case "trash", "junk", "drafts":
		return true
	case "":
		return emptiedByName(leaf(name, delim))
	}
	return false
}

func emptiedByName(name string) bool {
	switch strings.ToLower(name) {
	case "trash", "deleted items", "deleted messages", "junk", "spam", "junk e-mail", "drafts":
		return true
	}
	return false
}

// leaf is the last part of a mailbox name; flat names have no delimiter.
func leaf(name, delim string) string {
	if delim == "" {
		return name
	}
	if i := strings.LastIndex(name, delim); i >= 0 {
		return name[i+len(delim):]
	}
	return name
}
