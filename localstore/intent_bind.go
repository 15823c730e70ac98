package localstore

import (
	"fmt"
	"slices"
	"strings"
)

// settle gives the result of a move, a copy or an append its UID, or lets it wait.
func (tx *Tx) settle(run RunID, p pending, o Outcome) error {
	m, err := tx.mailRow(p.result)
	if err != nil {
		return err
	}
	var uidvalidity uint32
	var local bool
	if _, err := tx.get("SELECT uidvalidity, local FROM generation WHERE id = ?", []any{m.gen}, &uidvalidity, &local); err != nil {
		return err
	}
	switch {
	case o.UID != 0 && local:
		return tx.fail(fmt.Errorf("intent %d: UID %d in a mailbox without generation", p.id, o.UID))
	case o.UID == 0 || m.stale || o.UIDValidity != 0 && o.UIDValidity != uidvalidity:
		_, err := tx.exec("UPDATE intent SET state = 'done', reason = '', retry_at = NULL WHERE id = ?", p.id)
		return err
	}
	if err := tx.deleteIntent(p.id); err != nil {
		return err
	}
	return tx.bind(run, m, o)
}

// bind makes a local row the message that the server has under a UID.
func (tx *Tx) bind(run RunID, m mailRow, o Outcome) error {
	var there MessageID
	known, err := tx.get("SELECT id FROM message WHERE generation = ? AND uid = ? AND vanished_run IS NULL", []any{m.gen, o.UID}, &there)
	if err != nil {
		return err
	}
	if known {
		return tx.fold(run, m, there)
	}
	local, err := tx.merge(m.base, m.local, o.Flags)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO event(at, run, kind, generation, message, uid, old, new)
		SELECT ?, ?, 'rebound', generation, id, ?, local, ? FROM message WHERE id = ?`, tx.at.Unix(), run, o.UID, local, m.id)
	if err != nil {
		return err
	}
	err = tx.one("UPDATE message SET uid = ?, base = ?, local = ?, unlisted = 1 WHERE id = ?", m.id, o.UID, o.Flags, local, m.id)
	if err != nil {
		return err
	}
	return tx.flagsFollow(run, m.id, o.Flags, local)
}

// fold ends a local row whose message has arrived as another one, which gets
// what was changed here. Bytes that the server does not have stay in history.
func (tx *Tx) fold(run RunID, m mailRow, there MessageID) error {
	if err := tx.follow(run, m, there); err != nil {
		return err
	}
	_, err := tx.exec(`UPDATE message SET body = (SELECT body FROM message m WHERE m.id = ?2) WHERE id = ?1 AND body IS NULL
		AND ifnull(size = (SELECT size FROM message m WHERE m.id = ?2), 1)`, there, m.id)
	if err != nil {
		return err
	}
	if err := tx.vanishTo(run, m.id, there); err != nil {
		return err
	}
	var needless bool
	_, err = tx.get("SELECT body IS NULL OR body IS (SELECT body FROM message o WHERE o.id = ?) FROM message WHERE id = ?",
		[]any{there, m.id}, &needless)
	if err == nil && needless {
		_, err = tx.exec("DELETE FROM message WHERE id = ?", m.id)
	}
	return err
}

// catchUp brings to a copy that was made earlier what has happened to the flags of its
// source since: only now that goes. The copy began with the flags with which it
// arrived. What marks the source as deleted is about that alone.
func (tx *Tx) catchUp(run RunID, result MessageID, uid uint32) error {
	m, err := tx.mailRow(result)
	if err != nil || m.stale || uid == 0 {
		return err
	}
	var there MessageID
	var began string
	known, err := tx.get(`SELECT m.id, e.new FROM message m JOIN event e ON e.message = m.id AND e.kind = 'arrived'
		WHERE m.generation = ? AND m.uid = ? AND m.vanished_run IS NULL ORDER BY e.id DESC LIMIT 1`, []any{m.gen, uid}, &there, &began)
	if err != nil || !known {
		return err
	}
	return tx.follow(run, mailRow{base: unmarked(began), local: unmarked(m.local)}, there)
}

// unmarked are flags without \Deleted.
func unmarked(flags string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(flags), func(f string) bool { return strings.EqualFold(f, `\Deleted`) }), " ")
}

// arriveBound takes in what the server says of a message that was bound before
// any listing had it. A size that is not the one sent shows other bytes: a message
// of its own, which takes over; what was sent stays in history.
func (tx *Tx) arriveBound(run RunID, gen GenerationID, id MessageID, a Arrival) (MessageID, error) {
	m, err := tx.mailRow(id)
	if err != nil {
		return 0, err
	}
	n, err := tx.exec(`UPDATE message SET unlisted = 0, size = coalesce(?2, size), identity = ?3, labels = nullif(?4, '')
		WHERE id = ?1 AND ifnull(size = ?2, 1)`, id, size(a.Size), a.Identity, a.Labels)
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return tx.arriveInstead(run, gen, m, a)
	}
	if !a.Date.IsZero() {
		if err := tx.one("UPDATE message SET date = ?, zone = ? WHERE id = ?", id, unix(a.Date), zoneOf(a.Date), id); err != nil {
			return 0, err
		}
	}
	local, err := tx.merge(m.base, m.local, a.Flags)
	if err != nil {
		return 0, err
	}
	return id, tx.setFlags(run, id, a.Flags, local)
}

// arriveInstead adds a message in the place of m, with what the owner wants of m.
func (tx *Tx) arriveInstead(run RunID, gen GenerationID, m mailRow, a Arrival) (MessageID, error) {
	if err := tx.one("UPDATE message SET vanished_run = ?, leaving = NULL, unlisted = 0 WHERE id = ?", m.id, run, m.id); err != nil {
		return 0, err
	}
	id, err := tx.addArrival(run, gen, a)
	if err != nil {
		return 0, err
	}
	if err := tx.vanishTo(run, m.id, id); err != nil {
		return 0, err
	}
	if err := tx.deleteFlagsIntent(m.id); err != nil {
		return 0, err
	}
	if _, err := tx.exec("UPDATE intent SET message = ? WHERE message = ?", id, m.id); err != nil {
		return 0, err
	}
	if err := tx.setLeaving(id, m.leaving); err != nil {
		return 0, err
	}
	local, err := tx.merge(m.base, m.local, a.Flags)
	if err != nil {
		return 0, err
	}
	return id, tx.setFlags(run, id, a.Flags, local)
}

// editKept is what the flags of a vanished message are when it comes back: as the
// server has them, with what the owner still wants changed.
func (tx *Tx) editKept(id MessageID, remote string) (string, error) {
	var wanted bool
	_, err := tx.get("SELECT EXISTS (SELECT 1 FROM intent WHERE message = ? AND kind = 'flags')", []any{id}, &wanted)
	if err != nil || !wanted {
		return remote, err
	}
	m, err := tx.mailRow(id)
	if err != nil {
		return "", err
	}
	return tx.merge(m.base, m.local, remote)
}

// size is an announced size for a column, NULL when unknown.
func size(n int64) any {
	if n < 0 {
		return nil
	}
	return n
}
