package localstore

import (
	"fmt"
	"time"
)

// CopyMessages makes copies of messages in target and gives their ids, in order.
// The server copies what it has; the others are appended.
func (tx *Tx) CopyMessages(ids []MessageID, target MailboxID) ([]MessageID, error) {
	return tx.toMailbox(ids, target, func(m mailRow, p destination) (MessageID, error) {
		if m.uid == 0 || m.away || m.stale {
			return tx.restore(m, p)
		}
		result, err := tx.addLocal(m, p, m.base)
		if err != nil {
			return 0, err
		}
		_, err = tx.addIntent(pending{account: m.acct, kind: IntentCopy, target: p.box, message: m.id, result: result})
		return result, err
	})
}

// RestoreMessages appends to target what the store holds of messages, vanished
// ones too, with the flags and dates they had. It gives the new ids, in order.
// ErrNotHeld: there is no body.
func (tx *Tx) RestoreMessages(ids []MessageID, target MailboxID) ([]MessageID, error) {
	if err := tx.owner(); err != nil {
		return nil, err
	}
	p, err := tx.destination(target)
	if err != nil {
		return nil, err
	}
	out := make([]MessageID, 0, len(ids))
	for _, id := range ids {
		m, err := tx.mailRow(id)
		if err != nil {
			return nil, err
		}
		if id, err = tx.restore(m, p); err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, nil
}

func (tx *Tx) restore(m mailRow, p destination) (MessageID, error) {
	if !m.held {
		return 0, tx.fail(fmt.Errorf("message %d: %w", m.id, ErrNotHeld))
	}
	result, err := tx.addLocal(m, p, m.local)
	if err != nil {
		return 0, err
	}
	// What is sent is as large as it is, whatever a server once announced.
	if err = tx.one("UPDATE message SET size = (SELECT size FROM body WHERE body.id = message.body) WHERE id = ?", result, result); err != nil {
		return 0, err
	}
	_, err = tx.addIntent(pending{account: p.acct, kind: IntentAppend, target: p.box, result: result})
	return result, err
}

// AppendMessage puts a new message into a mailbox. The body comes from
// Packer.Pack, or from Stage where it is larger than ChunkSize; flags are
// canonical, date is the INTERNALDATE it shall have, with its zone.
func (tx *Tx) AppendMessage(mailbox MailboxID, body *Packed, flags string, date time.Time) (MessageID, error) {
	if err := tx.owner(); err != nil {
		return 0, err
	}
	if why := notCanonical(flags); why != "" {
		return 0, tx.fail(fmt.Errorf("flags %q: %s", flags, why))
	}
	p, err := tx.destination(mailbox)
	if err != nil {
		return 0, err
	}
	n, err := tx.insert(`INSERT INTO message(generation, size, date, zone, base, local) VALUES (?1, ?2, ?3, ?4, ?5, ?5)`,
		p.gen, body.Size, unix(date), zoneOf(date), flags)
	if err != nil {
		return 0, err
	}
	id := MessageID(n)
	if err := tx.localArrived(id); err != nil {
		return 0, err
	}
	_, err = tx.addIntent(pending{account: p.acct, kind: IntentAppend, target: p.box, result: id})
	if err != nil {
		return 0, err
	}
	return id, tx.PutBody(id, body)
}
