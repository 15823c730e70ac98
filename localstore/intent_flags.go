package localstore

import (
	"errors"
	"fmt"
)

// EditFlags adds and removes flags of messages, both canonical sets. People see
// it at once. A message on the server has a flags intent exactly while its local
// flags are not its base; one that is not there yet takes its flags along.
func (tx *Tx) EditFlags(ids []MessageID, add, remove string) error {
	if err := tx.owner(); err != nil {
		return err
	}
	for _, flags := range []string{add, remove} {
		if why := notCanonical(flags); why != "" {
			return tx.fail(fmt.Errorf("flags %q: %s", flags, why))
		}
	}
	for _, id := range ids {
		m, err := tx.editable(id)
		if err != nil {
			return err
		}
		local, err := tx.merge(remove, add, m.local) // what add has and remove has not is wanted, and the other way round
		if err != nil {
			return err
		}
		if err := tx.editFlags(m, local); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) editFlags(m mailRow, local string) error {
	switch {
	case local == m.local:
		return nil
	case m.uid != 0 && m.away:
		return tx.fail(fmt.Errorf("message %d: its mailbox is %w on the server", m.id, ErrVanished))
	case m.uid != 0:
		return tx.wantFlags(m.id, local)
	case m.by.kind == IntentMove:
		source, err := tx.mailRow(m.by.message)
		if err == nil && !source.vanished {
			return tx.wantFlags(source.id, local) // shows on the result too
		}
		if err != nil {
			return err
		}
	}
	base := m.base
	if m.by.kind == IntentAppend && m.by.unsettled() == nil {
		base = local // goes with it
	}
	return tx.writeFlags(nil, m.id, base, local)
}

// wantFlags sets the local flags of a message on the server; what kept its
// intent waiting may not concern the flags it is about now.
func (tx *Tx) wantFlags(id MessageID, local string) error {
	m, err := tx.mailRow(id)
	if err != nil {
		return err
	}
	base, err := tx.perhapsThere(m, local)
	if err != nil {
		return err
	}
	if err := tx.setFlags(nil, id, base, local); err != nil {
		return err
	}
	_, err = tx.exec("UPDATE intent SET state = 'queued', tries = 0, reason = '', retry_at = NULL WHERE message = ? AND kind = 'flags'", id)
	return err
}

// perhapsThere is the base for other local flags. What waited while a run was under way
// may have reached the server without the store hearing of it: if it is taken back now,
// the server has to be told, so it counts as there until its flags are read again.
func (tx *Tx) perhapsThere(m mailRow, local string) (string, error) {
	tried, err := tx.get(`SELECT 1 FROM intent i WHERE i.message = ? AND i.kind = 'flags'
		AND ifnull(i.since, 0) < (SELECT max(id) FROM run WHERE account = i.account)`, []any{m.id}, new(int))
	if err != nil || !tried {
		return m.base, err
	}
	base, err := tx.merge(local, m.local, m.base)
	if err != nil || base == m.base {
		return m.base, err
	}
	_, err = tx.exec("UPDATE generation SET highestmodseq = 0 WHERE id = ?", m.gen)
	return base, err
}

// merge is Options.Merge.
func (tx *Tx) merge(base, local, remote string) (string, error) {
	if tx.s.merge == nil {
		return "", tx.fail(errors.New("flags cannot be merged: the store was opened without Options.Merge"))
	}
	return tx.s.merge(base, local, remote), nil
}
