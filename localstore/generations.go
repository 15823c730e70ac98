package localstore

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strconv"
)

// OpenGeneration starts a UIDVALIDITY era of a mailbox. The current one, if any,
// must have been retired, unless it was made here: then it becomes that era.
// Messages that are not on the server yet come along.
func (tx *Tx) OpenGeneration(mailbox MailboxID, uidvalidity uint32, run RunID) (GenerationID, error) {
	var local GenerationID
	ok, err := tx.get("SELECT id FROM generation WHERE mailbox = ? AND retired_run IS NULL AND local = 1", []any{mailbox}, &local)
	if err != nil {
		return 0, err
	}
	if ok {
		_, err := tx.exec("UPDATE generation SET local = 0, uidvalidity = ?, opened_run = ? WHERE id = ?", uidvalidity, run, local)
		if err != nil {
			return 0, err
		}
		return local, tx.generationEvent(run, "opened", local)
	}
	n, err := tx.insert("INSERT INTO generation(mailbox, uidvalidity, opened_run) VALUES (?, ?, ?)", mailbox, uidvalidity, run)
	if err != nil {
		return 0, err
	}
	if err := tx.generationEvent(run, "opened", GenerationID(n)); err != nil {
		return 0, err
	}
	return GenerationID(n), tx.carry(mailbox, GenerationID(n), run)
}

// RetireGeneration ends an era: its UIDs mean nothing any more, its HIGHESTMODSEQ
// is dropped (I2). Its messages stay, for Stale, until they are rebound or vanish.
// Problems known only by a UID go with it.
func (tx *Tx) RetireGeneration(gen GenerationID, run RunID) error {
	n, err := tx.exec("UPDATE generation SET retired_run = ?, highestmodseq = 0 WHERE id = ? AND retired_run IS NULL", run, gen)
	if err != nil || n == 0 {
		return err
	}
	_, err = tx.exec(`DELETE FROM problem WHERE message IS NULL AND uid IS NOT NULL
		AND mailbox = (SELECT mailbox FROM generation WHERE id = ?)`, gen)
	if err != nil {
		return err
	}
	return tx.generationEvent(run, "retired", gen)
}

func (tx *Tx) generationEvent(run RunID, kind string, gen GenerationID) error {
	_, err := tx.exec(`INSERT INTO event(at, run, kind, mailbox, generation, new)
		SELECT ?, ?, ?, mailbox, id, CAST(uidvalidity AS TEXT) FROM generation WHERE id = ?`, tx.at.Unix(), run, kind, gen)
	return err
}

// SetCursor says how far gen is mirrored. It belongs into the transaction that
// brings the rows up to there (I8).
func (tx *Tx) SetCursor(gen GenerationID, c Cursor) error {
	if c.HighestModSeq > math.MaxInt64 {
		c.HighestModSeq = 0
	}
	n, err := tx.exec(`UPDATE generation SET uidnext = ?, messages = ?, highestmodseq = ?, mailboxid = ?, listed = ? WHERE id = ?`,
		c.UIDNext, c.Messages, int64(c.HighestModSeq), c.MailboxID, c.Listed, gen)
	if err == nil && n == 0 {
		err = tx.fail(fmt.Errorf("generation %s: %w", strconv.FormatInt(int64(gen), 10), ErrNotFound))
	}
	return err
}

// Generations gives every era of a mailbox that the server began, oldest first.
func (s *Store) Generations(ctx context.Context, mailbox MailboxID) ([]Generation, error) {
	var all []Generation
	err := s.eachPrepared(ctx, "SELECT "+generationColumns+" FROM generation g WHERE g.mailbox = ? AND g.local = 0 ORDER BY g.id", []any{mailbox},
		func(r *sql.Rows) error {
			var g Generation
			err := r.Scan(&g.ID, &g.Mailbox, &g.UIDValidity, &g.Opened, &g.Cursor.UIDNext, &g.Cursor.Messages,
				&g.Cursor.HighestModSeq, &g.Cursor.MailboxID, &g.Cursor.Listed, &g.Retired)
			all = append(all, g)
			return err
		})
	return all, err
}
