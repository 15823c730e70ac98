package model

import (
	"errors"
	"strings"
)

// What keeps a name from being made, given or taken away.
var (
	ErrExists   = errors.New("a mailbox has that name")
	ErrNotThere = errors.New("no mailbox has that name")
	ErrInbox    = errors.New("not with INBOX")
	ErrName     = errors.New("no name for a mailbox")
)

// Create makes a mailbox (RFC 9051 section 6.3.4). The levels above it need not be
// there.
func (a *Account) Create(name string) (*Mailbox, error) {
	name = fold(strings.TrimSuffix(name, Delim))
	switch {
	case !proper(name):
		return nil, ErrName
	case a.boxes[name] != nil:
		return nil, ErrExists
	}
	return a.add(name), nil
}

func proper(name string) bool {
	for level := range strings.SplitSeq(name, Delim) {
		if level == "" {
			return false
		}
	}
	return true
}

// Delete removes a mailbox with its mail; what is below it stays (section 6.3.5).
func (a *Account) Delete(name string) error {
	name = fold(name)
	switch {
	case name == "INBOX":
		return ErrInbox
	case a.boxes[name] == nil:
		return ErrNotThere
	}
	a.boxes[name].gone = true
	delete(a.boxes, name)
	return nil
}

// Rename gives a mailbox, and all that is below it, another name. UIDs, UIDVALIDITY
// and identity stay (RFC 8474 section 4.1). Of INBOX only the mail goes, and INBOX
// stays (RFC 9051 section 6.3.6).
func (a *Account) Rename(from, to string) error {
	from, to = fold(from), fold(strings.TrimSuffix(to, Delim))
	switch {
	case !proper(to) || to == from || strings.HasPrefix(to, from+Delim):
		return ErrName
	case a.boxes[to] != nil:
		return ErrExists
	case from == "INBOX":
		return a.emptyInbox(to)
	}
	moves := map[string]string{}
	for name := range a.boxes {
		if rest, below := strings.CutPrefix(name, from); below && (rest == "" || strings.HasPrefix(rest, Delim)) {
			if a.boxes[to+rest] != nil {
				return ErrExists
			}
			moves[name] = to + rest
		}
	}
	if len(moves) == 0 {
		return ErrNotThere
	}
	a.rename(moves)
	return nil
}

func (a *Account) rename(moves map[string]string) {
	moved := map[string]*Mailbox{}
	for from, to := range moves {
		m := a.boxes[from]
		delete(a.boxes, from)
		m.Name, moved[to] = to, m
	}
	for name, m := range moved {
		a.boxes[name] = m
	}
}

func (a *Account) emptyInbox(to string) error {
	inbox := a.boxes["INBOX"]
	a.Move(inbox, inbox.UIDs(), a.add(to))
	return nil
}

// Subscribe puts a name on the list of those to be shown, or takes it off; it need not
// be there (section 6.3.7).
func (a *Account) Subscribe(name string, on bool) {
	if name = fold(name); on {
		a.subscribed[name] = true
	} else {
		delete(a.subscribed, name)
	}
}
