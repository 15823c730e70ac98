package localstore

import (
	"fmt"
	"time"
)

// IntentSent notes, before the command leaves, that it does, with UIDVALIDITY and
// UIDNEXT of the target, by which an outcome that stays unknown is found out (I19).
func (tx *Tx) IntentSent(ids []IntentID, uidvalidity, uidnext uint32) error {
	if err := tx.owner(); err != nil {
		return err
	}
	for _, id := range ids {
		n, err := tx.exec(`UPDATE intent SET state = 'sent', sent_uidvalidity = ?, sent_uidnext = ? WHERE id = ? AND state IN ('queued', 'sent')`,
			uidvalidity, uidnext, id)
		if err == nil && n == 0 {
			err = tx.fail(fmt.Errorf("intent %d waits for nothing to be sent: %w", id, ErrNotFound))
		}
		if err == nil {
			err = tx.startFlags(id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// startFlags notes with which flags a copy begins: those that the server has on
// what it copies, now.
func (tx *Tx) startFlags(id IntentID) error {
	_, err := tx.exec(`UPDATE message SET base = (SELECT m.base FROM intent i JOIN message m ON m.id = i.message WHERE i.id = ?1)
		WHERE id = (SELECT result FROM intent WHERE id = ?1 AND kind = 'copy')`, id)
	return err
}

// IntentFailed puts an intent that was not carried out, for sure, back into the
// queue until retryAt. Without a reason nobody refused it, and it was no try.
func (tx *Tx) IntentFailed(id IntentID, reason string, retryAt time.Time) error {
	n, err := tx.exec(`UPDATE intent SET state = 'queued', tries = tries + (?1 <> ''), reason = ?1, retry_at = ?2,
		sent_uidvalidity = NULL, sent_uidnext = NULL WHERE id = ?3 AND state IN ('queued', 'sent')`, reason, unix(retryAt), id)
	if err == nil && n == 0 {
		err = tx.fail(fmt.Errorf("intent %d waits for no command: %w", id, ErrNotFound))
	}
	return err
}

// IntentDelayed notes that what is left to do of an intent that was sent is not done
// before retryAt: it stays sent.
func (tx *Tx) IntentDelayed(id IntentID, reason string, retryAt time.Time) error {
	n, err := tx.exec("UPDATE intent SET tries = tries + 1, reason = ?, retry_at = ? WHERE id = ? AND state = 'sent'", reason, unix(retryAt), id)
	if err == nil && n == 0 {
		err = tx.fail(fmt.Errorf("intent %d was not sent: %w", id, ErrNotFound))
	}
	return err
}

// ParkIntent leaves an intent to a person.
func (tx *Tx) ParkIntent(id IntentID, reason string) error {
	n, err := tx.exec("UPDATE intent SET state = 'parked', reason = ?, retry_at = NULL WHERE id = ?", reason, id)
	if err == nil && n == 0 {
		err = tx.fail(fmt.Errorf("intent %d: %w", id, ErrNotFound))
	}
	return err
}

// Outcome is what is known of a message that a move, a copy or an append brought.
type Outcome struct {
	UIDValidity uint32 // as APPENDUID or COPYUID said; 0: not said. One that is not the target's makes the UID unknown (I3)
	UID         uint32 // 0: unknown
	Flags       string // what the server has on it, canonical
	// Kept: what was to leave by a move or deletion stays where it was, since nothing
	// expunges it there (I18). These are its flags, \Deleted among them.
	Kept string
}

// IntentDone ends an intent that the server has carried out. A message moved
// vanishes where it was; the row that stands for it, or for a copy or an appended
// message, gets its UID, or waits for a later IntentDone that knows it.
// Flags intents end by themselves: see SetFlags.
func (tx *Tx) IntentDone(run RunID, id IntentID, o Outcome) error {
	p, err := tx.intentByID(id)
	if err != nil {
		return err
	}
	switch p.kind {
	case IntentMove:
		m, err := tx.mailRow(p.message)
		if err == nil && m.leaving == id { // else it left already
			if !m.vanished { // a copy was made, and its source is still there
				err = tx.catchUp(run, p.result, o.UID)
			}
			if err == nil {
				err = tx.left(run, p.message, p.result, o)
			}
		}
		if err == nil {
			err = tx.settle(run, p, o)
		}
		return err
	case IntentCopy, IntentAppend:
		if p.state == Queued {
			err = tx.startFlags(id)
		}
		if err == nil {
			err = tx.settle(run, p, o)
		}
		return err
	case IntentFlags:
		return tx.fail(fmt.Errorf("intent %d is about flags, which SetFlags ends", id))
	}
	if err := tx.deleteIntent(id); err != nil {
		return err
	}
	switch p.kind {
	case IntentExpunge:
		return tx.left(run, p.message, 0, o)
	case IntentCreate:
		return tx.born(p.mailbox, run)
	case IntentRename:
		return tx.renamedTo(p)
	case IntentRemove:
		return tx.removed(p.mailbox, run)
	}
	_, err = tx.exec("UPDATE mailbox SET subscribed = ? WHERE id = ?", p.kind == IntentSubscribe, p.mailbox)
	return err
}

// left is gone, or what there is instead where the message stays: one like any
// other, which everybody sees.
func (tx *Tx) left(run RunID, id, to MessageID, o Outcome) error {
	if o.Kept == "" {
		return tx.gone(run, id, to)
	}
	if err := tx.setLeaving(id, 0); err != nil {
		return err
	}
	return tx.setFlags(run, id, o.Kept, o.Kept)
}

// gone ends a message that left the server at the owner's wish: for the message
// to, or for nowhere (0).
func (tx *Tx) gone(run RunID, id, to MessageID) error {
	if err := tx.setLeaving(id, 0); err != nil {
		return err
	}
	if err := tx.deleteFlagsIntent(id); err != nil {
		return err
	}
	if to == 0 {
		return tx.Vanish(run, []MessageID{id})
	}
	return tx.vanishTo(run, id, to)
}

// vanishTo is Vanish for a message whose new place is known.
func (tx *Tx) vanishTo(run RunID, id, to MessageID) error {
	if _, err := tx.exec("UPDATE message SET vanished_run = ? WHERE id = ? AND vanished_run IS NULL", run, id); err != nil {
		return err
	}
	if err := tx.clearMessageProblems(id); err != nil {
		return err
	}
	_, err := tx.exec(`INSERT INTO event(at, run, kind, generation, message, uid, old, new)
		SELECT ?, ?, 'moved', generation, id, uid, local, ? FROM message WHERE id = ?`, tx.at.Unix(), run, fmt.Sprint(int64(to)), id)
	return err
}

// Moved notes that another client moved a message and where it is now. Flags
// edited here follow it; other intents wait to be decided upon.
func (tx *Tx) Moved(run RunID, from, to MessageID) error {
	m, err := tx.mailRow(from)
	if err != nil {
		return err
	}
	if err := tx.follow(run, m, to); err != nil {
		return err
	}
	if err := tx.deleteFlagsIntent(from); err != nil {
		return err
	}
	return tx.vanishTo(run, from, to)
}

// follow brings what the owner changed in the flags of m to another message.
func (tx *Tx) follow(run any, m mailRow, to MessageID) error {
	n, err := tx.mailRow(to)
	if err != nil {
		return err
	}
	local, err := tx.merge(m.base, m.local, n.local)
	if err != nil || local == n.local {
		return err
	}
	return tx.setFlags(run, n.id, n.base, local)
}
