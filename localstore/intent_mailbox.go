package localstore

import "fmt"

// CreateMailbox makes a mailbox here that the server shall get. One that was
// there once, under the same raw name, is taken up again with all it holds.
func (tx *Tx) CreateMailbox(acct AccountID, m MailboxInfo) (MailboxID, error) {
	if err := tx.owner(); err != nil {
		return 0, err
	}
	var id MailboxID
	var gone, unborn bool
	known, err := tx.get("SELECT id, detached_run IS NOT NULL, unborn FROM mailbox WHERE account = ? AND raw = ?",
		[]any{acct, []byte(m.Raw)}, &id, &gone, &unborn)
	if err == nil && (known && (!gone || unborn) || isInbox(m.Raw)) {
		err = ErrExists
	}
	if err == nil {
		err = tx.free(acct, m.Raw, id)
	}
	if err == nil {
		err = tx.passed(acct, m.Raw)
	}
	if err != nil {
		return 0, tx.fail(fmt.Errorf("mailbox %q: %w", m.Name, err))
	}
	if known { // what was wanted of it when it was there last is over
		if _, err = tx.exec("DELETE FROM intent WHERE mailbox = ?", id); err == nil {
			_, err = tx.exec("UPDATE mailbox SET unborn = 1, selectable = 1, subscribed = 0, leaving = NULL WHERE id = ?", id)
		}
	} else {
		id, err = tx.insertMailbox(acct, m, true)
	}
	if err != nil {
		return 0, err
	}
	if _, err := tx.addIntent(pending{account: acct, kind: IntentCreate, mailbox: id}); err != nil {
		return 0, err
	}
	if m.Subscribed {
		if _, err := tx.addIntent(pending{account: acct, kind: IntentSubscribe, mailbox: id}); err != nil {
			return 0, err
		}
	}
	tx.namesChanged(acct, known)
	return id, nil
}

// RemoveMailbox hides a mailbox from people until the server has removed it. One
// that the server does not have yet is given up, with all that needs it: the
// intents dropped are returned.
func (tx *Tx) RemoveMailbox(id MailboxID) ([]IntentID, error) {
	b, err := tx.box(id)
	if err != nil {
		return nil, err
	}
	if b.unborn {
		create, _, err := tx.pending("mailbox = ? AND kind = 'create'", id)
		if err != nil {
			return nil, err
		}
		return tx.drop(create)
	}
	if err := tx.removable(b); err != nil {
		return nil, err
	}
	dropped, err := tx.dropRenames(id)
	if err != nil {
		return nil, err
	}
	in, err := tx.addIntent(pending{account: b.acct, kind: IntentRemove, mailbox: id})
	if err != nil {
		return nil, err
	}
	_, err = tx.exec("UPDATE mailbox SET leaving = ? WHERE id = ?", in, id)
	return dropped, err
}

// dropRenames gives up what is wanted of the names of a mailbox.
func (tx *Tx) dropRenames(id MailboxID) (dropped []IntentID, err error) {
	for {
		rename, ok, err := tx.pending("mailbox = ? AND kind = 'rename' ORDER BY id LIMIT 1", id)
		if err != nil || !ok {
			return dropped, err
		}
		also, err := tx.drop(rename)
		if err != nil {
			return nil, err
		}
		dropped = append(dropped, also...)
	}
}

// removable refuses what would take mail along that nobody else has.
func (tx *Tx) removable(b box) error {
	if isInbox(b.raw) {
		return tx.fail(fmt.Errorf("mailbox %q: %w: INBOX stays", b.name, ErrImpossible)) // RFC 9051 section 6.3.5
	}
	var local int
	_, err := tx.get("SELECT count(*) FROM intent WHERE target = ?", []any{b.id}, &local)
	if err == nil && local > 0 {
		err = tx.fail(fmt.Errorf("mailbox %q: %w: %d messages", b.name, ErrNotEmpty, local))
	}
	return err
}

// WantSubscribed subscribes to a mailbox, or ends that.
func (tx *Tx) WantSubscribed(id MailboxID, on bool) error {
	b, err := tx.box(id)
	if err != nil {
		return err
	}
	if _, err := tx.exec("DELETE FROM intent WHERE mailbox = ? AND kind IN ('subscribe', 'unsubscribe')", id); err != nil || b.subscribed == on {
		return err
	}
	_, err = tx.addIntent(pending{account: b.acct, kind: subscription(on), mailbox: id})
	return err
}

func subscription(on bool) IntentKind {
	if on {
		return IntentSubscribe
	}
	return IntentUnsubscribe
}
