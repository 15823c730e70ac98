package sync

import (
	"context"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// facts is what a run has learned of a mailbox for its pushes.
type facts struct {
	permanent []imap.Flag // as SELECT said
	readOnly  bool
	aside     string // why nothing is pushed there
}

func (r *run) fact(id localstore.MailboxID) *facts {
	f := r.facts[id]
	if f == nil {
		f = &facts{}
		r.facts[id] = f
	}
	return f
}

// input is what plan.Push decides from.
func (p *pushing) input(ctx context.Context, caps plan.Caps) (plan.PushInput, error) {
	in := plan.PushInput{Now: p.opt.Now(), ReadOnly: p.acct.ReadOnly, Stale: p.stale, Caps: caps, Limit: p.opt.MaxDeletes}
	in.Intents = make([]plan.Intent, 0, len(p.intents))
	removed := map[localstore.MailboxID]bool{}
	for _, x := range p.intents {
		in.Intents = append(in.Intents, p.intent(x))
		removed[x.Mailbox] = removed[x.Mailbox] || x.Kind == localstore.IntentRemove
	}
	for _, b := range p.boxes {
		box := p.box(b)
		if removed[b.ID] && b.Generation != nil {
			held, err := p.held(ctx, b.Generation.ID)
			if err != nil {
				return in, err
			}
			box.Mirrored = held
		}
		in.Boxes = append(in.Boxes, box)
	}
	return in, nil
}

func (p *pushing) box(b localstore.Mailbox) plan.Box {
	f := p.fact(b.ID)
	box := plan.Box{ID: int64(b.ID), Raw: b.Raw, Name: b.Shown(), Was: b.Name, Delim: b.Delim, Unborn: b.Unborn,
		Gone: b.Detached && !b.Unborn, Aside: f.aside, ReadOnly: f.readOnly, PermanentFlags: f.permanent}
	if box.Aside == "" && !p.selected(b.ID, b.Name, b.Delim) {
		box.Aside = "not among the folders of this run"
	}
	if g := b.Generation; g != nil {
		box.UIDValidity, box.HighestModSeq, box.Messages = g.UIDValidity, g.Cursor.HighestModSeq, int(g.Cursor.Messages)
	}
	return box
}

// held counts the messages of a generation of which the mirror has the bodies.
func (p *pushing) held(ctx context.Context, gen localstore.GenerationID) (n int, err error) {
	err = p.store.Rows(ctx, gen, func(row localstore.Row) error {
		if row.HasBody {
			n++
		}
		return nil
	})
	return n, err
}

func (p *pushing) intent(x localstore.Intent) plan.Intent {
	result := p.message(x.Result, x.Target)
	if to := p.found[int64(x.ID)]; to != 0 {
		result.UID = imap.UID(to) // the copy is there: only the source is left to go
	}
	return plan.Intent{
		ID: int64(x.ID), Kind: conflict.Edit(x.Kind), State: string(x.State),
		Mailbox: int64(x.Mailbox), Target: int64(x.Target), Message: p.message(x.Message, x.Mailbox), Result: result,
		Name: x.Name, Shown: p.shown(x), RetryAt: x.RetryAt, Reason: x.Reason, Vanished: x.Vanished,
		Absent: p.stale != "" && p.absent[int64(x.ID)] >= looks, Waits: p.waits(x),
	}
}

// shown is the name that a mailbox shall have, for people.
func (p *pushing) shown(x localstore.Intent) string {
	if x.Name == "" {
		return ""
	}
	return remote.DecodeName(x.Name)
}

// waits says why an intent cannot go that the plan does not know of.
func (p *pushing) waits(x localstore.Intent) string {
	if p.doubted[x.Message.ID] {
		return "the server shows its message no more, with so many others that nothing was believed"
	}
	if x.Vanished && x.State == localstore.Queued && !p.everywhere() {
		return "its message is gone from where it was, and not every mailbox has been looked at"
	}
	return ""
}

// message is a row as the plan sees it. One of an era that has passed has no UID
// that means anything.
func (p *pushing) message(row localstore.Row, box localstore.MailboxID) plan.Message {
	m := plan.Message{ID: int64(row.ID), Base: conflict.Flags(row.Base), Local: conflict.Flags(row.Local), Size: row.Size, Held: row.HasBody}
	if g := p.boxes[box].Generation; g != nil && g.ID == row.Generation {
		m.UID, m.UIDValidity = imap.UID(row.UID), g.UIDValidity
	}
	return m
}
