package sync

import (
	"context"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/plan"
)

// moves is what other clients moved, as far as it is recognised.
type moves struct {
	to   map[localstore.MessageID]place
	like map[localstore.MessageID]bool // may have been moved
}

// place is where a message is now.
type place struct {
	id    localstore.MessageID
	box   localstore.MailboxID
	uid   uint32
	flags string
}

func (m moves) fate(id localstore.MessageID, reset bool) conflict.Fate {
	switch {
	case m.to[id].id != 0:
		return conflict.MovedAway
	case m.like[id]:
		return conflict.Lookalike
	case reset:
		return conflict.Unmatched
	}
	return conflict.Expunged
}

// moves pairs what vanished in this run with what arrived in it, and keeps that in
// history.
func (p *pushing) moves(ctx context.Context) (moves, error) {
	m := moves{to: map[localstore.MessageID]place{}, like: map[localstore.MessageID]bool{}}
	gone, come, err := p.store.Traces(ctx, p.run.id)
	if err != nil || len(gone) == 0 || len(come) == 0 {
		return m, err
	}
	at := map[int64]localstore.Trace{}
	for _, t := range come {
		at[int64(t.ID)] = t
	}
	g, c := traces(gone), traces(come)
	for _, id := range plan.Lookalikes(g, c) {
		m.like[localstore.MessageID(id)] = true
	}
	pairs := plan.Moves(g, c)
	for _, x := range pairs {
		t := at[x.To]
		m.to[localstore.MessageID(x.From)] = place{t.ID, t.Mailbox, t.UID, t.Base}
	}
	if len(pairs) == 0 || p.opt.DryRun {
		return m, nil
	}
	return m, p.store.Update(ctx, func(tx *localstore.Tx) error {
		for _, x := range pairs {
			if err := tx.Moved(p.run.id, localstore.MessageID(x.From), localstore.MessageID(x.To)); err != nil {
				return err
			}
		}
		return nil
	})
}

func traces(list []localstore.Trace) []plan.Trace {
	out := make([]plan.Trace, len(list))
	for i, t := range list {
		out[i] = plan.Trace{ID: int64(t.ID), ContentID: t.Identity, Fixed: plan.Fixed{Size: t.Size, Date: t.Date.Unix()}, Header: t.HeaderSHA256}
	}
	return out
}
