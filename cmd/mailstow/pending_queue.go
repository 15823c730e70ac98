package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"mailstow/cmd/mailstow/config"
	"mailstow/conflict"
	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
)

// pendingQueue is what waits in one account, and what a sync would do with it.
type pendingQueue struct {
	one   mirror
	in    plan.PushInput
	plan  plan.PushPlan
	names map[int64]string // of folders
	why   map[int64]string
}

// readQueue plans the account's queue as a sync would that finds nothing new.
func (a *app) readQueue(ctx context.Context, one mirror) (*pendingQueue, error) {
	c, err := config.Load(a.config)
	if err != nil {
		return nil, err
	}
	acct, _ := c.Find(one.Name)
	in, err := mailsync.Queue(ctx, one.store, one.ID, mailsync.Account{ReadOnly: acct.ReadOnly},
		mailsync.Options{MaxDeletes: acct.MaxDeletes.Limit, Now: a.now})
	if err != nil {
		return nil, err
	}
	q := &pendingQueue{one: one, in: in, plan: plan.Push(in), names: map[int64]string{}}
	for _, b := range in.Boxes {
		q.names[b.ID] = b.Name
	}
	q.explain()
	return q, nil
}

// explain says of each edit that would not go why it waits.
func (q *pendingQueue) explain() {
	q.why = map[int64]string{}
	for _, s := range q.plan.Steps {
		for _, id := range s.Intents {
			if s.Op == plan.OpSettle {
				q.why[id] = "was sent, and the answer got lost: a sync looks first whether it is done"
			}
		}
	}
	for _, w := range slices.Concat(q.plan.Waiting, q.plan.Parked) {
		q.why[w.Intent] = w.String()
	}
	for _, h := range q.plan.Held {
		for _, id := range h.Intents {
			q.why[id] = fmt.Sprintf("is held back: %d of %d deletions (%d %%, %s); mailstow sync %s %s lets them through",
				h.Count, h.Of, h.Percent(), h.Reason, q.one.argument(), h.Override())
		}
	}
	for _, i := range q.in.Intents {
		if i.State == plan.Parked {
			q.why[i.ID] = fmt.Sprintf("is parked: %s; mailstow conflicts, or mailstow pending retry %d or drop %d",
				cmp.Or(i.Reason, "it needs a decision"), i.ID, i.ID)
		}
	}
}

// each describes the edits in order, with what only the store knows of them.
func (q *pendingQueue) each(ctx context.Context, fn func(pendingJSON) error) error {
	at := map[localstore.IntentID]plan.Intent{}
	for _, i := range q.in.Intents {
		at[localstore.IntentID(i.ID)] = i
	}
	return q.one.store.Intents(ctx, q.one.ID, func(in localstore.Intent) error {
		i, ok := at[in.ID]
		if !ok {
			return nil // queued since
		}
		p := q.describe(i)
		p.Made, p.RetryAt, p.Tries = in.Made.UTC(), utc(in.RetryAt), in.Tries
		if p.Message != 0 {
			mail, err := q.one.store.Message(ctx, localstore.MessageID(p.Message))
			if err != nil {
				return err
			}
			p.Subject = mail.Subject
		}
		return fn(p)
	})
}

// describe is what the plan knows of an edit.
func (q *pendingQueue) describe(i plan.Intent) pendingJSON {
	p := pendingJSON{ID: i.ID, Account: q.one.Name, Kind: string(i.Kind), State: i.State, Text: q.in.Describe(i),
		Folder: q.names[i.Mailbox], To: cmp.Or(q.names[i.Target], i.Shown), Message: cmp.Or(i.Result.ID, i.Message.ID), Why: q.why[i.ID]}
	switch i.Kind {
	case conflict.EditCreate:
		p.To = ""
	case conflict.EditFlags:
		p.Add, p.Remove = lacking(i.Message.Base, i.Message.Local), lacking(i.Message.Local, i.Message.Base)
	}
	return p
}
