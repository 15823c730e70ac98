package localstore

import "strings"

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
	tx.namesChanged(acct, false)
	return err
}

// renamedTo gives a mailbox, and what lies below it, the names the server has
// given them.
func (tx *Tx) renamedTo(p pending) error {
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
		if err := tx.RenameMailbox(n.id, to.raw, 0); err != nil {
			return err
		}
		if _, err := tx.exec("UPDATE mailbox SET name = ? WHERE id = ?", to.name, n.id); err != nil {
			return err
		}
	}
	tx.namesChanged(p.account, true)
	return nil
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
