package localstore

import (
	"context"
	"database/sql"
	"time"
)

const owingQuery = `SELECT g.mailbox FROM mailbox x CROSS JOIN generation g ON g.mailbox = x.id
	WHERE x.account = ?1 AND CASE WHEN g.retired_run IS NULL
	THEN EXISTS (SELECT 1 FROM message m WHERE m.generation = g.id AND m.uid > 0 AND m.body IS NULL AND m.vanished_run IS NULL
		AND NOT EXISTS (SELECT 1 FROM problem p WHERE p.message = m.id AND ?2 BETWEEN p.last AND p.retry_at - 1))
	ELSE EXISTS (SELECT 1 FROM message m WHERE m.generation = g.id AND m.uid > 0 AND m.vanished_run IS NULL) END`

// owingDue is the same in the state of a migration.
const owingDue = `SELECT g.mailbox FROM due d CROSS JOIN message m ON m.id = d.message CROSS JOIN generation g ON g.id = m.generation
	CROSS JOIN mailbox x ON x.id = g.mailbox
	WHERE x.account = ?1 AND g.retired_run IS NULL AND m.uid > 0 AND m.body IS NULL AND m.vanished_run IS NULL
		AND NOT EXISTS (SELECT 1 FROM problem p WHERE p.message = m.id AND ?2 BETWEEN p.last AND p.retry_at - 1)
	UNION SELECT g.mailbox FROM mailbox x CROSS JOIN generation g ON g.mailbox = x.id CROSS JOIN message m ON m.generation = g.id
	WHERE x.account = ?1 AND g.retired_run IS NOT NULL AND m.uid > 0 AND m.vanished_run IS NULL`

// Owing tells in which mailboxes of an account earlier runs left work: what
// Missing or Stale would find there.
func (s *Store) Owing(ctx context.Context, acct AccountID, now time.Time) (map[MailboxID]bool, error) {
	owing := map[MailboxID]bool{}
	query := owingQuery
	if s.passing {
		query = owingDue
	}
	err := s.eachPrepared(ctx, query, []any{acct, now.Unix()}, func(r *sql.Rows) error {
		var id MailboxID
		err := r.Scan(&id)
		owing[id] = true
		return err
	})
	return owing, err
}
