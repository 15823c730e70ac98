package localstore

import (
	"cmp"
	"database/sql"
)

// setFlags gives a message present both flag sets. run is nil for the owner.
func (tx *Tx) setFlags(run any, id MessageID, base, local string) error {
	was, err := tx.flagsOf(id)
	if err != nil {
		return err
	}
	if err := tx.writeFlags(run, id, base, local); err != nil {
		return err
	}
	if was.copied && was.local == local {
		if err := tx.copiesStart(id, was.base, base); err != nil {
			return err
		}
	}
	return tx.flagsSet(run, id, base, local, was)
}

// flagsOf is what is known of the flags of a message, and what depends on them.
type flagsOf struct {
	base, local string
	moved       MessageID // the row that stands for where it moves; 0: none
	wanted      bool      // a flags intent waits
	copied      bool      // a copy waits
}

func (tx *Tx) flagsOf(id MessageID) (f flagsOf, err error) {
	_, err = tx.get(`SELECT base, local, ifnull((SELECT result FROM intent WHERE id = m.leaving), 0),
		EXISTS (SELECT 1 FROM intent WHERE message = m.id AND kind = 'flags'),
		EXISTS (SELECT 1 FROM intent WHERE message = m.id AND kind = 'copy') FROM message m WHERE id = ?`,
		[]any{id}, &f.base, &f.local, &f.moved, &f.wanted, &f.copied)
	return f, err
}

// writeFlags is the row and its history alone.
func (tx *Tx) writeFlags(run any, id MessageID, base, local string) error {
	_, err := tx.exec(`INSERT INTO event(at, run, kind, generation, message, uid, old, new)
		SELECT ?1, ?2, 'flags', generation, id, uid, local, ?3 FROM message WHERE id = ?4 AND local <> ?3 AND vanished_run IS NULL`,
		tx.at.Unix(), run, local, id)
	if err != nil {
		return err
	}
	return tx.one("UPDATE message SET base = ?, local = ? WHERE id = ? AND vanished_run IS NULL", id, base, local, id)
}

// flagsSet does what follows from the flags of a message on the server: there is
// a flags intent exactly while they differ, and the row that stands for where
// it moves has them too.
func (tx *Tx) flagsSet(run any, id MessageID, base, local string, was flagsOf) error {
	if was.moved != 0 {
		if err := tx.writeFlags(run, was.moved, base, local); err != nil {
			return err
		}
	}
	if differ := lower(base) != lower(local); differ == was.wanted {
		return nil
	} else if !differ {
		return tx.deleteFlagsIntent(id)
	}
	_, err := tx.exec(`INSERT INTO intent(account, made, since, kind, message)
		SELECT x.account, ?, (SELECT max(id) FROM run WHERE account = x.account), 'flags', m.id FROM message m
		JOIN generation g ON g.id = m.generation JOIN mailbox x ON x.id = g.mailbox WHERE m.id = ?`, tx.at.Unix(), id)
	return err
}

// flagsFollow is flagsSet for a row that was written otherwise.
func (tx *Tx) flagsFollow(run any, id MessageID, base, local string) error {
	was, err := tx.flagsOf(id)
	if err != nil {
		return err
	}
	return tx.flagsSet(run, id, base, local, was)
}

// copiesStart tells the copies of a message, which wait, that the server has
// flags of it now as the owner wanted them: a copy begins with these, and that is
// no wish of anybody for the copy.
func (tx *Tx) copiesStart(id MessageID, was, now string) error {
	type row struct {
		id   MessageID
		base string
	}
	var copies []row
	err := tx.each(`SELECT r.id, r.base FROM intent i JOIN message r ON r.id = i.result
		WHERE i.message = ? AND i.kind = 'copy' AND i.state <> 'done'`, []any{id}, func(rows *sql.Rows) error {
		var r row
		err := rows.Scan(&r.id, &r.base)
		copies = append(copies, r)
		return err
	})
	for _, r := range copies {
		base, merr := tx.merge(was, now, r.base)
		if err = cmp.Or(err, merr); err == nil {
			err = tx.one("UPDATE message SET base = ? WHERE id = ?", r.id, base, r.id)
		}
	}
	return err
}

func (tx *Tx) deleteFlagsIntent(id MessageID) error {
	_, err := tx.exec("DELETE FROM intent WHERE message = ? AND kind = 'flags'", id)
	return err
}
