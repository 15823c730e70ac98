package localstore

import "fmt"

// RestoreMessages appends to target what the store holds of messages, vanished
// ones too, with the flags and dates they had. It gives the new ids, in order.
// ErrNotHeld: there is no body.
func (tx *Tx) RestoreMessages(ids []MessageID, target MailboxID) ([]MessageID, error) {
	out := make([]MessageID, 0, len(ids))
	p, err := tx.restoreTo(target)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		m, err := tx.mailRow(id)
		if err != nil {
			return nil, err
		}
		if id, err = tx.appendHeld(m, p, m.id); err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, nil
}

// RestoreMessage is RestoreMessages for one message, with other flags than it has.
// Target may be a mailbox of another account.
func (tx *Tx) RestoreMessage(id MessageID, target MailboxID, flags string) (MessageID, error) {
	if why := notCanonical(flags); why != "" {
		return 0, tx.fail(fmt.Errorf("flags %q: %s", flags, why))
	}
	p, err := tx.restoreTo(target)
	if err != nil {
		return 0, err
	}
	m, err := tx.mailRow(id)
	if err != nil {
		return 0, err
	}
	m.local = flags
	return tx.appendHeld(m, p, m.id)
}

func (tx *Tx) restoreTo(target MailboxID) (destination, error) {
	if err := tx.owner(); err != nil {
		return destination{}, err
	}
	return tx.destination(target)
}

// appendHeld queues the body of m for p, with its local flags and date. restores is m
// where it is to be put back.
func (tx *Tx) appendHeld(m mailRow, p destination, restores MessageID) (MessageID, error) {
	if !m.held {
		return 0, tx.fail(fmt.Errorf("message %d: %w", m.id, ErrNotHeld))
	}
	result, err := tx.insertLocal(m, p, m.local)
	if err != nil {
		return 0, err
	}
	if m.acct != p.acct { // no server's word counts for the mail of another
		if err := tx.one("UPDATE message SET identity = '' WHERE id = ?", result, result); err != nil {
			return 0, err
		}
	}
	// What is sent is as large as it is, whatever a server once announced.
	if err = tx.one("UPDATE message SET size = (SELECT size FROM body WHERE body.id = message.body) WHERE id = ?", result, result); err != nil {
		return 0, err
	}
	if err = tx.localArrived(result, restores); err != nil {
		return 0, err
	}
	_, err = tx.addIntent(pending{account: p.acct, kind: IntentAppend, target: p.box, result: result})
	return result, err
}
