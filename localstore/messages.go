package localstore

import (
	"fmt"
	"time"
)

// Arrive adds messages the server has and the store does not, with base and
// local flags the same and no body. Ids are given in the order of the arrivals.
// A UID that vanished before and shows up again in the same generation is the
// same message (I1): its row, id and body return. So does a row that IntentDone
// gave this UID: what the server says of it is merged with what the owner edited.
// Any other UID that is present already is an error.
func (tx *Tx) Arrive(run RunID, gen GenerationID, arrivals []Arrival) ([]MessageID, error) {
	ids := make([]MessageID, 0, len(arrivals))
	for _, a := range arrivals {
		id, err := tx.arrive(run, gen, a)
		if err != nil {
			return nil, fmt.Errorf("generation %d, uid %d: %w", gen, a.UID, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (tx *Tx) arrive(run RunID, gen GenerationID, a Arrival) (MessageID, error) {
	var known MessageID
	var bound bool
	ok, err := tx.get(knownQuery, []any{gen, a.UID, size(a.Size), unix(a.Date)}, &known, &bound)
	switch {
	case err != nil:
		return 0, err
	case !ok:
		return tx.addArrival(run, gen, a)
	case bound:
		return tx.arriveBound(run, gen, known, a)
	}
	return known, tx.arriveAgain(run, gen, known, a)
}

// knownQuery finds the row that an arrival may be: bound to its UID by us, or
// vanished there. Size and date must agree as far as both are known.
const knownQuery = `SELECT id, 1 FROM message WHERE generation = ?1 AND uid = ?2 AND vanished_run IS NULL AND unlisted = 1
	UNION ALL SELECT * FROM (SELECT id, 0 FROM message WHERE generation = ?1 AND uid = ?2 AND vanished_run IS NOT NULL
		AND ifnull(size = ?3, 1) AND ifnull(date = ?4, 1) ORDER BY id DESC LIMIT 1) LIMIT 1`

func (tx *Tx) addArrival(run RunID, gen GenerationID, a Arrival) (MessageID, error) {
	n, err := tx.insert(`INSERT INTO message(generation, uid, size, date, zone, base, local, identity, labels)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, nullif(?8, ''))`,
		gen, a.UID, size(a.Size), unix(a.Date), zoneOf(a.Date), a.Flags, a.Identity, a.Labels)
	if err != nil {
		return 0, err
	}
	return MessageID(n), tx.arrived(run, gen, MessageID(n), a)
}

// arriveAgain brings a vanished message back. A body found damaged while nobody
// needed it is fetched again.
func (tx *Tx) arriveAgain(run RunID, gen GenerationID, id MessageID, a Arrival) error {
	local, err := tx.editKept(id, a.Flags)
	if err != nil {
		return err
	}
	_, err = tx.exec(`UPDATE message SET vanished_run = NULL, base = ?2, local = ?2, labels = nullif(?3, ''),
		body = (SELECT b.id FROM body b WHERE b.id = message.body AND b.damaged = 0) WHERE id = ?1`, id, a.Flags, a.Labels)
	if err == nil {
		err = tx.arrived(run, gen, id, a)
	}
	if err == nil {
		err = tx.setFlags(run, id, a.Flags, local)
	}
	return err
}

func (tx *Tx) arrived(run RunID, gen GenerationID, id MessageID, a Arrival) error {
	_, err := tx.exec(`INSERT INTO event(at, run, kind, generation, message, uid, new) VALUES (?, ?, 'arrived', ?, ?, ?, ?)`,
		tx.at.Unix(), run, gen, id, a.UID, a.Flags)
	return err
}

// SetFlags sets both flag sets of messages present. History gets the change of
// the local set, which is the one people see. Where the two differ, a flags intent
// waits for the server; where they agree, there is none.
func (tx *Tx) SetFlags(run RunID, changes []FlagChange) error {
	for _, c := range changes {
		if err := tx.setFlags(run, c.ID, c.Base, c.Local); err != nil {
			return err
		}
	}
	return nil
}

// Vanish notes that messages are gone from the server. Rows and bodies stay;
// their problems go. The intents about them stay, to be decided upon. One that
// vanished already stays as it was.
func (tx *Tx) Vanish(run RunID, ids []MessageID) error {
	for _, id := range ids {
		n, err := tx.exec("UPDATE message SET vanished_run = ? WHERE id = ? AND vanished_run IS NULL", run, id)
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		if err := tx.clearMessageProblems(id); err != nil {
			return err
		}
		_, err = tx.exec(`INSERT INTO event(at, run, kind, generation, message, uid, old)
			SELECT ?, ?, 'vanished', generation, id, uid, local FROM message WHERE id = ?`, tx.at.Unix(), run, id)
		if err != nil {
			return err
		}
	}
	return nil
}

// Rebind moves messages present in a retired generation to where the server has
// them now (I2). Id, body, size, date and what the owner wants of them stay.
func (tx *Tx) Rebind(run RunID, moves []Rebind) error {
	for _, m := range moves {
		_, err := tx.exec(`INSERT INTO event(at, run, kind, generation, message, uid, old, new)
			SELECT ?, ?, 'rebound', ?, id, ?, local, ? FROM message WHERE id = ?`,
			tx.at.Unix(), run, m.Generation, m.UID, m.Local, m.ID)
		if err != nil {
			return err
		}
		err = tx.one(`UPDATE message SET generation = ?, uid = ?, unlisted = 0, base = ?, local = ?, identity = ?, labels = nullif(?, '')
			WHERE id = ? AND vanished_run IS NULL`, m.ID, m.Generation, m.UID, m.Base, m.Local, m.Identity, m.Labels, m.ID)
		if err == nil {
			err = tx.flagsFollow(run, m.ID, m.Base, m.Local)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// one runs an UPDATE that must meet exactly the message id.
func (tx *Tx) one(q string, id MessageID, args ...any) error {
	n, err := tx.exec(q, args...)
	if err == nil && n != 1 {
		err = tx.fail(fmt.Errorf("message %d: %w", id, ErrNotFound))
	}
	return err
}

// zoneOf is the offset of t in minutes east of UTC.
func zoneOf(t time.Time) int {
	_, seconds := t.Zone()
	return seconds / 60
}
