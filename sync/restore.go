package sync

import (
	"context"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/plan"
)

// Restore is what shall be on the server again, in one account.
type Restore struct {
	Account  localstore.AccountID
	Messages []localstore.Mail // as they were, each with the flags it had
	// Mailboxes shall be there with mail or without.
	Mailboxes map[localstore.MailboxID]bool
	Into      localstore.MailboxID // all messages go there; 0: to where they were
	Moved     bool                 // also those that were moved and are where they went
	Reflag    bool                 // those that are there get the flags they had
}

// Undo wants back what vanished from an account, or one mailbox of it, between two
// moments, messages and mailboxes.
func Undo(ctx context.Context, store *localstore.Store, acct localstore.AccountID, box localstore.MailboxID, from, to localstore.Cut) (Restore, error) {
	want := Restore{Account: acct, Mailboxes: map[localstore.MailboxID]bool{}}
	ids, err := store.Vanished(ctx, acct, from, to)
	for _, id := range ids {
		var m localstore.Mail
		if m, err = store.Message(ctx, id); err != nil {
			return want, err
		}
		if box == 0 || m.Mailbox == box {
			want.Messages = append(want.Messages, m)
		}
	}
	if err != nil {
		return want, err
	}
	before, err := store.MailboxesAt(ctx, acct, from)
	if err != nil {
		return want, err
	}
	after, err := store.MailboxesAt(ctx, acct, to)
	for id := range before {
		if !after[id] && (box == 0 || id == box) {
			want.Mailboxes[id] = true
		}
	}
	return want, err
}

// Restored is a plan, and what is needed to queue it.
type Restored struct {
	plan.RestorePlan
	Boxes map[localstore.MailboxID]localstore.Mailbox
}

// PlanRestore compares what is wanted with what the mirror says of the server.
func PlanRestore(ctx context.Context, store *localstore.Store, want Restore) (Restored, error) {
	boxes, err := store.Mailboxes(ctx, want.Account)
	if err != nil {
		return Restored{}, err
	}
	in := plan.RestoreInput{Into: int64(want.Into), Moved: want.Moved, Reflag: want.Reflag}
	out := Restored{Boxes: map[localstore.MailboxID]localstore.Mailbox{}}
	for _, b := range boxes {
		out.Boxes[b.ID] = b
		gone := b.Detached && !b.Unborn
		in.Boxes = append(in.Boxes, plan.RestoreBox{ID: int64(b.ID), Raw: b.Raw, Name: b.Shown(), Gone: gone,
			NoMail: !b.Selectable, Leaving: b.Leaving != 0, Wanted: want.Mailboxes[b.ID]})
	}
	for _, m := range want.Messages {
		w, err := wanted(ctx, store, m)
		if err != nil {
			return Restored{}, err
		}
		in.Wanted = append(in.Wanted, w)
	}
	out.RestorePlan = plan.Restore(in)
	return out, nil
}

func wanted(ctx context.Context, store *localstore.Store, m localstore.Mail) (plan.Wanted, error) {
	w := plan.Wanted{ID: int64(m.ID), Mailbox: int64(m.Mailbox), Flags: conflict.Flags(m.Flags), Size: m.Size,
		Present: m.State != localstore.StateVanished}
	lost, err := store.Lost(ctx, m.ID)
	if err != nil {
		return w, err
	}
	w.Held, w.Moved, w.Since = lost.Held, lost.Moved, lost.Since
	for _, c := range lost.Copies {
		w.Copies = append(w.Copies, plan.Holder{ID: int64(c.Message), Mailbox: int64(c.Mailbox), Since: c.Since})
	}
	if w.Present {
		now, err := store.Message(ctx, m.ID)
		w.Now = conflict.Flags(now.Flags)
		return w, err
	}
	return w, nil
}

// Queue queues the plan: a sync then brings it about. It gives the new ids of the
// messages put back, in the order of the plan.
func (r Restored) Queue(tx *localstore.Tx, acct localstore.AccountID) ([]localstore.MessageID, error) {
	for _, id := range r.Create {
		if _, err := tx.CreateMailbox(acct, r.Boxes[localstore.MailboxID(id)].MailboxInfo); err != nil {
			return nil, err
		}
	}
	var now []localstore.MessageID
	for _, p := range r.Put {
		id, err := tx.RestoreMessage(localstore.MessageID(p.ID), localstore.MailboxID(p.Target), string(p.Flags))
		if err != nil {
			return nil, err
		}
		now = append(now, id)
	}
	for _, f := range r.Flags {
		if err := tx.EditFlags([]localstore.MessageID{localstore.MessageID(f.ID)}, string(f.Add), string(f.Remove)); err != nil {
			return nil, err
		}
	}
	return now, nil
}
