package localstore

import (
	"fmt"
)

// chunkBits: the id of a chunk is that of its body shifted by this, plus its
// number.
const chunkBits = 20

// findBody looks a body up by its hash. One found damaged is not held, but keeps
// its id for the bytes to come.
func (tx *Tx) findBody(sha [32]byte) (id int64, held bool, err error) {
	var damaged bool
	ok, err := tx.get("SELECT id, damaged FROM body WHERE sha256 = ?", []any{sha[:]}, &id, &damaged)
	return id, ok && !damaged, err
}

func (tx *Tx) putChunk(body int64, number int, c chunk) error {
	if number >= 1<<chunkBits {
		return tx.fail(fmt.Errorf("body of more than %d chunks", 1<<chunkBits))
	}
	tx.s.ahead.grown.Add(int64(len(c.data)))
	_, err := tx.exec("INSERT INTO chunk(id, size, zstd, data) VALUES (?, ?, ?, ?)", body<<chunkBits|int64(number), c.size, c.zstd, c.data)
	return err
}

func (tx *Tx) deleteChunks(body int64) error {
	_, err := tx.exec("DELETE FROM chunk WHERE id >= ?1 << 20 AND id < (?1 + 1) << 20", body)
	return err
}

// MarkDamaged notes that the body of a message is not what it was: every message
// present that has it is missing it again and will be listed by Missing. Vanished
// ones, and those not on the server yet, keep the link, since the same bytes, put
// again for another message, heal them. The ids of the messages present are returned.
func (tx *Tx) MarkDamaged(msg MessageID) ([]MessageID, error) {
	var body int64
	ok, err := tx.get("SELECT body FROM message WHERE id = ? AND body IS NOT NULL", []any{msg}, &body)
	if err != nil || !ok {
		return nil, err
	}
	if _, err := tx.exec("UPDATE body SET damaged = 1 WHERE id = ?", body); err != nil {
		return nil, err
	}
	var ids []MessageID
	for {
		var id MessageID
		ok, err := tx.get("SELECT id FROM message WHERE body = ? AND uid > 0 AND vanished_run IS NULL LIMIT 1", []any{body}, &id)
		if err != nil || !ok {
			return ids, err
		}
		if err := tx.one("UPDATE message SET body = NULL WHERE id = ?", id, id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
}
