package localstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Account gives the id of the account called name, which is added when new. The
// URL is kept up to date; it must not hold a password.
func (tx *Tx) Account(name, url string) (AccountID, error) {
	var id AccountID
	var known string
	ok, err := tx.get("SELECT id, url FROM account WHERE name = ?", []any{name}, &id, &known)
	if err != nil {
		return 0, err
	}
	if !ok {
		n, err := tx.insert("INSERT INTO account(name, url) VALUES (?, ?)", name, url)
		return AccountID(n), err
	}
	if known != url {
		_, err = tx.exec("UPDATE account SET url = ? WHERE id = ?", url, id)
	}
	return id, err
}

// Accounts lists all accounts by name.
func (s *Store) Accounts(ctx context.Context) ([]Account, error) {
	var all []Account
	err := s.eachPrepared(ctx, "SELECT id, name, url FROM account ORDER BY name", nil, func(r *sql.Rows) error {
		var a Account
		err := r.Scan(&a.ID, &a.Name, &a.URL)
		all = append(all, a)
		return err
	})
	return all, err
}

// BeginRun starts a run. Runs of the account that never ended were killed, since
// only one process writes, and become OutcomeInterrupted.
func (tx *Tx) BeginRun(acct AccountID, at time.Time) (RunID, error) {
	if _, err := tx.exec("UPDATE run SET outcome = ? WHERE account = ? AND outcome IS NULL", OutcomeInterrupted, acct); err != nil {
		return 0, err
	}
	id, err := tx.insert("INSERT INTO run(account, started) VALUES (?, ?)", acct, at.Unix())
	return RunID(id), err
}

// EndRun ends a run.
func (tx *Tx) EndRun(run RunID, e RunEnd) error {
	n, err := tx.exec("UPDATE run SET ended = ?, outcome = ?, exit = ?, receipt = ? WHERE id = ?",
		e.At.Unix(), e.Outcome, e.Exit, string(e.Receipt), run)
	if err == nil && n == 0 {
		err = tx.fail(fmt.Errorf("run %d: %w", run, ErrNotFound))
	}
	return err
}

const runColumns = "SELECT id, account, started, ended, ifnull(outcome, ''), ifnull(exit, 0), receipt FROM run "

// Runs gives the runs of an account, newest first, at most limit (0: all).
func (s *Store) Runs(ctx context.Context, acct AccountID, limit int) ([]Run, error) {
	if limit <= 0 {
		limit = -1
	}
	return s.runs(ctx, "WHERE account = ? ORDER BY id DESC LIMIT ?", acct, limit)
}

// RunsBefore gives runs of an account that began before another one (0: all), newest
// first.
func (s *Store) RunsBefore(ctx context.Context, acct AccountID, before RunID, limit int) ([]Run, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	return s.runs(ctx, "WHERE account = ? AND id < ? ORDER BY id DESC LIMIT ?", acct, before, limit)
}

// LastRuns gives the newest run of an account and the newest with OutcomeOK; nil
// where there is none. A run over some folders only (OutcomePartial, exit 0) says
// nothing about the account and is passed over.
func (s *Store) LastRuns(ctx context.Context, acct AccountID) (last, good *Run, err error) {
	all, err := s.runs(ctx, "WHERE account = ? AND NOT (ifnull(outcome, '') = ? AND exit = 0) ORDER BY id DESC LIMIT 1", acct, OutcomePartial)
	if err == nil && len(all) > 0 {
		last = &all[0]
		all, err = s.runs(ctx, "WHERE account = ? AND outcome = ? ORDER BY id DESC LIMIT 1", acct, OutcomeOK)
	}
	if err == nil && len(all) > 0 {
		good = &all[0]
	}
	return last, good, err
}

func (s *Store) runs(ctx context.Context, where string, args ...any) ([]Run, error) {
	var all []Run
	err := s.eachPrepared(ctx, runColumns+where, args, func(r *sql.Rows) error {
		var run Run
		var started, ended sql.NullInt64
		var receipt sql.NullString
		err := r.Scan(&run.ID, &run.Account, &started, &ended, &run.Outcome, &run.Exit, &receipt)
		run.Started, run.Ended = fromUnix(started), fromUnix(ended)
		if receipt.String != "" {
			run.Receipt = []byte(receipt.String)
		}
		all = append(all, run)
		return err
	})
	return all, err
}
