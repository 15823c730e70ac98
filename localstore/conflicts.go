package localstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Conflict is something the owner wanted that the server no longer allowed, and
// what was decided about it.
type Conflict struct {
	ID          ConflictID
	Account     AccountID
	At          time.Time // set by the store
	Run         RunID     // 0: none
	Rule        string
	Mailbox     MailboxID // 0: none
	Message     MessageID // 0: none
	Intent      IntentID  // what waits for a decision; 0: nothing
	Wanted, Had string    // JSON: what was wanted, what the server had
	Decision    string    // server, local, both, parked
	Resolved    time.Time // zero: open
	Resolution  string
}

// RecordConflict notes a conflict and what was decided.
func (tx *Tx) RecordConflict(c Conflict) (ConflictID, error) {
	id, err := tx.insert(`INSERT INTO conflict(account, at, run, rule, mailbox, message, intent, wanted, had, decision)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, c.Account, tx.at.Unix(), orNull(c.Run), c.Rule, orNull(c.Mailbox), orNull(c.Message),
		orNull(c.Intent), c.Wanted, c.Had, c.Decision)
	return ConflictID(id), err
}

// ResolveConflict closes a conflict. ErrNotFound: there is none, or it is closed.
func (tx *Tx) ResolveConflict(id ConflictID, resolution string) error {
	n, err := tx.exec("UPDATE conflict SET resolved = ?, resolution = ?, intent = NULL WHERE id = ? AND resolved IS NULL", tx.at.Unix(), resolution, id)
	if err == nil && n == 0 {
		err = tx.fail(fmt.Errorf("open conflict %d: %w", id, ErrNotFound))
	}
	return err
}

const conflictColumns = `SELECT id, account, at, ifnull(run, 0), rule, ifnull(mailbox, 0), ifnull(message, 0), ifnull(intent, 0),
	wanted, had, decision, resolved, resolution FROM conflict `

const (
	conflictsQuery     = conflictColumns + "WHERE account = ? ORDER BY id"
	openConflictsQuery = conflictColumns + "WHERE account = ? AND resolved IS NULL ORDER BY id"
)

// Conflicts gives the open conflicts of an account, oldest first; all: every one
// there ever was.
func (s *Store) Conflicts(ctx context.Context, acct AccountID, all bool) ([]Conflict, error) {
	q := openConflictsQuery
	if all {
		q = conflictsQuery
	}
	return s.conflicts(ctx, q, acct)
}

// Conflict gives one conflict.
func (s *Store) Conflict(ctx context.Context, id ConflictID) (Conflict, error) {
	found, err := s.conflicts(ctx, conflictColumns+"WHERE id = ?", id)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("conflict %d: %w", id, ErrNotFound)
	}
	if err != nil {
		return Conflict{}, err
	}
	return found[0], nil
}

func (s *Store) conflicts(ctx context.Context, q string, arg any) ([]Conflict, error) {
	var all []Conflict
	err := s.eachPrepared(ctx, q, []any{arg}, func(r *sql.Rows) error {
		var c Conflict
		var at, resolved sql.NullInt64
		err := r.Scan(&c.ID, &c.Account, &at, &c.Run, &c.Rule, &c.Mailbox, &c.Message, &c.Intent,
			&c.Wanted, &c.Had, &c.Decision, &resolved, &c.Resolution)
		c.At, c.Resolved = fromUnix(at), fromUnix(resolved)
		all = append(all, c)
		return err
	})
	return all, err
}
