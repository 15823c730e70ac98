package sync

import (
	"context"
	"time"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// remember notes where history and the store itself stand, as the run begins.
func (r *run) remember(ctx context.Context) error {
	if r.account == 0 {
		return nil
	}
	var err error
	if r.mark, err = r.store.Mark(ctx); err != nil {
		return err
	}
	runs, err := r.store.Runs(ctx, r.account, 2)
	for _, x := range runs {
		if x.ID != r.id {
			r.last = max(r.last, x.ID)
		}
	}
	r.stale = plan.Outdated(int64(r.last), int64(r.store.Marked(r.account)))
	r.outdated = r.stale != ""
	return err
}

// leaveMark notes outside the store how far it has come. As long as an older copy
// holds edits back that may have been sent long ago, it stays known as such.
func (r *run) leaveMark() error {
	if r.outdated && r.queued { // its runs must not catch up with the mark
		return r.store.MarkRun(r.account, max(r.store.Marked(r.account), r.id+1))
	}
	return r.store.MarkRun(r.account, r.id)
}

// trust ends the doubts about an older copy: nothing of it is held back.
func (p *pushing) trust() {
	p.outdated = p.outdated && !noneHeld(p.plan)
}

func noneHeld(p plan.PushPlan) bool {
	for _, h := range p.Held {
		if h.Reason == plan.StaleStore {
			return false
		}
	}
	return true
}

// settleNames finds out what became of renamings whose answers were lost: the
// mailbox is under the name wanted and no longer under its own. Else they are sent
// again. It returns the mailboxes by wire name.
func (r *run) settleNames(ctx context.Context, listed []remote.Mailbox, held map[string]localstore.Mailbox, whole bool) (map[string]localstore.Mailbox, error) {
	there := make(map[string]bool, len(listed))
	for _, l := range listed {
		there[l.Raw] = l.Selectable
	}
	var sent []localstore.Intent
	err := r.store.IntentsBut(ctx, r.account, localstore.IntentFlags, func(in localstore.Intent) error {
		if in.Kind == localstore.IntentRename && in.State == localstore.Sent {
			sent = append(sent, in)
		}
		return nil
	})
	if err != nil || len(sent) == 0 || !whole {
		return held, err
	}
	names := map[localstore.MailboxID]string{}
	for _, b := range held {
		names[b.ID] = b.Raw
	}
	err = r.store.Update(ctx, func(tx *localstore.Tx) error {
		for _, in := range sent {
			if there[in.Name] && !there[names[in.Mailbox]] {
				r.receipt.pushed(in.Kind)
				err = tx.IntentDone(r.id, in.ID, localstore.Outcome{})
			} else {
				err = tx.IntentFailed(in.ID, "", time.Time{})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r.held(ctx)
}
