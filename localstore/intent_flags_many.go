package localstore

import (
	"database/sql"
	"encoding/json"
	"unicode/utf8"
)

// flagsAtOnce is how many messages have their flags written by the same statements.
const flagsAtOnce = 500

// plainFlags finds the changes that nothing else follows from but the end of an
// intent: the messages are present, do not move, are not copied and nothing more is
// wanted of the server. A thousand of them cost what setFlags takes for a hundred.
func (tx *Tx) plainFlags(changes []FlagChange) (map[MessageID]FlagChange, error) {
	plain := make(map[MessageID]FlagChange, len(changes))
	if len(changes) < 2 {
		return nil, nil
	}
	ids := make([]MessageID, 0, len(changes))
	for _, c := range changes {
		if _, twice := plain[c.ID]; twice || !utf8.ValidString(c.Base) || !utf8.ValidString(c.Local) {
			return nil, nil
		}
		plain[c.ID] = c
		ids = append(ids, c.ID)
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, tx.fail(err)
	}
	left := len(plain)
	err = tx.each(plainFlagsQuery, []any{string(list)}, func(rows *sql.Rows) error {
		var id MessageID
		var apart, wanted bool
		if err := rows.Scan(&id, &apart, &wanted); err != nil {
			return err
		}
		left--
		if c := plain[id]; apart || !wanted && lower(c.Base) != lower(c.Local) {
			delete(plain, id)
		}
		return nil
	})
	if left > 0 {
		return nil, err // one of them is not there: setFlags tells which
	}
	return plain, err
}

const plainFlagsQuery = `SELECT m.id, m.leaving IS NOT NULL OR EXISTS (SELECT 1 FROM intent WHERE message = m.id AND kind = 'copy'),
	EXISTS (SELECT 1 FROM intent WHERE message = m.id AND kind = 'flags')
	FROM json_each(?) j CROSS JOIN message m ON m.id = j.value WHERE m.vanished_run IS NULL`

// writeFlagsOf is setFlags for plain changes.
func (tx *Tx) writeFlagsOf(run RunID, changes []FlagChange, plain map[MessageID]FlagChange) error {
	if len(plain) == 0 {
		return nil
	}
	rows := make([][3]any, 0, len(plain))
	for _, c := range changes {
		if _, ok := plain[c.ID]; ok {
			rows = append(rows, [3]any{c.ID, c.Base, c.Local})
		}
	}
	list, err := json.Marshal(rows)
	if err != nil {
		return tx.fail(err)
	}
	if _, err := tx.exec(flagEvents, tx.at.Unix(), run, string(list)); err != nil {
		return err
	}
	if _, err := tx.exec(flagRows, string(list)); err != nil {
		return err
	}
	_, err = tx.exec(flagIntents, string(list))
	return err
}

const (
	flagEvents = `INSERT INTO event(at, run, kind, generation, message, uid, old, new)
		SELECT ?1, ?2, 'flags', m.generation, m.id, m.uid, m.local, j.value ->> 2
		FROM json_each(?3) j CROSS JOIN message m ON m.id = j.value ->> 0 WHERE m.local <> j.value ->> 2`
	flagRows = `UPDATE message SET base = j.base, local = j.local
		FROM (SELECT value ->> 0 AS id, value ->> 1 AS base, value ->> 2 AS local FROM json_each(?)) j WHERE message.id = j.id`
	flagIntents = `DELETE FROM intent WHERE kind = 'flags' AND message IN
		(SELECT m.id FROM json_each(?) j CROSS JOIN message m ON m.id = j.value ->> 0 WHERE lower(m.base) = lower(m.local))`
)
