package localstore

import (
	"fmt"
)

// chunkBits: the id of a chunk is that of its body shifted by this, plus its
// number.
const chunkBits = 20

// PutBody gives a message its body. A body the store holds already, by SHA-256,
// is only linked. It may be given again for other messages, and again after a
// transaction that was not committed.
func (tx *Tx) PutBody(msg MessageID, b *Packed) error {
	id, held, err := tx.findBody(b)
	if err != nil {
		return err
	}
	switch {
	case held:
		err = tx.unstage(b.staged)
	case b.staged != 0:
		id, err = tx.adopt(id, b)
	default:
		id, err = tx.addBody(id, b)
	}
	if err != nil {
		return err
	}
	return tx.setBody(msg, id)
}

// LinkBody gives a message a body the store holds; false when it holds none with
// that SHA-256.
func (tx *Tx) LinkBody(msg MessageID, sha [32]byte) (bool, error) {
	id, held, err := tx.findBody(&Packed{SHA256: sha})
	if err != nil || !held {
		return false, err
	}
	return true, tx.setBody(msg, id)
}

// setBody links a message to a body, and the rows that stand for where it moves
// or is copied to; why it was missing no longer matters.
func (tx *Tx) setBody(msg MessageID, body int64) error {
	if err := tx.one("UPDATE message SET body = ? WHERE id = ?", msg, body, msg); err != nil {
		return err
	}
	_, err := tx.exec(`UPDATE message SET body = ? WHERE body IS NULL
		AND id IN (SELECT result FROM intent WHERE message = ? AND result IS NOT NULL)`, body, msg)
	if err != nil {
		return err
	}
	return tx.clearMessageProblems(msg)
}

// findBody looks a body up by its hash. One found damaged is not held, but keeps
// its id for the bytes to come.
func (tx *Tx) findBody(b *Packed) (id int64, held bool, err error) {
	var damaged bool
	ok, err := tx.get("SELECT id, damaged FROM body WHERE sha256 = ?", []any{b.SHA256[:]}, &id, &damaged)
	return id, ok && !damaged, err
}

// addBody writes a new body, or writes the damaged one with that id again.
func (tx *Tx) addBody(id int64, b *Packed) (int64, error) {
	if id != 0 {
		if err := tx.deleteChunks(id); err != nil {
			return 0, err
		}
	} else {
		id = tx.s.nextBody.Add(1)
	}
	if err := tx.sealBody(id, b); err != nil {
		return 0, err
	}
	for i, c := range b.chunks {
		if err := tx.putChunk(id, i, c); err != nil {
			return 0, err
		}
	}
	return id, nil
}

// adopt makes staged chunks a body. A damaged one with the same bytes gets them.
func (tx *Tx) adopt(damaged int64, b *Packed) (int64, error) {
	if n, err := tx.exec("DELETE FROM staging WHERE body = ?", b.staged); err != nil {
		return 0, err
	} else if n == 0 {
		return 0, tx.fail(fmt.Errorf("staged body %d: %w", b.staged, ErrNotFound))
	}
	id := b.staged
	if damaged != 0 {
		if err := tx.deleteChunks(damaged); err != nil {
			return 0, err
		}
		_, err := tx.exec("UPDATE chunk SET id = id + (?1 << 20) WHERE id >= ?2 << 20 AND id < (?2 + 1) << 20", damaged-id, id)
		if err != nil {
			return 0, err
		}
		id = damaged
	}
	return id, tx.sealBody(id, b)
}

// sealBody writes the rows that make a body visible (I7).
func (tx *Tx) sealBody(id int64, b *Packed) error {
	_, err := tx.exec(`INSERT INTO body(id, sha256, size, header_sha256, header_size, chunks) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT(id) DO UPDATE SET damaged = 0, chunks = excluded.chunks`,
		id, b.SHA256[:], b.Size, b.HeaderSHA256[:], b.HeaderSize, b.count)
	if err != nil {
		return err
	}
	e := b.Envelope
	_, err = tx.exec(`INSERT OR REPLACE INTO envelope(body, message_id, subject, sender, recipients, date)
		VALUES (?, nullif(?, ''), nullif(?, ''), nullif(?, ''), nullif(?, ''), ?)`,
		id, e.MessageID, e.Subject, e.Sender, e.Recipients, unix(e.Date))
	return err
}

func (tx *Tx) putChunk(body int64, number int, c chunk) error {
	if number >= 1<<chunkBits {
		return tx.fail(fmt.Errorf("body of more than %d chunks", 1<<chunkBits))
	}
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
