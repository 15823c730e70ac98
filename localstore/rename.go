package localstore

import (
	"bytes"
	"fmt"
)

// RenameMailbox gives a mailbox the raw name the server has given it, with all
// it holds. Another mailbox that has this name makes room: it stays under its
// name for people, and its key becomes one no server can send, until it is
// renamed itself or detached. One that was only made here becomes part of it.
// Run 0: the owner's renaming, carried out.
func (tx *Tx) RenameMailbox(id MailboxID, raw string, run RunID) error {
	var acct AccountID
	var key []byte
	ok, err := tx.get("SELECT account, raw FROM mailbox WHERE id = ?", []any{id}, &acct, &key)
	if err == nil && !ok {
		err = tx.fail(fmt.Errorf("mailbox %d: %w", id, ErrNotFound))
	}
	if err != nil || string(key) == raw {
		return err
	}
	merged, err := tx.makeRoom(acct, raw, id)
	if err != nil {
		return err
	}
	if _, err = tx.exec("UPDATE mailbox SET raw = ? WHERE id = ?", []byte(raw), id); err != nil {
		return err
	}
	old, _, _ := bytes.Cut(key, []byte{0}) // it may have made room itself
	if err := tx.mailboxEvent(orNull(run), "renamed", id, string(old), raw); err != nil {
		return err
	}
	tx.namesChanged(acct, merged)
	return nil
}

// makeRoom takes the name raw from whatever mailbox has it, for the mailbox id.
// merged: that was one made here, whose renames are no more.
func (tx *Tx) makeRoom(acct AccountID, raw string, id MailboxID) (merged bool, err error) {
	var other MailboxID
	var unborn bool
	ok, err := tx.get("SELECT id, unborn FROM mailbox WHERE account = ? AND raw = ?", []any{acct, []byte(raw)}, &other, &unborn)
	if err != nil || !ok {
		return false, err
	}
	if _, err := tx.exec("UPDATE mailbox SET raw = CAST(raw || x'00' || id AS BLOB) WHERE id = ?", other); err != nil || !unborn {
		return false, err
	}
	renamed, err := tx.bearRenamed(other)
	if err != nil || renamed {
		return renamed, err
	}
	return true, tx.absorb(other, id)
}

// bearRenamed lets a mailbox made here, which was to be renamed then, be made
// under its last name. false: it keeps its first one.
func (tx *Tx) bearRenamed(id MailboxID) (bool, error) {
	n, err := tx.exec(`UPDATE mailbox SET raw = wanted, name = wanted_name, wanted = NULL, wanted_name = NULL WHERE id = ?1 AND wanted IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM mailbox o WHERE o.account = mailbox.account AND o.raw = mailbox.wanted)`, id)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = tx.exec("DELETE FROM intent WHERE mailbox = ? AND kind = 'rename'", id)
	return true, err
}

// absorb takes what waits for a mailbox made here into another one, which is on
// the server under its name: what it was to be made for is there, and is not to be
// removed then.
func (tx *Tx) absorb(unborn, into MailboxID) error {
	p := destination{box: into}
	if _, err := tx.get("SELECT account FROM mailbox WHERE id = ?", []any{into}, &p.acct); err != nil {
		return err
	}
	var err error
	if p.gen, err = tx.newestGeneration(into, p.acct); err != nil {
		return err
	}
	if _, err := tx.exec("DELETE FROM intent WHERE mailbox = ? AND kind = 'remove'", into); err != nil {
		return err
	}
	if _, err := tx.exec("UPDATE mailbox SET leaving = NULL WHERE id = ?", into); err != nil {
		return err
	}
	for {
		in, ok, err := tx.pending("target = ? LIMIT 1", unborn)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if _, err := tx.exec("UPDATE intent SET target = ? WHERE id = ?", into, in.id); err != nil {
			return err
		}
		if err := tx.putLocal(in.result, p); err != nil {
			return err
		}
	}
	if _, err := tx.exec("DELETE FROM intent WHERE mailbox = ?", unborn); err != nil {
		return err
	}
	return tx.giveUp(unborn)
}
