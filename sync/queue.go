package sync

import (
	"context"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/plan"
)

// Queue is what an account's owner did that the server does not have yet, as
// plan.Push reads it and people see it. It needs no connection: the mailboxes are
// as the last run left them, and the server is taken for one that can do all.
func Queue(ctx context.Context, store *localstore.Store, id localstore.AccountID, acct Account, opt Options) (plan.PushInput, error) {
	p := &pushing{run: &run{store: store, acct: acct, opt: opt.withDefaults(), account: id, queue: newQueue()},
		base: map[localstore.MessageID]conflict.Flags{}}
	for _, step := range []func(context.Context) error{p.concern, p.load} {
		if err := step(ctx); err != nil {
			return plan.PushInput{}, err
		}
	}
	return p.input(ctx, plan.Caps{UIDPlus: true, Move: true, CondStore: true})
}
