package localstore

import (
	"context"
	"database/sql"
	"time"
)

// Problem is something set aside: a mailbox (Message and UID zero), a message
// with a row (Message), or one that has none yet (UID). Kind is the caller's
// word; there is one problem of a kind about a thing.
type Problem struct {
	Account AccountID
	Mailbox MailboxID
	Message MessageID
	UID     uint32 // read for every message, written only without Message
	Kind    string
	Reason  string

	// Set by the store.
	Tries       int
	First, Last time.Time
	RetryAt     time.Time
	Folder      string // name and delimiter of the mailbox
	Delim       string
}

// KindRefused is the kind of problem of a message that another server does not take: it
// outlasts that its body comes, so that the time between tries grows.
const KindRefused = "refused"

// Waiting time before a problem is tried again: doubled with every try.
const (
	firstRetry = 15 * time.Minute
	lastRetry  = 24 * time.Hour
)

// retryDelay is how long to wait after so many tries.
func retryDelay(tries int) time.Duration {
	d := firstRetry
	for i := 1; i < tries && d < lastRetry; i++ {
		d *= 2
	}
	return min(d, lastRetry)
}

// subject are the columns that say what a problem is about.
func (p *Problem) subject() []any {
	if p.Message != 0 {
		p.UID = 0
	}
	zero := func(n int64) any {
		if n == 0 {
			return nil
		}
		return n
	}
	return []any{p.Account, p.Kind, zero(int64(p.Mailbox)), zero(int64(p.Message)), zero(int64(p.UID))}
}

const problemIs = `account = ?1 AND kind = ?2 AND ifnull(mailbox, 0) = ifnull(?3, 0)
	AND ifnull(message, 0) = ifnull(?4, 0) AND ifnull(uid, 0) = ifnull(?5, 0)`

// PutProblem notes a failed try. The next is due after 15 minutes, then twice as
// long each time, up to a day.
func (tx *Tx) PutProblem(p Problem, now time.Time) error {
	about := p.subject()
	tries := 0
	_, err := tx.get("SELECT tries FROM problem WHERE "+problemIs, about, &tries)
	if err != nil {
		return err
	}
	tries++
	_, err = tx.exec(`INSERT INTO problem(account, kind, mailbox, message, uid, reason, tries, first, last, retry_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9)
		ON CONFLICT(account, kind, ifnull(mailbox, 0), ifnull(message, 0), ifnull(uid, 0)) DO UPDATE
		SET reason = excluded.reason, tries = excluded.tries, last = excluded.last, retry_at = excluded.retry_at`,
		append(about, p.Reason, tries, now.Unix(), now.Add(retryDelay(tries)).Unix())...)
	return err
}

// ClearProblem forgets the problem of that kind about that thing. Those of a
// message are also forgotten when its body comes, but for KindRefused, and when it
// vanishes.
func (tx *Tx) ClearProblem(p Problem) error {
	_, err := tx.exec("DELETE FROM problem WHERE "+problemIs, p.subject()...)
	return err
}

// ClearMailboxProblems forgets what is known against a mailbox itself, not what
// is known against its messages.
func (tx *Tx) ClearMailboxProblems(id MailboxID) error {
	_, err := tx.exec("DELETE FROM problem WHERE mailbox = ? AND message IS NULL AND uid IS NULL", id)
	return err
}

func (tx *Tx) clearMessageProblems(id MessageID) error {
	_, err := tx.exec("DELETE FROM problem WHERE message = ?", id)
	return err
}

// Problems gives the problems of an account, oldest first.
func (s *Store) Problems(ctx context.Context, acct AccountID) ([]Problem, error) {
	var all []Problem
	err := s.eachPrepared(ctx, `SELECT p.account, ifnull(p.mailbox, 0), ifnull(p.message, 0), coalesce(p.uid, m.uid, 0), p.kind, p.reason,
		p.tries, p.first, p.last, p.retry_at, ifnull(x.name, ''), ifnull(x.delim, '')
		FROM problem p LEFT JOIN mailbox x ON x.id = p.mailbox LEFT JOIN message m ON m.id = p.message
		WHERE p.account = ? ORDER BY p.id`, []any{acct}, func(r *sql.Rows) error {
		var p Problem
		var first, last, retry sql.NullInt64
		err := r.Scan(&p.Account, &p.Mailbox, &p.Message, &p.UID, &p.Kind, &p.Reason, &p.Tries, &first, &last, &retry, &p.Folder, &p.Delim)
		p.First, p.Last, p.RetryAt = fromUnix(first), fromUnix(last), fromUnix(retry)
		all = append(all, p)
		return err
	})
	return all, err
}
