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
			return tx.appendHeld(m, p)
		}
		result, err := tx.addLocal(m, p, m.base)
		if err != nil {
			return 0, err
		}
		_, err = tx.addIntent(pending{account: m.acct, kind: IntentCopy, target: p.box, message: m.id, result: result})
		return result, err
	})
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
