package localstore

import (
	"database/sql"
	"fmt"
	"slices"
)

// Appended is an append that the server carried out.
type Appended struct {
	Intent IntentID
	Result MessageID // of the intent
	Outcome
}

// IntentsAppended is IntentDone for appends, some dozens at a time at best: SQLite
// journals the pages that a statement touches anew for every statement. Of many
// thousand in a row nearly all are as simple as can be: the server told the UID, nobody
// changed the flags of the message meanwhile, and no listing had it before.
func (tx *Tx) IntentsAppended(run RunID, all []Appended) error {
	plain, rest := plainly(all)
	for some := range slices.Chunk(plain, restoreRows) {
		odd, err := tx.appendedSome(run, some)
		if err != nil {
			return err
		}
		rest = append(rest, odd...)
	}
	for _, a := range rest {
		if err := tx.IntentDone(run, a.Intent, a.Outcome); err != nil {
			return err
		}
	}
	return nil
}

// plainly parts those of which the server told a UID, and told it once, from the rest.
func plainly(all []Appended) (plain, rest []Appended) {
	type place struct{ uidvalidity, uid uint32 }
	told := map[place]int{}
	for _, a := range all {
		told[place{a.UIDValidity, a.UID}]++
	}
	for _, a := range all {
		if a.UID != 0 && a.UIDValidity != 0 && told[place{a.UIDValidity, a.UID}] == 1 {
			plain = append(plain, a)
		} else {
			rest = append(rest, a)
		}
	}
	return plain, rest
}

const (
	boundPlainly = `UPDATE message SET uid = v.column3, unlisted = 1 FROM (%s) v WHERE message.id = v.column1 AND base = v.column5 AND local = v.column5
		AND uid IS NULL AND vanished_run IS NULL AND leaving IS NULL
		AND EXISTS (SELECT 1 FROM generation g WHERE g.id = generation AND g.uidvalidity = v.column4 AND g.retired_run IS NULL AND g.local = 0)
		AND EXISTS (SELECT 1 FROM intent i WHERE i.id = v.column2 AND i.kind = 'append' AND i.result = v.column1)
		AND NOT EXISTS (SELECT 1 FROM message o WHERE o.generation = message.generation AND o.uid = v.column3 AND o.vanished_run IS NULL)
		RETURNING message.id`
	boundEvents = `INSERT INTO event(at, run, kind, generation, message, uid, old, new)
		SELECT ?, ?, 'rebound', m.generation, m.id, m.uid, m.local, m.local FROM (%s) v CROSS JOIN message m ON m.id = v.column1`
	boundIntents = "DELETE FROM intent WHERE id IN (%s)"
)

// appendedSome ends the intents that are as simple as can be, and gives the others.
func (tx *Tx) appendedSome(run RunID, some []Appended) (odd []Appended, err error) {
	var rows, messages, intents []any
	for _, a := range some {
		rows = append(rows, a.Result, a.Intent, a.UID, a.UIDValidity, a.Flags)
	}
	bound := map[MessageID]bool{}
	err = tx.each(fmt.Sprintf(boundPlainly, values("(?, ?, ?, ?, ?)", len(some))), rows, func(r *sql.Rows) error {
		var id MessageID
		err := r.Scan(&id)
		bound[id] = true
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, a := range some {
		if !bound[a.Result] {
			odd = append(odd, a)
			continue
		}
		messages, intents = append(messages, a.Result), append(intents, a.Intent)
	}
	if len(messages) == 0 {
		return odd, nil
	}
	if _, err = tx.exec(fmt.Sprintf(boundEvents, values("(?)", len(messages))), append([]any{tx.at.Unix(), run}, messages...)...); err == nil {
		_, err = tx.exec(fmt.Sprintf(boundIntents, values("(?)", len(intents))), intents...)
	}
	return odd, err
}
