package conflict

import "slices"

// Decision is what becomes of an edit, and why.
type Decision struct {
	Rule   string `json:"rule,omitempty"` // "": nothing was in its way
	Action Action `json:"action"`
	// Create: the mailbox it goes into is gone as well, and is made again first.
	Create bool   `json:"create,omitempty"`
	Record bool   `json:"record,omitempty"` // belongs into the list of conflicts
	Side   string `json:"side,omitempty"`   // whose state stands: server, local, both; or parked
	Why    string `json:"why,omitempty"`    // for people: what is done
	Keeps  string `json:"keeps,omitempty"`  // for people: what is not lost, and where it is
}

// Decide looks a case up in the rules. What an attempt met counts first, then
// the message, then the mailbox.
func Decide(c Case) Decision {
	for _, r := range rules {
		if r.answer != "" && r.answer == c.Answer && r.about(c.Edit) {
			return r.decide(c)
		}
	}
	if agreed(c) {
		return named("agreed").decide(c)
	}
	if r := find(c.Edit, c.Message, func(r Rule) []Fate { return r.message }); r != nil {
		if d := r.decide(c); d.Action != Push {
			return d.into(c).safe(c)
		} else if c.Mailbox == Unchanged {
			return d.safe(c)
		}
	}
	if r := find(c.Edit, c.Mailbox, func(r Rule) []Fate { return r.mailbox }); r != nil {
		return r.decide(c).safe(c)
	}
	return Decision{Action: Push}.safe(c)
}

// agreed reports whether the server did by itself what was wanted.
func agreed(c Case) bool {
	switch c.Edit {
	case EditMove:
		return c.Agrees && c.Message == MovedAway
	case EditRename:
		return c.Agrees && c.Mailbox == Renamed
	case EditDelete:
		return c.Message == Expunged
	case EditRemove:
		return c.Mailbox == Deleted
	case EditCreate:
		return c.Mailbox == Taken
	}
	return false
}

// find returns the rule for an edit and the fate it meets.
func find(e Edit, f Fate, fates func(Rule) []Fate) *Rule {
	for i := range rules {
		if rules[i].about(e) && slices.Contains(fates(rules[i]), f) {
			return &rules[i]
		}
	}
	return nil
}

func (r Rule) about(e Edit) bool { return slices.Contains(r.edits, e) }

func (r Rule) decide(c Case) Decision {
	out := r.By[c.Policy]
	return Decision{Rule: r.Name, Action: out.Action, Record: r.Record, Side: out.side(), Why: out.Text, Keeps: r.Keeps}
}

// into adds that the mailbox is made again, when the edit still goes into one
// that the server has no more.
func (d Decision) into(c Case) Decision {
	goes := d.Action == Follow || d.Action == Copy || d.Action == Recreate
	d.Create = goes && c.Mailbox == Deleted && slices.Contains(incoming, c.Edit)
	return d
}

// safe holds back what would end a message of which the mirror has no copy, and
// drops what would put back a copy that it never had.
func (d Decision) safe(c Case) Decision {
	sends := d.Action == Push || d.Action == Follow
	switch {
	case c.Held:
	case sends && (c.Edit == EditDelete || c.Edit == EditRemove):
		return named("unheld").decide(c)
	case d.Action == Recreate:
		return named("never-held").decide(c)
	}
	return d
}
