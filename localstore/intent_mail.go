package localstore

import "fmt"

// mailRow is a message that somebody wants to change, and where it is.
type mailRow struct {
	id          MessageID
	gen         GenerationID
	box         MailboxID
	acct        AccountID
	uid         uint32 // 0: not on the server yet
	base, local string
	held        bool // its body is here, damaged or not
	vanished    bool
	stale       bool // its generation is retired
	away        bool // its mailbox is not on the server, nor about to be
	hidden      bool // its mailbox is about to be removed
	leaving     IntentID
	by          pending // the intent that brings it, while uid is 0
}

// mailRow reads a message as it is; by is left out.
func (tx *Tx) mailRow(id MessageID) (m mailRow, err error) {
	ok, err := tx.get(`SELECT m.id, g.id, x.id, x.account, ifnull(m.uid, 0), m.base, m.local, m.body IS NOT NULL AND NOT EXISTS (SELECT 1 FROM body b WHERE b.id = m.body AND b.dropped = 1), m.vanished_run IS NOT NULL,
		g.retired_run IS NOT NULL, x.detached_run IS NOT NULL AND x.unborn = 0, x.leaving IS NOT NULL, ifnull(m.leaving, 0)
		FROM message m JOIN generation g ON g.id = m.generation JOIN mailbox x ON x.id = g.mailbox WHERE m.id = ?`, []any{id},
		&m.id, &m.gen, &m.box, &m.acct, &m.uid, &m.base, &m.local, &m.held, &m.vanished, &m.stale, &m.away, &m.hidden, &m.leaving)
	if err == nil && !ok {
		err = tx.fail(fmt.Errorf("message %d: %w", id, ErrNotFound))
	}
	return m, err
}

// editable is the message people mean by an id: one that waits to be moved is
// the row that stands for it in its new place. What they no longer see is
// refused.
func (tx *Tx) editable(id MessageID) (mailRow, error) {
	m, err := tx.mailRow(id)
	if err != nil {
		return m, err
	}
	if m.leaving != 0 {
		in, err := tx.intentByID(m.leaving)
		if err != nil {
			return m, err
		}
		if in.kind == IntentMove {
			return tx.editable(in.result)
		}
	}
	if m.vanished || m.hidden || m.leaving != 0 {
		return m, tx.fail(fmt.Errorf("message %d is %w", id, ErrVanished))
	}
	if m.uid == 0 {
		m.by, _, err = tx.pending("result = ?", m.id)
	}
	return m, err
}

// editables are the messages people mean by some ids, two of which may mean the
// same one.
func (tx *Tx) editables(ids []MessageID) ([]mailRow, error) {
	all := make([]mailRow, 0, len(ids))
	for _, id := range ids {
		m, err := tx.editable(id)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// destination is a mailbox that messages can be put into.
type destination struct {
	box  MailboxID
	acct AccountID
	gen  GenerationID
}

// destination gives where in a mailbox a message without UID belongs.
func (tx *Tx) destination(box MailboxID) (p destination, err error) {
	var selectable, away, leaving bool
	p.box = box
	ok, err := tx.get(`SELECT account, selectable, detached_run IS NOT NULL AND unborn = 0, leaving IS NOT NULL FROM mailbox WHERE id = ?`,
		[]any{box}, &p.acct, &selectable, &away, &leaving)
	switch {
	case err != nil:
		return p, err
	case !ok:
		err = ErrNotFound
	case away || leaving:
		err = ErrVanished
	case !selectable:
		err = ErrNotSelectable
	}
	if err != nil {
		return p, tx.fail(fmt.Errorf("mailbox %d: %w", box, err))
	}
	p.gen, err = tx.newestGeneration(box, p.acct)
	return p, err
}

// newestGeneration is the current generation of a mailbox, or a local one made
// for it.
func (tx *Tx) newestGeneration(box MailboxID, acct AccountID) (GenerationID, error) {
	var gen GenerationID
	ok, err := tx.get("SELECT id FROM generation WHERE mailbox = ? AND retired_run IS NULL", []any{box}, &gen)
	if err != nil || ok {
		return gen, err
	}
	run, err := tx.newestRun(acct)
	if err != nil {
		return 0, err
	}
	n, err := tx.insert("INSERT INTO generation(mailbox, uidvalidity, opened_run, local) VALUES (?, 0, ?, 1)", box, run)
	if err != nil {
		return 0, err
	}
	return GenerationID(n), tx.carry(box, GenerationID(n), nil)
}

// newestRun is the run that what the owner does comes after.
func (tx *Tx) newestRun(acct AccountID) (run RunID, err error) {
	ok, err := tx.get("SELECT id FROM run WHERE account = ? ORDER BY id DESC LIMIT 1", []any{acct}, &run)
	if err == nil && !ok {
		err = tx.fail(fmt.Errorf("account %d: %w", acct, ErrNotSynced))
	}
	return run, err
}

// unsent are the messages of mailbox ?1 outside generation ?2 that have no UID.
const unsent = "uid IS NULL AND vanished_run IS NULL AND generation IN (SELECT id FROM generation WHERE mailbox = ?1 AND id <> ?2)"

// carry takes the messages of a mailbox that have no UID yet along into gen.
func (tx *Tx) carry(box MailboxID, gen GenerationID, run any) error {
	_, err := tx.exec(`INSERT INTO event(at, run, kind, generation, message, uid, old, new)
		SELECT ?3, ?4, 'rebound', ?2, id, NULL, local, local FROM message WHERE `+unsent, box, gen, tx.at.Unix(), run)
	if err == nil {
		_, err = tx.exec("UPDATE message SET generation = ?2 WHERE "+unsent, box, gen)
	}
	return err
}
