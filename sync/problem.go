package sync

import (
	"context"
	"fmt"

	"mailstow/localstore"
)

// Kinds of problems that a run leaves in the store.
const (
	kindMailbox    = "mailbox"    // the server does not let it be synced
	kindQuarantine = "quarantine" // the server contradicts itself about it
	kindMessage    = "message"    // the server does not give the message
)

// reason is an error as a problem keeps it: what the server or the network
// said, without the operation that every problem of its kind shares.
func reason(err error) string { return err.Error() }

// fail sets a mailbox or a message of it aside and tells so.
func (r *run) fail(ctx context.Context, m *mailbox, p localstore.Problem) error {
	if p.Message == 0 {
		m.failed = true
		r.fact(m.id).aside = p.Reason
	}
	r.observe(Event{Kind: Failed, Mailbox: m.info.Name, Text: subject(p) + p.Reason})
	if r.opt.DryRun {
		r.receipt.Failures = append(r.receipt.Failures, Failure{Mailbox: m.info.Name, UID: p.UID, Reason: p.Reason})
		return nil
	}
	p.Account, p.Mailbox = r.account, m.id
	r.troubled[m.id] = true
	return r.store.Update(ctx, func(tx *localstore.Tx) error {
		return tx.PutProblem(p, r.opt.Now())
	})
}

func subject(p localstore.Problem) string {
	if p.UID == 0 {
		return ""
	}
	return fmt.Sprintf("uid %d: ", p.UID)
}

// clear forgets the problems of a mailbox that synced; those of its messages
// end with the messages.
func (r *run) clear(ctx context.Context, id localstore.MailboxID) error {
	if r.opt.DryRun || !r.troubled[id] {
		return nil
	}
	delete(r.troubled, id)
	return r.store.Update(ctx, func(tx *localstore.Tx) error {
		return tx.ClearMailboxProblems(id)
	})
}

// troubles notes which mailboxes have problems from earlier runs.
func (r *run) troubles(ctx context.Context) error {
	r.troubled = map[localstore.MailboxID]bool{}
	if r.account == 0 {
		return nil
	}
	problems, err := r.store.Problems(ctx, r.account)
	for _, p := range problems {
		if p.Message == 0 {
			r.troubled[p.Mailbox] = true
		}
	}
	return err
}

// outstanding lists every problem of the selected mailboxes, also those whose
// time to try again has not come: as long as mail is missing, a run is not
// all right.
func (r *run) outstanding(ctx context.Context) error {
	if r.account == 0 || r.opt.DryRun {
		return nil
	}
	problems, err := r.store.Problems(ctx, r.account)
	for _, p := range problems {
		if p.Kind == localstore.KindRefused {
			continue // by another server: the migration tells
		}
		if r.selected(p.Mailbox, p.Folder, p.Delim) {
			r.receipt.Failures = append(r.receipt.Failures, Failure{Mailbox: p.Folder, UID: p.UID, Reason: p.Reason})
		}
	}
	return err
}
