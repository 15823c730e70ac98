package sync

import (
	"context"
	"time"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// load reads the queue and the mailboxes.
func (p *pushing) load(ctx context.Context) error {
	p.intents, p.vanished = map[int64]localstore.Intent{}, map[localstore.MessageID][]localstore.Intent{}
	note := func(in localstore.Intent) error {
		p.intents[int64(in.ID)] = in
		if in.Vanished {
			p.vanished[in.Message.ID] = append(p.vanished[in.Message.ID], in)
		}
		return nil
	}
	err := p.store.FlagsIntents(ctx, p.account, note)
	if err == nil {
		err = p.store.IntentsBut(ctx, p.account, localstore.IntentFlags, note)
	}
	if err != nil || len(p.intents) == 0 {
		return err
	}
	if p.known, err = p.store.Conflicts(ctx, p.account, true); err != nil {
		return err
	}
	return p.loadBoxes(ctx)
}

// reload is load where something has changed since.
func (p *pushing) reload(ctx context.Context) error {
	if !p.outrun {
		return nil
	}
	p.outrun = false
	return p.load(ctx)
}

func (p *pushing) loadBoxes(ctx context.Context) error {
	p.boxes = map[localstore.MailboxID]localstore.Mailbox{}
	boxes, err := p.store.Mailboxes(ctx, p.account)
	for _, b := range boxes {
		p.boxes[b.ID] = b
	}
	return err
}

// caps is what the server offers for a push.
func (r *run) caps(ctx context.Context) (caps plan.Caps, err error) {
	err = r.session.do(ctx, func(ctx context.Context, c *remote.Conn) error {
		caps = plan.Caps{UIDPlus: c.Includes("UIDPLUS"), Move: c.Includes("MOVE"),
			CondStore: c.Has("CONDSTORE") || c.Has("QRESYNC"), AppendLimit: c.AppendLimit()}
		return nil
	})
	return caps, err
}

// lookAgain brings the mirror up to date with what was sent.
func (r *run) lookAgain(ctx context.Context) error {
	r.again, r.receipt.Held = true, nil // whatever is still held back is found again
	if err := r.concern(ctx); err != nil {
		return err
	}
	boxes, err := r.mailboxes(ctx)
	if err != nil {
		return err
	}
	if err := r.each(ctx, boxes); err != nil {
		return err
	}
	return r.recognise(ctx)
}

// concern notes what the queue means for a run: mailboxes that edits put mail into
// are looked at even where they are not among its folders, as nobody could tell
// otherwise what became of the mail; what the owner deletes does not surprise the
// guard when it is gone.
func (r *run) concern(ctx context.Context) error {
	if r.account == 0 {
		return nil
	}
	boxes, err := r.store.Mailboxes(ctx, r.account)
	if err != nil {
		return err
	}
	named := map[localstore.MailboxID]bool{0: true}
	for _, b := range boxes {
		named[b.ID] = plan.Selected(r.opt.Folders, b.Name, b.Delim) || !r.opt.Narrow
	}
	if r.opt.PushOnly && r.concerns == nil {
		r.concerns = map[localstore.MailboxID]bool{}
	}
	note := func(in localstore.Intent) {
		if r.queued = true; !r.opt.PullOnly {
			r.concernsBy(in, named)
		}
	}
	flagged, err := r.store.FlagsWanted(ctx, r.account)
	if err != nil {
		return err
	}
	for _, box := range flagged {
		note(localstore.Intent{Kind: localstore.IntentFlags, Mailbox: box})
	}
	return r.store.IntentsBut(ctx, r.account, localstore.IntentFlags, func(in localstore.Intent) error {
		note(in)
		return nil
	})
}

func (r *run) concernsBy(in localstore.Intent, named map[localstore.MailboxID]bool) {
	if r.concerns != nil {
		r.concerns[in.Mailbox], r.concerns[in.Target] = true, true
		delete(r.concerns, 0)
	}
	if in.Kind == localstore.IntentExpunge || in.Kind == localstore.IntentMove && in.State == localstore.Sent {
		r.own[in.Message.ID] = true
	}
	if !named[in.Mailbox] || in.Mailbox == 0 && !named[in.Target] {
		return
	}
	r.extra[in.Mailbox], r.extra[in.Target] = true, true
	delete(r.extra, 0)
}

// selected reports whether a mailbox belongs to this run.
func (r *run) selected(id localstore.MailboxID, name, delim string) bool {
	return plan.Selected(r.opt.Folders, name, delim) || r.extra[id]
}

// rest is the pause after which a server must have carried out what it had received
// when a connection was lost.
func (s *session) rest(ctx context.Context) error {
	timer := time.NewTimer(s.opt.Backoff(restAs))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// restAs: as long as before the third connection in a row, some seconds.
const restAs = 3
