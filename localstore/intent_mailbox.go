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
	if err != nil {
		return 0, tx.fail(fmt.Errorf("mailbox %q: %w", m.Name, err))
	}
	if known {
		_, err = tx.exec("UPDATE mailbox SET unborn = 1, selectable = 1 WHERE id = ?", id)
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
	return id, tx.rederive(acct)
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

// box is a mailbox that the owner wants to change.
type box struct {
	id                       MailboxID
	acct                     AccountID
	raw, name, delim         string
	shown                    string // the raw name wanted
	unborn, subscribed, gone bool
}

// box refuses those that people do not see.
func (tx *Tx) box(id MailboxID) (b box, err error) {
	if err := tx.owner(); err != nil {
		return b, err
	}
	var raw, shown []byte
	ok, err := tx.get(`SELECT id, account, raw, ifnull(wanted, raw), name, delim, unborn, subscribed, detached_run IS NOT NULL AND unborn = 0 OR leaving IS NOT NULL
		FROM mailbox WHERE id = ?`, []any{id}, &b.id, &b.acct, &raw, &shown, &b.name, &b.delim, &b.unborn, &b.subscribed, &b.gone)
	b.raw, b.shown = string(raw), string(shown)
	switch {
	case err != nil:
		return b, err
	case !ok:
		err = ErrNotFound
	case b.gone:
		err = ErrVanished
	default:
		return b, nil
	}
	return b, tx.fail(fmt.Errorf("mailbox %d: %w", id, err))
}

// free refuses a raw name that a mailbox other than id has, or shall have.
func (tx *Tx) free(acct AccountID, raw string, id MailboxID) error {
	var other MailboxID
	taken, err := tx.get(`SELECT id FROM mailbox WHERE account = ?1 AND id <> ?3 AND (detached_run IS NULL OR unborn = 1)
		AND (ifnull(wanted, raw) = ?2 OR raw = ?2 AND leaving IS NOT NULL) LIMIT 1`, []any{acct, []byte(raw), id}, &other)
	if err == nil && taken {
		err = ErrExists
	}
	return err
}

// giveUp ends a mailbox that does not come to the server after all. It stays, as
// one that is not there, where history speaks of it.
func (tx *Tx) giveUp(id MailboxID) error {
	var acct AccountID
	var known bool
	_, err := tx.get(`SELECT account, detached_run IS NOT NULL OR EXISTS (SELECT 1 FROM generation g JOIN message m ON m.generation = g.id
		WHERE g.mailbox = mailbox.id) FROM mailbox WHERE id = ?`, []any{id}, &acct, &known)
	if err == nil && known {
		err = tx.detachUnborn(id, acct)
	} else if err == nil {
		err = tx.forget(id)
	}
	if err != nil {
		return err
	}
	return tx.rederive(acct)
}

func (tx *Tx) forget(id MailboxID) error {
	if err := tx.ClearMailboxProblems(id); err != nil {
		return err
	}
	if _, err := tx.exec("DELETE FROM generation WHERE mailbox = ?", id); err != nil {
		return err
	}
	_, err := tx.exec("DELETE FROM mailbox WHERE id = ?", id)
	return err
}

func (tx *Tx) detachUnborn(id MailboxID, acct AccountID) error {
	run, err := tx.newestRun(acct)
	if err != nil {
		return err
	}
	if _, err := tx.exec("UPDATE mailbox SET unborn = 0 WHERE id = ?", id); err != nil {
		return err
	}
	n, err := tx.exec("UPDATE mailbox SET detached_run = ? WHERE id = ? AND detached_run IS NULL", run, id)
	if err != nil || n == 0 {
		return err
	}
	return tx.mailboxEvent(nil, "detached", id, nil, nil)
}

// isInbox: its name is the only one without case (I23).
func isInbox(raw string) bool { return lower(raw) == "inbox" }
