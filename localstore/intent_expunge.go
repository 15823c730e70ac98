package localstore

import (
	"cmp"
	"fmt"
	"slices"
)

// ExpungeMessages deletes messages for good, not to the trash. A message that
// waits to be moved is deleted where it is; a copy or an appended message that
// the server does not have yet is not sent.
func (tx *Tx) ExpungeMessages(ids []MessageID) error {
	if err := tx.owner(); err != nil {
		return err
	}
	all, err := tx.editables(ids)
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b mailRow) int { return cmp.Compare(a.id, b.id) })
	for _, m := range slices.CompactFunc(all, func(a, b mailRow) bool { return a.id == b.id }) {
		if m.uid == 0 {
			m, err = tx.unsend(m)
		}
		if err != nil {
			return err
		}
		if err := tx.expunge(m); err != nil {
			return err
		}
	}
	return nil
}

// unsend gives up what brings m; what is left to be deleted is what it moved from.
func (tx *Tx) unsend(m mailRow) (mailRow, error) {
	if err := m.by.unsettled(); err != nil {
		return m, tx.fail(err)
	}
	if err := tx.undo(m.by); err != nil || m.by.kind != IntentMove {
		return mailRow{vanished: true}, err
	}
	return tx.mailRow(m.by.message)
}

func (tx *Tx) expunge(m mailRow) error {
	switch {
	case m.vanished:
		return nil
	case m.away:
		return tx.fail(fmt.Errorf("message %d: its mailbox is %w on the server", m.id, ErrVanished))
	}
	id, err := tx.addIntent(pending{account: m.acct, kind: IntentExpunge, message: m.id})
	if err != nil {
		return err
	}
	return tx.setLeaving(m.id, id)
}
