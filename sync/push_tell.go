package sync

import (
	"context"
	"fmt"

	"mailstow/localstore"
	"mailstow/sync/plan"
)

// Pushed counts what the server has carried out of the owner's edits.
type Pushed struct {
	Flags     int `json:"flags,omitempty"`
	Moved     int `json:"moved,omitempty"`
	Copied    int `json:"copied,omitempty"`
	Deleted   int `json:"deleted,omitempty"`
	Appended  int `json:"appended,omitempty"`
	Mailboxes int `json:"mailboxes,omitempty"`
}

// pushed counts an intent that is done.
func (r *Receipt) pushed(kind localstore.IntentKind) {
	switch kind {
	case localstore.IntentFlags:
		r.Pushed.Flags++
	case localstore.IntentMove:
		r.Pushed.Moved++
	case localstore.IntentCopy:
		r.Pushed.Copied++
	case localstore.IntentExpunge:
		r.Pushed.Deleted++
	case localstore.IntentAppend:
		r.Pushed.Appended++
	default:
		r.Pushed.Mailboxes++
	}
}

// tell puts into the receipt what was not sent, and why.
func (p *pushing) tell(context.Context) error {
	rc := p.receipt
	for _, h := range p.plan.Held {
		rc.Held = append(rc.Held, Held{Mailbox: h.Name, Held: h.Held, Percent: h.Percent(), Override: h.Override()})
	}
	rc.Pending = len(p.plan.Waiting) + len(p.plan.Parked)
	if p.opt.DryRun {
		rc.Push = &p.plan
		return nil
	}
	if p.acct.ReadOnly && rc.Pending > 0 {
		p.note("", fmt.Sprintf("%d edits wait: the account is read-only, nothing is sent to the server", rc.Pending))
		return nil
	}
	for _, w := range p.plan.Waiting {
		p.observe(Event{Kind: Note, Mailbox: p.name(w), Text: "waits: " + w.String()})
	}
	return nil
}

func (p *pushing) name(w plan.Waiting) string {
	in := p.intents[w.Intent]
	if b := p.boxes[in.Mailbox]; b.ID != 0 {
		return b.Shown()
	}
	return p.boxes[in.Target].Shown()
}
