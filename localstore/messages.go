package localstore

import (
	"fmt"
	"slices"
	"time"
)

// SetFlags sets both flag sets of messages present. History gets the change of
// the local set, which is the one people see. Where the two differ, a flags intent
// waits for the server; where they agree, there is none.
func (tx *Tx) SetFlags(run RunID, changes []FlagChange) error {
	for some := range slices.Chunk(changes, flagsAtOnce) {
		plain, err := tx.plainFlags(some)
		if err == nil {
			err = tx.writeFlagsOf(run, some, plain)
		}
		for _, c := range some {
			if _, done := plain[c.ID]; err == nil && !done {
				err = tx.setFlags(run, c.ID, c.Base, c.Local)
			}
		}
		if err != nil {
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
