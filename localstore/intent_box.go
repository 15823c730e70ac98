package localstore

import "fmt"

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
	tx.namesChanged(acct, false)
	return err
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
