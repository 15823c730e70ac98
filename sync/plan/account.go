package plan

import "sort"

// Listed is a mailbox as the server lists it now.
type Listed struct {
	Raw       string // wire name: the key (I23)
	MailboxID string // RFC 8474; "" when the server has none
}

// Held mailboxes of the mirror, as far as the account plan needs them.
type Mirrored struct {
	ID        int64
	Raw       string
	MailboxID string
}

// Rename is a mailbox that kept its MAILBOXID under another name.
type Rename struct {
	ID       int64
	From, To string
}

// Account is what changed in the list of mailboxes.
type Account struct {
	New     []string // wire names
	Renamed []Rename
	Gone    []Mirrored
}

// DiffMailboxes compares the complete list of a server with the attached
// mailboxes of the mirror. Only an equal MAILBOXID proves a rename; without it
// one name is gone and another is new (I6).
func DiffMailboxes(listed []Listed, held []Mirrored) Account {
	var a Account
	byName := make(map[string]bool, len(listed))
	known := make(map[string]bool, len(held))
	for _, l := range listed {
		byName[l.Raw] = true
	}
	gone := make(map[string]Mirrored)
	for _, h := range held {
		known[h.Raw] = true
		if byName[h.Raw] {
			continue
		}
		if h.MailboxID == "" {
			a.Gone = append(a.Gone, h)
			continue
		}
		gone[h.MailboxID] = h
	}
	for _, l := range listed {
		if known[l.Raw] {
			continue
		}
		if h, ok := gone[l.MailboxID]; ok && l.MailboxID != "" {
			a.Renamed = append(a.Renamed, Rename{ID: h.ID, From: h.Raw, To: l.Raw})
			delete(gone, l.MailboxID)
			continue
		}
		a.New = append(a.New, l.Raw)
	}
	for _, h := range gone {
		a.Gone = append(a.Gone, h)
	}
	sort.Slice(a.Gone, func(i, j int) bool { return a.Gone[i].ID < a.Gone[j].ID })
	return a
}
