package localstore

import "fmt"

// Restoring is a message to be put somewhere, with other flags than it has.
type Restoring struct {
	Message MessageID
	Flags   string // canonical
}

// RestoreMessages appends to target what the store holds of messages, vanished
// ones too, with the flags and dates they had. It gives the new ids, in order.
// ErrNotHeld: there is no body.
func (tx *Tx) RestoreMessages(ids []MessageID, target MailboxID) ([]MessageID, error) {
	return tx.restore(target, len(ids), func(i int) (mailRow, error) { return tx.mailRow(ids[i]) })
}

// RestoreWith is RestoreMessages with other flags. Target may be a mailbox of another
// account.
func (tx *Tx) RestoreWith(all []Restoring, target MailboxID) ([]MessageID, error) {
	return tx.restore(target, len(all), func(i int) (mailRow, error) {
		if why := notCanonical(all[i].Flags); why != "" {
			return mailRow{}, tx.fail(fmt.Errorf("flags %q: %s", all[i].Flags, why))
		}
		m, err := tx.mailRow(all[i].Message)
		m.local = all[i].Flags
		return m, err
	})
}

// RestoreMessage is RestoreWith for one message.
func (tx *Tx) RestoreMessage(id MessageID, target MailboxID, flags string) (MessageID, error) {
	made, err := tx.RestoreWith([]Restoring{{id, flags}}, target)
	if err != nil {
		return 0, err
	}
	return made[0], nil
}

// restore appends n messages to target.
func (tx *Tx) restore(target MailboxID, n int, message func(int) (mailRow, error)) ([]MessageID, error) {
	if err := tx.owner(); err != nil {
		return nil, err
	}
	p, err := tx.destination(target)
	if err != nil {
		return nil, err
	}
	out := make([]MessageID, n)
	for i := range out {
		m, err := message(i)
		if err != nil {
			return nil, err
		}
		if out[i], err = tx.appendHeld(m, p, m.id); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// appendHeld queues the body of m for p, with its local flags and date. restores is m
// where it is to be put back.
func (tx *Tx) appendHeld(m mailRow, p destination, restores MessageID) (MessageID, error) {
	if !m.held {
		return 0, tx.fail(fmt.Errorf("message %d: %w", m.id, ErrNotHeld))
	}
	// What is sent is as large as it is, whatever a server once announced; no server's
	// word counts for the mail of another account.
	n, err := tx.insert(`INSERT INTO message(generation, size, date, zone, base, local, body, identity)
		SELECT ?1, b.size, m.date, m.zone, ?2, ?2, b.id, CASE WHEN ?3 THEN m.identity ELSE '' END
		FROM message m CROSS JOIN body b ON b.id = m.body WHERE m.id = ?4`, p.gen, m.local, m.acct == p.acct, m.id)
	if err != nil {
		return 0, err
	}
	result := MessageID(n)
	if err = tx.localArrived(result, restores); err != nil {
		return 0, err
	}
	_, err = tx.addIntent(pending{account: p.acct, kind: IntentAppend, target: p.box, result: result})
	return result, err
}
