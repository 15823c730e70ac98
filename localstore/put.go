package localstore

import (
	"fmt"
	"slices"
	"strings"
)

// Put is a body for a message.
type Put struct {
	Message MessageID
	Body    *Packed
}

// PutBodies gives messages their bodies, a few dozen at a time at best. A body
// the store holds already, by SHA-256, is only linked. One may be given again for
// other messages, and again after a transaction that was not committed.
func (tx *Tx) PutBodies(puts []Put) error {
	links := make([]link, len(puts))
	for i, p := range puts {
		id, err := tx.putBody(p.Body)
		if err != nil {
			return err
		}
		links[i] = link{p.Message, id}
	}
	return tx.link(links)
}

// PutBody is PutBodies for one message.
func (tx *Tx) PutBody(msg MessageID, b *Packed) error {
	return tx.PutBodies([]Put{{msg, b}})
}

// LinkBody gives a message a body the store holds; false when it holds none with
// that SHA-256.
func (tx *Tx) LinkBody(msg MessageID, sha [32]byte) (bool, error) {
	id, held, err := tx.findBody(sha)
	if err != nil || !held {
		return false, err
	}
	return true, tx.link([]link{{msg, id}})
}

// link is a message with the id of its body.
type link struct {
	message MessageID
	body    int64
}

// linkRows is how many links one statement makes. SQLite journals the pages that
// an UPDATE of a foreign key touches anew for every statement, so that one each
// would cost more than all else about a small message.
const linkRows = 64

// link links messages to bodies, and the rows that stand for where they move or
// are copied to; why they were missing no longer matters.
func (tx *Tx) link(links []link) error {
	for some := range slices.Chunk(links, linkRows) {
		var messages, pairs []any
		for _, l := range some {
			messages, pairs = append(messages, l.message), append(pairs, l.message, l.body)
		}
		n, err := tx.exec(fmt.Sprintf(linkBodies, values("(?, ?)", len(some))), pairs...)
		if err == nil && n != int64(len(some)) {
			err = tx.fail(fmt.Errorf("a message of %d to %d: %w", some[0].message, some[len(some)-1].message, ErrNotFound))
		}
		if err != nil {
			return err
		}
		if _, err := tx.exec(fmt.Sprintf(linkResults, values("(?)", len(some))), messages...); err != nil {
			return err
		}
		if _, err := tx.exec(fmt.Sprintf(clearProblems, values("(?)", len(some))), messages...); err != nil {
			return err
		}
	}
	return nil
}

const (
	linkBodies  = "UPDATE message SET body = v.column2 FROM (%s) v WHERE id = v.column1"
	linkResults = `UPDATE message SET body = m.body FROM intent i JOIN message m ON m.id = i.message
		WHERE i.message IN (%s) AND message.id = i.result AND message.body IS NULL`
	clearProblems = "DELETE FROM problem WHERE message IN (%s) AND kind <> '" + KindRefused + "'"
)

// values is a VALUES clause of n rows.
func values(row string, n int) string {
	return "VALUES " + row + strings.Repeat(", "+row, n-1)
}

// putBody makes a body visible (I7), if it is not yet, and gives its id.
func (tx *Tx) putBody(b *Packed) (int64, error) {
	id := b.staged
	if id == 0 {
		id = tx.s.nextBody.Add(1)
	}
	added, err := tx.exec(`INSERT INTO body(id, sha256, size, header_sha256, header_size, chunks) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT(sha256) DO NOTHING`, id, b.SHA256[:], b.Size, b.HeaderSHA256[:], b.HeaderSize, b.count)
	if err != nil {
		return 0, err
	}
	if added == 0 {
		return tx.putAgain(b)
	}
	if err := tx.putEnvelope("INSERT", id, b.Envelope); err != nil {
		return 0, err
	}
	if b.staged != 0 {
		return id, tx.unlist(b)
	}
	return id, tx.putChunks(id, b)
}

// putAgain finds the body that has the same bytes, and heals a damaged one.
func (tx *Tx) putAgain(b *Packed) (int64, error) {
	id, held, err := tx.findBody(b.SHA256)
	if err != nil {
		return 0, err
	}
	if held {
		return id, tx.unstage(b.staged)
	}
	if err := tx.putEnvelope("INSERT OR REPLACE", id, b.Envelope); err != nil {
		return 0, err
	}
	_, err = tx.exec("UPDATE body SET damaged = 0, dropped = 0, size = ?, header_sha256 = ?, header_size = ?, chunks = ? WHERE id = ?",
		b.Size, b.HeaderSHA256[:], b.HeaderSize, b.count, id)
	if err != nil {
		return 0, err
	}
	if err := tx.deleteChunks(id); err != nil {
		return 0, err
	}
	if b.staged == 0 {
		return id, tx.putChunks(id, b)
	}
	if err := tx.unlist(b); err != nil {
		return 0, err
	}
	_, err = tx.exec("UPDATE chunk SET id = id + (?1 << 20) WHERE id >= ?2 << 20 AND id < (?2 + 1) << 20", id-b.staged, b.staged)
	return id, err
}

// unlist ends the staging of a body.
func (tx *Tx) unlist(b *Packed) error {
	n, err := tx.exec("DELETE FROM staging WHERE body = ?", b.staged)
	if err == nil && n == 0 {
		err = tx.fail(fmt.Errorf("staged body %d: %w", b.staged, ErrNotFound))
	}
	return err
}

func (tx *Tx) putEnvelope(insert string, id int64, e Envelope) error {
	_, err := tx.exec(insert+` INTO envelope(body, message_id, subject, sender, recipients, date)
		VALUES (?, nullif(?, ''), nullif(?, ''), nullif(?, ''), nullif(?, ''), ?)`,
		id, e.MessageID, e.Subject, e.Sender, e.Recipients, unix(e.Date))
	return err
}

func (tx *Tx) putChunks(id int64, b *Packed) error {
	for i, c := range b.chunks {
		if err := tx.putChunk(id, i, c); err != nil {
			return err
		}
	}
	return nil
}
