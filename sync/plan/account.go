package plan

// Listed is a mailbox that the server lists now and that can be opened.
type Listed struct {
	Raw       string // wire name: the key (I23)
	MailboxID string // RFC 8474; "" when the server has none
}

// Mirrored is an attached mailbox of the mirror, as far as the account plan
// needs it.
type Mirrored struct {
	ID        int64
	Raw       string
	MailboxID string
}

// Rename is a mailbox that kept its MAILBOXID under another name. Renames of one
// plan happen at once: mailboxes may have swapped their names.
type Rename struct {
	ID       int64
	From, To string
}

// Account is what changed in the list of mailboxes.
type Account struct {
	Renamed []Rename
	Gone    []Mirrored
}

// DiffMailboxes compares the complete list of a server with the attached
// mailboxes of the mirror. Only an equal MAILBOXID proves a rename; without it
// one name is gone and another is new (I6). A MAILBOXID given to several
// mailboxes proves nothing.
func DiffMailboxes(listed []Listed, held []Mirrored) Account {
	now, was := identities{}, identities{}
	left := make(map[string]bool, len(listed)) // names no mirrored mailbox stands for yet
	for _, l := range listed {
		now.add(l.MailboxID, l.Raw)
		left[l.Raw] = true
	}
	for _, h := range held {
		was.add(h.MailboxID, h.Raw)
	}
	var a Account
	var byName []Mirrored // those without a proof
	for _, h := range held {
		to := now[h.MailboxID]
		if h.MailboxID == "" || to == "" || was[h.MailboxID] == "" {
			byName = append(byName, h)
			continue
		}
		if to != h.Raw {
			a.Renamed = append(a.Renamed, Rename{ID: h.ID, From: h.Raw, To: to})
		}
		delete(left, to)
	}
	for _, h := range byName {
		if !left[h.Raw] {
			a.Gone = append(a.Gone, h)
		}
		delete(left, h.Raw)
	}
	return a
}

// identities maps each MAILBOXID to the name of its mailbox, to "" when several
// have it.
type identities map[string]string

func (i identities) add(id, raw string) {
	if _, dup := i[id]; dup {
		raw = ""
	}
	i[id] = raw
}
