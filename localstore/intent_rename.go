package localstore

import (
	"fmt"
	"slices"
	"strings"
)

// WantName is the owner's renaming of a mailbox, with what lies below it (RFC
// 9051 section 6.3.6); name is raw for people. Renames are carried out one after
// the other: what was wanted last of the same mailbox, and of no other since, is
// changed, and nothing is left of it when the mailbox has that name anyway.
func (tx *Tx) WantName(id MailboxID, raw, name string) error {
	b, err := tx.box(id)
	if err != nil || raw == b.shown {
		return err
	}
	if isInbox(b.raw) || isInbox(raw) || b.delim != "" && strings.HasPrefix(raw, b.shown+b.delim) {
		return tx.fail(fmt.Errorf("mailbox %q to %q: %w", b.name, name, ErrImpossible))
	}
	if err := tx.free(b.acct, raw, id); err != nil {
		return tx.fail(fmt.Errorf("mailbox %q: %w", name, err))
	}
	last, ok, err := tx.pending("account = ? AND kind IN ('create', 'rename') ORDER BY id DESC LIMIT 1", b.acct)
	if err != nil {
		return err
	}
	if ok && last.mailbox == id && last.unsettled() == nil {
		if last.kind == IntentCreate {
			return tx.renameUnborn(b, raw, name)
		}
		if err := tx.dropReplaced(b, last, raw); err != nil {
			return err
		}
		if b, err = tx.box(id); err != nil || raw == b.shown {
			return err
		}
	}
	if _, err := tx.addIntent(pending{account: b.acct, kind: IntentRename, mailbox: id, name: raw, label: name}); err != nil {
		return err
	}
	return tx.deriveNames(b.acct)
}

// dropReplaced undoes the last rename of all when another one of the same mailbox
// does in its place. It may be needed on the way: to put a mailbox below the name
// it had, say.
func (tx *Tx) dropReplaced(b box, last pending, raw string) error {
	then, waiting, err := tx.namesAndRenames(b.acct)
	if err != nil {
		return err
	}
	for _, w := range waiting {
		if w.id == last.id {
			w.to = raw
		}
		if carryOut(then, w) == blocked && w.id == last.id {
			return nil
		}
	}
	return tx.undo(last)
}

// renameUnborn gives the mailbox that was made last another name to be made
// under. No mailbox may have it for a key, a gone one neither.
func (tx *Tx) renameUnborn(b box, raw, name string) error {
	var other MailboxID
	taken, err := tx.get("SELECT id FROM mailbox WHERE account = ? AND raw = ?", []any{b.acct, []byte(raw)}, &other)
	if err == nil && taken {
		err = ErrExists
	}
	if err == nil {
		err = tx.passed(b.acct, raw)
	}
	if err != nil {
		err = tx.fail(fmt.Errorf("mailbox %q: %w", name, err))
	} else {
		_, err = tx.exec("UPDATE mailbox SET raw = ?, name = ? WHERE id = ?", []byte(raw), name, b.id)
	}
	if err != nil {
		return err
	}
	tx.namesChanged(b.acct, false)
	return nil
}

// dropBlocked drops the renames of an account that can no longer be carried out,
// but for those that could not before, or may have been.
func (tx *Tx) dropBlocked(acct AccountID, before []IntentID) (dropped []IntentID, err error) {
	for {
		o, err := tx.outlook(acct)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(o.blocked, func(id IntentID) bool { return !slices.Contains(before, id) })
		if i < 0 {
			return dropped, nil
		}
		p, err := tx.intentByID(o.blocked[i])
		if err != nil {
			return nil, err
		}
		if p.unsettled() != nil {
			before = append(before, p.id)
			continue
		}
		if err := tx.undo(p); err != nil {
			return nil, err
		}
		dropped = append(dropped, p.id)
	}
}
