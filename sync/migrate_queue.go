package sync

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// gone stands for a mailbox that was at the target when the plan was made.
const gone localstore.MailboxID = -1

// prepare makes the mailboxes that are not there, outer ones first, and subscribes. The
// target has been looked at since the plan was made: what others made meanwhile is used,
// and what they took away is left to the next plan.
func (m Migrated) prepare(ctx context.Context, store *localstore.Store) (ids []localstore.MailboxID, made bool, err error) {
	there, err := migrateBoxes(ctx, store, m.target)
	if err != nil {
		return nil, false, err
	}
	order := make([]int, len(m.Targets))
	ids = make([]localstore.MailboxID, len(m.Targets))
	for i, t := range m.Targets {
		order[i], ids[i] = i, stands(t, there)
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(m.Targets[a].Name, m.Targets[b].Name) })
	err = store.Edit(ctx, func(tx *localstore.Tx) (err error) {
		for _, i := range order {
			t := m.Targets[i]
			if ids[i] == 0 {
				made = true
				ids[i], err = m.create(tx, t)
			} else if ids[i] != gone && t.Subscribe {
				err = tx.WantSubscribed(ids[i], true)
			}
			if err != nil {
				return fmt.Errorf("mailbox %s of the target: %w", t.Name, err)
			}
		}
		return nil
	})
	return ids, made, err
}

// stands finds a mailbox of a plan among those that are there; 0: it is to be made.
func stands(t plan.TargetBox, there []plan.MigrateBox) localstore.MailboxID {
	for _, b := range there {
		if b.ID != t.ID && (t.ID != 0 || b.Name != t.Name) {
			continue
		}
		if !b.Mail {
			return gone
		}
		return localstore.MailboxID(b.ID)
	}
	if t.ID == 0 {
		return 0
	}
	return gone
}

func (m Migrated) create(tx *localstore.Tx, t plan.TargetBox) (localstore.MailboxID, error) {
	raw, err := remote.EncodeName(t.Name)
	if err != nil {
		return 0, err
	}
	return tx.CreateMailbox(m.target, localstore.MailboxInfo{Raw: raw, Name: t.Name, Delim: m.delim, Role: t.Role, Selectable: true, Subscribed: t.Subscribe})
}

// queueBatch is how many messages are queued in one transaction.
const queueBatch = 1000

// queue leaves some messages, and all flags and deletions, to the push of the run. What
// is no longer there is left to the next plan.
func (m Migrated) queue(ctx context.Context, store *localstore.Store, targets []localstore.MailboxID, puts []plan.MigratePut) error {
	if len(puts)+len(m.Flags)+len(m.Delete) == 0 {
		return nil
	}
	boxes, messages, err := m.left(ctx, store)
	if err != nil {
		return err
	}
	puts = slices.DeleteFunc(slices.Clone(puts), func(p plan.MigratePut) bool { return !boxes[targets[p.Target]] })
	for batch := range slices.Chunk(puts, queueBatch) {
		if err := store.Edit(ctx, func(tx *localstore.Tx) error { return m.put(tx, targets, batch) }); err != nil {
			return err
		}
	}
	return store.Edit(ctx, func(tx *localstore.Tx) error {
		for _, f := range m.Flags {
			if !messages[f.ID] {
				continue
			}
			if err := tx.EditFlags([]localstore.MessageID{localstore.MessageID(f.ID)}, string(f.Add), string(f.Remove)); err != nil {
				return err
			}
		}
		return tx.ExpungeMessages(messageIDs(slices.DeleteFunc(slices.Clone(m.Delete), func(id int64) bool { return !messages[id] })))
	})
}

// left are the mailboxes and the messages of the target that are still there.
func (m Migrated) left(ctx context.Context, store *localstore.Store) (boxes map[localstore.MailboxID]bool, messages map[int64]bool, err error) {
	boxes, messages = map[localstore.MailboxID]bool{}, map[int64]bool{}
	all, err := migrateBoxes(ctx, store, m.target)
	for _, b := range all {
		boxes[localstore.MailboxID(b.ID)] = true
	}
	if err == nil && len(m.Flags)+len(m.Delete) > 0 {
		err = store.Contents(ctx, m.target, func(c localstore.Content) error {
			messages[int64(c.Message)] = true
			return nil
		})
	}
	return boxes, messages, err
}

// put queues messages, those in a row for the same mailbox together.
func (m Migrated) put(tx *localstore.Tx, targets []localstore.MailboxID, batch []plan.MigratePut) error {
	for len(batch) > 0 {
		to := batch[0].Target
		n := slices.IndexFunc(batch, func(p plan.MigratePut) bool { return p.Target != to })
		if n < 0 {
			n = len(batch)
		}
		if _, err := tx.RestoreWith(restorings(batch[:n]), targets[to]); err != nil {
			return fmt.Errorf("to mailbox %s: %w", m.Targets[to].Name, err)
		}
		batch = batch[n:]
	}
	return nil
}

func restorings(puts []plan.MigratePut) []localstore.Restoring {
	all := make([]localstore.Restoring, len(puts))
	for i, p := range puts {
		all[i] = localstore.Restoring{Message: localstore.MessageID(p.ID), Flags: string(p.Flags)}
	}
	return all
}
