package localstore

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"unicode/utf8"
)

// flagsAtOnce is how many messages have their flags written by the same statements.
const flagsAtOnce = 500

// plainFlags finds the changes that nothing else follows from but the end of an
// intent: the messages do not move, are not copied and nothing more is wanted of the
// server. A thousand of them cost what setFlags takes for a hundred.
func (tx *Tx) plainFlags(changes []FlagChange) (map[MessageID]FlagChange, error) {
	plain := make(map[MessageID]FlagChange, len(changes))
	if len(changes) < 2 {
		return nil, nil
	}
	ids, wanting := make([]MessageID, 0, len(changes)), []MessageID{}
	for _, c := range changes {
		if _, twice := plain[c.ID]; twice || !utf8.ValidString(c.Base) || !utf8.ValidString(c.Local) {
			return nil, nil
		}
		plain[c.ID] = c
		ids = append(ids, c.ID)
		if lower(c.Base) != lower(c.Local) {
			wanting = append(wanting, c.ID)
		}
	}
	err := tx.each(moreThanFlags, []any{jsonList(ids), jsonList(wanting)}, func(rows *sql.Rows) error {
		var id MessageID
		err := rows.Scan(&id)
		delete(plain, id)
		return err
	})
	return plain, err
}

// moreThanFlags lists those of messages from whose flags more follows, and those of
// others, of which something is wanted, that have no intent yet.
const moreThanFlags = `SELECT m.id FROM json_each(?1) j CROSS JOIN message m ON m.id = j.value
	WHERE m.leaving IS NOT NULL OR EXISTS (SELECT 1 FROM intent WHERE message = m.id AND kind = 'copy')
	UNION ALL SELECT j.value FROM json_each(?2) j WHERE NOT EXISTS (SELECT 1 FROM intent WHERE message = j.value AND kind = 'flags')`

// writeFlagsOf is setFlags for plain changes.
func (tx *Tx) writeFlagsOf(run RunID, changes []FlagChange, plain map[MessageID]FlagChange) error {
	if len(plain) == 0 {
		return nil
	}
	rows, agreed := make([][3]any, 0, len(plain)), []MessageID{}
	for _, c := range changes {
		if _, ok := plain[c.ID]; !ok {
			continue
		}
		rows = append(rows, [3]any{c.ID, c.Base, c.Local})
		if lower(c.Base) == lower(c.Local) {
			agreed = append(agreed, c.ID)
		}
	}
	list := jsonList(rows)
	if _, err := tx.exec(flagEvents, tx.at.Unix(), run, list); err != nil {
		return err
	}
	n, err := tx.exec(flagRows, list)
	if err == nil && n < int64(len(rows)) { // one of them is not there
		for _, c := range changes {
			err = cmp.Or(err, tx.writeFlags(run, c.ID, c.Base, c.Local))
		}
	}
	if err == nil {
		_, err = tx.exec(flagIntents, jsonList(agreed))
	}
	return err
}

// jsonList is a list of numbers and valid text for json_each.
func jsonList(v any) string {
	list, _ := json.Marshal(v) // which cannot fail with these
	return string(list)
}

const (
	flagEvents = `INSERT INTO event(at, run, kind, generation, message, uid, old, new)
		SELECT ?1, ?2, 'flags', m.generation, m.id, m.uid, m.local, j.value ->> 2
		FROM json_each(?3) j CROSS JOIN message m ON m.id = j.value ->> 0 WHERE m.local <> j.value ->> 2`
	flagRows = `UPDATE message SET base = j.base, local = j.local
		FROM (SELECT value ->> 0 AS id, value ->> 1 AS base, value ->> 2 AS local FROM json_each(?)) j
		WHERE message.id = j.id AND message.vanished_run IS NULL`
	flagIntents = "DELETE FROM intent WHERE kind = 'flags' AND message IN (SELECT value FROM json_each(?))"
)
