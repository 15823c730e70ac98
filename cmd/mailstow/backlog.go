package main

import (
	"context"

	"mailstow/localstore"
)

// backlog counts what an account still owes: edits to the server, decisions to
// conflicts.
type backlog struct {
	pending   int
	parked    int // of them: wait for a person
	conflicts int
	edits     map[localstore.MailboxID]int // that concern a folder
	disputes  map[localstore.MailboxID]int
}

func readBacklog(ctx context.Context, one mirror) (backlog, error) {
	b := backlog{edits: map[localstore.MailboxID]int{}, disputes: map[localstore.MailboxID]int{}}
	counts, err := one.store.Backlog(ctx, one.ID)
	if err != nil {
		return b, err
	}
	for _, n := range counts {
		b.pending += n.Intents
		b.parked += n.Parked
		b.edits[n.Mailbox] += n.Intents
		if n.Target != n.Mailbox {
			b.edits[n.Target] += n.Intents
		}
	}
	open, err := one.store.Conflicts(ctx, one.ID, false)
	b.conflicts = len(open)
	for _, c := range open {
		b.disputes[c.Mailbox]++
	}
	return b, err
}
