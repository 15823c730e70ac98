package localstore

import (
	"context"
	"database/sql"
	"errors"
)

// Trace is a message that came or went, with what it is recognised by.
type Trace struct {
	Fingerprint
	Mailbox  MailboxID
	Identity string
}

// Mark is where history has come to.
func (s *Store) Mark(ctx context.Context) (mark int64, err error) {
	err = s.askPrepared(ctx, "SELECT ifnull(max(id), 0) FROM event", nil, &mark)
	return mark, err
}

const traceColumns = "SELECT g.mailbox, m.identity, " + rowColumns + `, ifnull(b.size, -1), b.header_sha256, b.sha256 FROM `

const traceJoins = ` JOIN generation g ON g.id = m.generation JOIN mailbox x ON x.id = g.mailbox LEFT JOIN body b ON b.id = m.body `

const notMoved = " AND NOT EXISTS (SELECT 1 FROM event v WHERE v.message = m.id AND v.kind = 'moved' AND v.id > e.id)"

const goneQuery = traceColumns + "event e JOIN message m ON m.id = e.message" + traceJoins + `
	WHERE e.id > ?1 AND e.run = ?2 AND e.kind = 'vanished' AND m.vanished_run = ?2` + notMoved + " ORDER BY e.id"

// What waits may be about messages that vanished long ago, in runs that did not look
// everywhere.
const missedQuery = traceColumns + "intent i JOIN message m ON m.id = i.message" + traceJoins + `
	JOIN event e ON e.message = m.id AND e.kind = 'vanished' AND e.run = m.vanished_run
	WHERE i.account = ?3 AND m.vanished_run IS NOT NULL AND i.state <> 'done' AND NOT (e.id > ?1 AND e.run = ?2)` + notMoved + " ORDER BY e.id"

const comeQuery = traceColumns + "event e JOIN message m ON m.id = e.message" + traceJoins + `
	WHERE e.id > ?1 AND e.run >= ?2 AND e.kind = 'arrived' AND e.uid > 0 AND m.vanished_run IS NULL AND x.account = ?3 ORDER BY e.id`

const missedSince = `SELECT min(i.since), ifnull((SELECT max(id) FROM event WHERE run <= min(i.since)), 0)
	FROM intent i JOIN message m ON m.id = i.message WHERE i.account = ? AND m.vanished_run IS NOT NULL AND i.state <> 'done'`

// The last run before another that looked at all mailboxes, and held nothing back: what
// the guard leaves in its place has gone, and is seen to go later. Exit 3 tells of mail
// that could not be had, whatever else was held back: that its receipt tells.
const wholeBefore = `SELECT ifnull(max(id), 0) FROM run WHERE account = ? AND id < ? AND
	(outcome = 'ok' OR exit = 3 AND json_valid(receipt) AND receipt ->> '$.held' IS NULL)`

const endOfRun = "SELECT id FROM event WHERE run <= ? ORDER BY id DESC LIMIT 1"

// Traces gives the messages of an account that a run saw vanish since mark, with
// those that vanished before and that something waits for; and, if there are any,
// the messages that arrived in the same time, and since the last run before that
// looked at all mailboxes: one that did not may have seen where a message came to and
// not that it had gone. What is known to have been moved is left out, on either side.
func (s *Store) Traces(ctx context.Context, acct AccountID, run RunID, mark int64) (gone, come []Trace, err error) {
	if gone, err = s.traces(ctx, goneQuery, mark, run); err != nil {
		return nil, nil, err
	}
	missed, err := s.traces(ctx, missedQuery, mark, run, acct)
	if err != nil || len(gone)+len(missed) == 0 {
		return nil, nil, err
	}
	if len(missed) > 0 {
		var first sql.NullInt64
		if err := s.askPrepared(ctx, missedSince, []any{acct}, &first, &mark); err != nil {
			return nil, nil, err
		}
		run = min(run, RunID(first.Int64)+1)
	}
	if run, mark, err = s.sinceWhole(ctx, acct, run, mark); err != nil {
		return nil, nil, err
	}
	if come, err = s.traces(ctx, comeQuery, mark, run, acct); err != nil {
		return nil, nil, err
	}
	come, err = s.unclaimed(ctx, come, mark)
	return append(gone, missed...), come, err
}

// sinceWhole goes back over the runs that did not look everywhere.
func (s *Store) sinceWhole(ctx context.Context, acct AccountID, run RunID, mark int64) (RunID, int64, error) {
	var whole RunID
	err := s.askPrepared(ctx, wholeBefore, []any{acct, run}, &whole)
	if err != nil || whole+1 >= run {
		return run, mark, err
	}
	var end int64
	if err = s.askPrepared(ctx, endOfRun, []any{whole}, &end); errors.Is(err, sql.ErrNoRows) {
		end, err = 0, nil
	}
	return whole + 1, min(mark, end), err
}

func (s *Store) traces(ctx context.Context, q string, args ...any) (all []Trace, err error) {
	err = s.eachPrepared(ctx, q, args, func(r *sql.Rows) error {
		var t Trace
		var scan rowScan
		var header, sum []byte
		dest := append([]any{&t.Mailbox, &t.Identity}, scan.dest()...)
		if err := r.Scan(append(dest, &t.BodySize, &header, &sum)...); err != nil {
			return err
		}
		t.Row = scan.done()
		copy(t.HeaderSHA256[:], header)
		copy(t.SHA256[:], sum)
		all = append(all, t)
		return nil
	})
	return all, err
}

// unclaimed leaves out what something else is known to have become.
func (s *Store) unclaimed(ctx context.Context, come []Trace, mark int64) (left []Trace, err error) {
	claimed := map[MessageID]bool{}
	err = s.eachPrepared(ctx, "SELECT CAST(new AS INTEGER) FROM event WHERE id > ? AND kind = 'moved'", []any{mark}, func(r *sql.Rows) error {
		var id MessageID
		err := r.Scan(&id)
		claimed[id] = true
		return err
	})
	for _, t := range come {
		if !claimed[t.ID] {
			left = append(left, t)
		}
	}
	return left, err
}
