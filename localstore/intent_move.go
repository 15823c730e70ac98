package localstore

import "fmt"

// MoveMessages takes messages to another mailbox, for people at once: the rows on
// the server become leaving, local rows appear in target. It gives the ids people
// see from now on, in the same order. In the mailbox where it is a message stays
// as it is. One not yet on the server is only put elsewhere, and one that is
// brought back to where it came from is as if it had never moved.
func (tx *Tx) MoveMessages(ids []MessageID, target MailboxID) ([]MessageID, error) {
	return tx.toMailbox(ids, target, func(m mailRow, p destination) (MessageID, error) {
		switch {
		case m.box == target:
			return m.id, nil
		case m.uid == 0:
			return tx.moveLocal(m, p)
		case m.away:
			return 0, tx.fail(fmt.Errorf("message %d: its mailbox is %w on the server", m.id, ErrVanished))
		}
		return tx.move(m, p)
	})
}

// toMailbox does something with messages and a mailbox of their account.
func (tx *Tx) toMailbox(ids []MessageID, target MailboxID, do func(mailRow, destination) (MessageID, error)) ([]MessageID, error) {
	if err := tx.owner(); err != nil {
		return nil, err
	}
	p, err := tx.destination(target)
	if err != nil {
		return nil, err
	}
	all, err := tx.editables(ids)
	if err != nil {
		return nil, err
	}
	out := make([]MessageID, 0, len(ids))
	done := make(map[MessageID]MessageID, len(ids))
	for _, m := range all {
		now, ok := done[m.id]
		if !ok {
			if m.acct != p.acct {
				return nil, tx.fail(fmt.Errorf("message %d, mailbox %d: %w", m.id, target, ErrOtherAccount))
			}
			if now, err = do(m, p); err != nil {
				return nil, err
			}
			done[m.id] = now
		}
		out = append(out, now)
	}
	return out, nil
}

func (tx *Tx) move(m mailRow, p destination) (MessageID, error) {
	result, err := tx.addLocal(m, p, m.base)
	if err != nil {
		return 0, err
	}
	id, err := tx.addIntent(pending{account: m.acct, kind: IntentMove, target: p.box, message: m.id, result: result})
	if err != nil {
		return 0, err
	}
	return result, tx.setLeaving(m.id, id)
}

// moveLocal puts a message that is not on the server elsewhere.
func (tx *Tx) moveLocal(m mailRow, p destination) (MessageID, error) {
	if err := m.by.unsettled(); err != nil {
		return 0, tx.fail(err)
	}
	if m.by.kind == IntentMove {
		source, err := tx.mailRow(m.by.message)
		if err != nil {
			return 0, err
		}
		if source.box == p.box && !source.vanished {
			return source.id, tx.undo(m.by)
		}
	}
	_, err := tx.exec("UPDATE intent SET target = ? WHERE id = ?", p.box, m.by.id)
	if err != nil {
		return 0, err
	}
	// What kept it waiting was said of another mailbox.
	_, err = tx.exec("UPDATE intent SET tries = 0, reason = '', retry_at = NULL WHERE id = ? AND state = 'queued'", m.by.id)
	if err != nil {
		return 0, err
	}
	return m.id, tx.putLocal(m.id, p)
}

// putLocal gives a row without UID its place.
func (tx *Tx) putLocal(id MessageID, p destination) error {
	if err := tx.one("UPDATE message SET generation = ? WHERE id = ?", id, p.gen, id); err != nil {
		return err
	}
	_, err := tx.exec(`INSERT INTO event(at, kind, generation, message, old, new)
		SELECT ?, 'rebound', generation, id, local, local FROM message WHERE id = ?`, tx.at.Unix(), id)
	return err
}

// addLocal makes the row that stands for m in p until the server has it there.
func (tx *Tx) addLocal(m mailRow, p destination, base string) (MessageID, error) {
	id, err := tx.insertLocal(m, p, base)
	if err != nil {
		return 0, err
	}
	return id, tx.localArrived(id)
}

func (tx *Tx) insertLocal(m mailRow, p destination, base string) (MessageID, error) {
	n, err := tx.insert(`INSERT INTO message(generation, size, date, zone, base, local, body, identity)
		SELECT ?, size, date, zone, ?, ?, body, identity FROM message WHERE id = ?`, p.gen, base, m.local, m.id)
	return MessageID(n), err
}

// localArrived notes a message without UID.
func (tx *Tx) localArrived(id MessageID) error {
	_, err := tx.exec(`INSERT INTO event(at, kind, generation, message, new)
		SELECT ?, 'arrived', generation, id, local FROM message WHERE id = ?`, tx.at.Unix(), id)
	return err
}

// setLeaving says which intent takes a message away; 0: it stays.
func (tx *Tx) setLeaving(id MessageID, intent IntentID) error {
	return tx.one("UPDATE message SET leaving = ? WHERE id = ?", id, orNull(intent), id)
}
