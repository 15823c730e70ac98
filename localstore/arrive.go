package localstore

import "fmt"

// Arrive adds messages the server has and the store does not, with base and
// local flags the same and no body. Ids are given in the order of the arrivals.
// A UID that vanished before and shows up again in the same generation is the
// same message (I1): its row, id and body return. So does a row that IntentDone
// gave this UID: what the server says of it is merged with what the owner edited.
// Any other UID that is present already is an error.
func (tx *Tx) Arrive(run RunID, gen GenerationID, arrivals []Arrival) ([]MessageID, error) {
	some, err := tx.knownAny(gen, arrivals)
	if err != nil {
		return nil, err
	}
	var plain map[uint32]MessageID
	if some {
		if plain, err = tx.listPlainly(gen, arrivals); err != nil {
			return nil, err
		}
	}
	ids := make([]MessageID, len(arrivals))
	for i, a := range arrivals {
		if ids[i] = plain[a.UID]; ids[i] != 0 {
			delete(plain, a.UID)
		} else if some {
			ids[i], err = tx.arrive(run, gen, a)
		} else {
			ids[i], err = tx.addRow(gen, a)
		}
		if err != nil {
			return nil, fmt.Errorf("generation %d, uid %d: %w", gen, a.UID, err)
		}
	}
	if !some && len(ids) > 0 {
		err = tx.arrivedAll(run, ids[0], ids[len(ids)-1])
	}
	if err == nil {
		err = tx.dueArrived(gen)
	}
	return ids, err
}

// knownAny tells whether any row between the lowest and the highest UID may be one
// of the arrivals; nearly always none is.
func (tx *Tx) knownAny(gen GenerationID, arrivals []Arrival) (some bool, err error) {
	if len(arrivals) == 0 {
		return false, nil
	}
	low, high := arrivals[0].UID, arrivals[0].UID
	for _, a := range arrivals {
		low, high = min(low, a.UID), max(high, a.UID)
	}
	_, err = tx.get(knownAnyQuery, []any{gen, low, high}, &some)
	return some, err
}

const knownAnyQuery = `SELECT EXISTS (SELECT 1 FROM message WHERE generation = ?1 AND uid BETWEEN ?2 AND ?3 AND vanished_run IS NULL AND unlisted = 1)
	OR EXISTS (SELECT 1 FROM message WHERE generation = ?1 AND uid BETWEEN ?2 AND ?3 AND vanished_run IS NOT NULL)`

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
	id, err := tx.addRow(gen, a)
	if err != nil {
		return 0, err
	}
	return id, tx.arrived(run, gen, id, a)
}

// addRow adds a row without its event.
func (tx *Tx) addRow(gen GenerationID, a Arrival) (MessageID, error) {
	n, err := tx.insert(`INSERT INTO message(generation, uid, size, date, zone, base, local, identity, labels)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, nullif(?8, ''))`,
		gen, a.UID, size(a.Size), unix(a.Date), zoneOf(a.Date), a.Flags, a.Identity, a.Labels)
	return MessageID(n), err
}

// arrivedAll is the history of rows that were added one after the other.
func (tx *Tx) arrivedAll(run RunID, first, last MessageID) error {
	_, err := tx.exec(`INSERT INTO event(at, run, kind, generation, message, uid, new)
		SELECT ?1, ?2, 'arrived', generation, id, uid, local FROM message WHERE id BETWEEN ?3 AND ?4 ORDER BY id`,
		tx.at.Unix(), run, first, last)
	return err
}

// arriveAgain brings a vanished message back. A body found damaged while nobody
// needed it is fetched again.
func (tx *Tx) arriveAgain(run RunID, gen GenerationID, id MessageID, a Arrival) error {
	local, err := tx.editKept(id, a.Flags)
	if err != nil {
		return err
	}
	_, err = tx.exec(`UPDATE message SET vanished_run = NULL, base = ?2, local = ?2, labels = nullif(?3, ''),
		body = (SELECT b.id FROM body b WHERE b.id = message.body AND b.damaged = b.dropped) WHERE id = ?1`, id, a.Flags, a.Labels)
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
