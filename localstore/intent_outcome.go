package localstore

import (
	"fmt"
	"strings"
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
// queue until retryAt.
func (tx *Tx) IntentFailed(id IntentID, reason string, retryAt time.Time) error {
	n, err := tx.exec(`UPDATE intent SET state = 'queued', tries = tries + 1, reason = ?, retry_at = ?,
		sent_uidvalidity = NULL, sent_uidnext = NULL WHERE id = ? AND state IN ('queued', 'sent')`, reason, unix(retryAt), id)
	if err == nil && n == 0 {
		err = tx.fail(fmt.Errorf("intent %d waits for no command: %w", id, ErrNotFound))
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
			err = tx.gone(run, p.message, p.result)
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
		return tx.gone(run, p.message, 0)
	case IntentCreate:
		return tx.born(p.mailbox, run)
	case IntentRename:
		return tx.renamedTo(p, run)
	case IntentRemove:
		return tx.removed(p.mailbox, run)
	}
	_, err = tx.exec("UPDATE mailbox SET subscribed = ? WHERE id = ?", p.kind == IntentSubscribe, p.mailbox)
	return err
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

// born notes that a mailbox made here is on the server.
func (tx *Tx) born(id MailboxID, run RunID) error {
	var back bool
	var acct AccountID
	var name string
	ok, err := tx.get("SELECT account, name, detached_run IS NOT NULL FROM mailbox WHERE id = ? AND unborn = 1", []any{id}, &acct, &name, &back)
	if err != nil || !ok {
		return err
	}
	if _, err := tx.exec("UPDATE mailbox SET unborn = 0, detached_run = NULL WHERE id = ?", id); err != nil {
		return err
	}
	if _, err := tx.exec("DELETE FROM intent WHERE mailbox = ? AND kind = 'create'", id); err != nil {
		return err
	}
	if back {
		err = tx.mailboxEvent(run, "back", id, nil, nil)
	} else {
		err = tx.mailboxEvent(run, "created", id, nil, name)
	}
	if err != nil {
		return err
	}
	return tx.rederive(acct)
}

// renamedTo gives a mailbox, and what lies below it, the names the server has
// given them.
func (tx *Tx) renamedTo(p pending, run RunID) error {
	var from, delim, label string
	var raw []byte
	if _, err := tx.get("SELECT raw, name, delim FROM mailbox WHERE id = ?", []any{p.mailbox}, &raw, &label, &delim); err != nil {
		return err
	}
	from = string(raw)
	all, err := tx.names(p.account)
	if err != nil {
		return err
	}
	for _, n := range all {
		to := n.renamed(from, label, delim, p.name, p.label)
		if to.raw == n.raw || n.made > p.id || strings.Contains(n.raw, "\x00") {
			continue
		}
		if err := tx.RenameMailbox(n.id, to.raw, run); err != nil {
			return err
		}
		if _, err := tx.exec("UPDATE mailbox SET name = ? WHERE id = ?", to.name, n.id); err != nil {
			return err
		}
	}
	return tx.deriveNames(p.account)
}

// onServer are the messages present of mailbox ?1.
const onServer = "uid > 0 AND vanished_run IS NULL AND generation IN (SELECT id FROM generation WHERE mailbox = ?1)"

// removed ends a mailbox that the server has removed, with all in it.
func (tx *Tx) removed(id MailboxID, run RunID) error {
	_, err := tx.exec(`INSERT INTO event(at, run, kind, generation, message, uid, old)
		SELECT ?2, ?3, 'vanished', generation, id, uid, local FROM message WHERE `+onServer+" ORDER BY id", id, tx.at.Unix(), run)
	if err != nil {
		return err
	}
	for _, q := range []string{
		"DELETE FROM intent WHERE kind IN ('flags', 'delete') AND message IN (SELECT id FROM message WHERE " + onServer + ")",
		"DELETE FROM problem WHERE mailbox = ?1 OR message IN (SELECT id FROM message WHERE " + onServer + ")",
		"UPDATE message SET leaving = NULL WHERE leaving NOT IN (SELECT id FROM intent) AND " + onServer,
		"UPDATE mailbox SET leaving = NULL WHERE id = ?1",
	} {
		if _, err := tx.exec(q, id); err != nil {
			return err
		}
	}
	if _, err := tx.exec("UPDATE message SET vanished_run = ?2 WHERE "+onServer, id, run); err != nil {
		return err
	}
	var gen GenerationID
	ok, err := tx.get("SELECT id FROM generation WHERE mailbox = ? AND retired_run IS NULL AND local = 0", []any{id}, &gen)
	if err == nil && ok {
		err = tx.RetireGeneration(gen, run)
	}
	if err != nil {
		return err
	}
	return tx.DetachMailbox(id, run)
}
