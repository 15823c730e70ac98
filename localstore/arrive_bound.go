package localstore

import (
	"database/sql"
	"fmt"
	"slices"
)

const (
	sentPlainly = `SELECT v.column1, m.id FROM (%s) v CROSS JOIN message m ON m.generation = ? AND m.uid = v.column1 AND m.vanished_run IS NULL
		WHERE m.unlisted = 1 AND m.leaving IS NULL AND m.size = v.column2 AND m.base = v.column3 AND m.local = v.column3`
	listedPlainly = `UPDATE message SET unlisted = 0, date = ifnull(v.column2, date), zone = CASE WHEN v.column2 IS NULL THEN zone ELSE v.column3 END,
		identity = v.column4, labels = nullif(v.column5, '') FROM (%s) v WHERE message.id = v.column1`
)

// listPlainly is arriveBound for those of many arrivals that are what was sent, with the
// flags it was sent with, as nearly all of a migration are. It gives their ids by UID.
func (tx *Tx) listPlainly(gen GenerationID, arrivals []Arrival) (map[uint32]MessageID, error) {
	ids := map[uint32]MessageID{}
	for some := range slices.Chunk(arrivals, restoreRows) {
		var sent, listed []any
		for _, a := range some {
			sent = append(sent, a.UID, size(a.Size), a.Flags)
		}
		err := tx.each(fmt.Sprintf(sentPlainly, values("(?, ?, ?)", len(some))), append(sent, gen), func(r *sql.Rows) error {
			var uid uint32
			var id MessageID
			err := r.Scan(&uid, &id)
			ids[uid] = id
			return err
		})
		for _, a := range some {
			if id := ids[a.UID]; id != 0 {
				listed = append(listed, id, unix(a.Date), zoneOf(a.Date), a.Identity, a.Labels)
			}
		}
		if err == nil && len(listed) > 0 {
			_, err = tx.exec(fmt.Sprintf(listedPlainly, values("(?, ?, ?, ?, ?)", len(listed)/5)), listed...)
		}
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}
