package sync

import (
	"context"
	"fmt"
	"slices"

	"mailstow/localstore"
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

// tell puts into the receipt what was planned and not sent, and why.
func (p *pushing) tell() {
	rc := p.receipt
	for _, h := range p.plan.Held {
		held := Held{Mailbox: h.Name, Held: h.Held, Percent: h.Percent(), Override: h.Override()}
		if !slices.Contains(rc.Held, held) { // a migration pushes twice
			rc.Held = append(rc.Held, held)
		}
	}
	p.trust()
	switch {
	case p.opt.DryRun:
		rc.Push = &p.plan
	case p.acct.ReadOnly:
		p.note("", fmt.Sprintf("%d edits wait: the account is read-only, nothing is sent to the server", len(p.intents)))
	default:
		for _, w := range p.plan.Waiting {
			in := p.intents[w.Intent]
			p.observe(Event{Kind: Note, Mailbox: p.boxOf(in).Shown(), Text: string(in.Kind) + " waits: " + w.String()})
		}
	}
}

// reckon counts what still waits as a run ends, and lists what was refused or is in
// doubt: as long as something is not done, a run is not all right.
func (r *run) reckon(ctx context.Context) error {
	if r.account == 0 {
		return nil
	}
	boxes := map[localstore.MailboxID]localstore.Mailbox{}
	all, err := r.store.Mailboxes(ctx, r.account)
	if err != nil {
		return err
	}
	for _, b := range all {
		boxes[b.ID] = b
	}
	return r.store.Intents(ctx, r.account, func(in localstore.Intent) error {
		r.receipt.Pending++
		box := boxes[in.Mailbox]
		if box.ID == 0 {
			box = boxes[in.Target]
		}
		if why := r.undone(in); why != "" && r.selected(box.ID, box.Name, box.Delim) {
			r.receipt.Failures = append(r.receipt.Failures, Failure{Mailbox: box.Shown(), UID: in.Message.UID, Reason: string(in.Kind) + ": " + why})
		}
		return nil
	})
}

// undone says what keeps an intent from being done; what only waits for its turn, or
// for a run that sends, is nobody's failure.
func (r *run) undone(in localstore.Intent) string {
	switch {
	case r.opt.DryRun || r.opt.PullOnly || r.acct.ReadOnly:
		return ""
	case (in.State == localstore.Sent || in.State == localstore.Done) && in.Reason == "":
		return "it is not known yet what became of it on the server; the next run looks again"
	case in.State == localstore.Parked && in.Reason == unstorable:
		return ""
	case in.State == localstore.Parked:
		return in.Reason + "; see mailstow conflicts"
	}
	return in.Reason
}
