package localstore

import (
	"errors"
	"fmt"
	"slices"
)

// Restoring is a message to be put somewhere, with other flags than it has.
type Restoring struct {
	Message MessageID
	Flags   string // canonical
}

// RestoreMessages appends to target what the store holds of messages, vanished
// ones too, with the flags and dates they had. It gives the new ids, in order.
// ErrNotHeld: there is no body.
func (tx *Tx) RestoreMessages(ids []MessageID, target MailboxID) ([]MessageID, error) {
	all := make([]Restoring, len(ids))
	for i, id := range ids {
		m, err := tx.mailRow(id)
		if err != nil {
			return nil, err
		}
		all[i] = Restoring{id, m.local}
	}
	return tx.RestoreWith(all, target)
}

// RestoreWith is RestoreMessages with other flags. Target may be a mailbox of another
// account. Of many thousand each costs little: what a migration begins with.
func (tx *Tx) RestoreWith(all []Restoring, target MailboxID) ([]MessageID, error) {
	return tx.restoreAs(all, target, Queued, nil, nil)
}

// restoreAs says in which state the intents are, and of what is sent what the target is
// like.
func (tx *Tx) restoreAs(all []Restoring, target MailboxID, state IntentState, uidvalidity, uidnext any) ([]MessageID, error) {
	if err := tx.owner(); err != nil {
		return nil, err
	}
	p, err := tx.destination(target)
	if err != nil {
		return nil, err
	}
	made := make([]MessageID, 0, len(all))
	for some := range slices.Chunk(all, restoreRows) {
		ids, err := tx.restoreSome(some, p, []any{state, uidvalidity, uidnext})
		if err != nil {
			return nil, err
		}
		made = append(made, ids...)
	}
	return made, nil
}

// restoreRows is how many messages one statement puts somewhere.
const restoreRows = 250

const (
	restoreMail = `INSERT INTO message(id, generation, size, date, zone, base, local, body, identity)
		SELECT v.column1, ?, b.size, m.date, m.zone, v.column3, v.column3, b.id, CASE x.account WHEN ? THEN m.identity ELSE '' END
		FROM (%s) v CROSS JOIN message m ON m.id = v.column2 CROSS JOIN body b ON b.id = m.body AND b.dropped = 0
		CROSS JOIN generation g ON g.id = m.generation CROSS JOIN mailbox x ON x.id = g.mailbox`
	restoreEvents  = "INSERT INTO event(at, kind, generation, message, old, new) SELECT ?, 'arrived', ?, v.column1, CAST(v.column2 AS TEXT), v.column3 FROM (%s) v"
	restoreIntents = `INSERT INTO intent(account, made, since, kind, state, sent_uidvalidity, sent_uidnext, target, result)
		SELECT a.id, ?, (SELECT max(r.id) FROM run r WHERE r.account = a.id), 'append', ?, ?, ?, ?, v.column1 FROM account a CROSS JOIN (%s) v WHERE a.id = ?`
)

// restoreSome gives messages ids of its own choice, since what is made of what is to be
// noted. The newest id is never that of another, even if that is gone.
func (tx *Tx) restoreSome(some []Restoring, p destination, how []any) ([]MessageID, error) {
	var last MessageID
	if _, err := tx.get("SELECT seq FROM sqlite_sequence WHERE name = 'message'", nil, &last); err != nil {
		return nil, err
	}
	made := make([]MessageID, len(some))
	rows := make([]any, 0, 3*len(some))
	for i, r := range some {
		if why := notCanonical(r.Flags); why != "" {
			return nil, tx.fail(fmt.Errorf("flags %q: %s", r.Flags, why))
		}
		made[i] = last + MessageID(i) + 1
		rows = append(rows, made[i], r.Message, r.Flags)
	}
	triples := values("(?, ?, ?)", len(some))
	n, err := tx.exec(fmt.Sprintf(restoreMail, triples), append([]any{p.gen, p.acct}, rows...)...)
	if err == nil && n != int64(len(some)) {
		err = tx.notRestorable(some)
	}
	if err == nil {
		_, err = tx.exec(fmt.Sprintf(restoreEvents, triples), append([]any{tx.at.Unix(), p.gen}, rows...)...)
	}
	if err == nil {
		_, err = tx.exec(fmt.Sprintf(restoreIntents, triples), slices.Concat([]any{tx.at.Unix()}, how, []any{p.box}, rows, []any{p.acct})...)
	}
	return made, err
}

// notRestorable says which message is not there, or is not held.
func (tx *Tx) notRestorable(some []Restoring) error {
	for _, r := range some {
		m, err := tx.mailRow(r.Message)
		if err == nil && !m.held {
			err = tx.fail(fmt.Errorf("message %d: %w", m.id, ErrNotHeld))
		}
		if err != nil {
			return err
		}
	}
	return tx.fail(errors.New("messages cannot be restored, and nobody knows why"))
}

// RestoreMessage is RestoreWith for one message.
func (tx *Tx) RestoreMessage(id MessageID, target MailboxID, flags string) (MessageID, error) {
	made, err := tx.RestoreWith([]Restoring{{id, flags}}, target)
	if err != nil {
		return 0, err
	}
	return made[0], nil
}

// appendHeld queues the body of m for p, with its local flags and date: a copy of what
// the server cannot copy.
func (tx *Tx) appendHeld(m mailRow, p destination) (MessageID, error) {
	if !m.held {
		return 0, tx.fail(fmt.Errorf("message %d: %w", m.id, ErrNotHeld))
	}
	// What is sent is as large as it is, whatever a server once announced; no server's
	// word counts for the mail of another account.
	n, err := tx.insert(`INSERT INTO message(generation, size, date, zone, base, local, body, identity)
		SELECT ?1, b.size, m.date, m.zone, ?2, ?2, b.id, CASE WHEN ?3 THEN m.identity ELSE '' END
		FROM message m CROSS JOIN body b ON b.id = m.body WHERE m.id = ?4`, p.gen, m.local, m.acct == p.acct, m.id)
	if err != nil {
		return 0, err
	}
	result := MessageID(n)
	if err = tx.localArrived(result); err != nil {
		return 0, err
	}
	_, err = tx.addIntent(pending{account: p.acct, kind: IntentAppend, target: p.box, result: result})
	return result, err
}
