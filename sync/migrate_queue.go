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

// prepare makes the mailboxes that are not there, outer ones first, and subscribes.
func (m Migrated) prepare(ctx context.Context, store *localstore.Store) ([]localstore.MailboxID, error) {
	ids := make([]localstore.MailboxID, len(m.Targets))
	order := make([]int, len(m.Targets))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(m.Targets[a].Name, m.Targets[b].Name) })
	err := store.Edit(ctx, func(tx *localstore.Tx) (err error) {
		for _, i := range order {
			t := m.Targets[i]
			if ids[i] = localstore.MailboxID(t.ID); t.ID == 0 {
				ids[i], err = m.create(tx, t)
			} else if t.Subscribe {
				err = tx.WantSubscribed(ids[i], true)
			}
			if err != nil {
				return fmt.Errorf("mailbox %s of the target: %w", t.Name, err)
			}
		}
		return nil
	})
	return ids, err
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

// queue leaves some messages, and all flags and deletions, to the push of the run.
func (m Migrated) queue(ctx context.Context, store *localstore.Store, targets []localstore.MailboxID, puts []plan.MigratePut) error {
	for batch := range slices.Chunk(puts, queueBatch) {
		if err := store.Edit(ctx, func(tx *localstore.Tx) error { return m.put(tx, targets, batch) }); err != nil {
			return err
		}
	}
	if len(m.Flags)+len(m.Delete) == 0 {
		return nil
	}
	return store.Edit(ctx, func(tx *localstore.Tx) error {
		for _, f := range m.Flags {
			if err := tx.EditFlags([]localstore.MessageID{localstore.MessageID(f.ID)}, string(f.Add), string(f.Remove)); err != nil {
				return err
			}
		}
		return tx.ExpungeMessages(messageIDs(m.Delete))
	})
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
