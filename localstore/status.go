package localstore

import (
	"context"
	"database/sql"
	"slices"
)

// Folder is a mailbox with what it holds: of messages not vanished, as the owner
// wants them to be.
type Folder struct {
	Mailbox
	Messages int64
	Local    int64 // not on the server yet
	Unseen   int64
	Missing  int64 // bodies not held yet
	Size     int64 // of all messages, each counted in full
}

// Status is where an account stands.
type Status struct {
	Account  Account
	Last     *Run // the newest run, nil before the first
	Good     *Run // the newest that was all right
	Problems int
	Folders  []Folder
}

// Sizes may be absurd as long as they are only announced: total() cannot
// overflow, sum() fails then. The plus keeps SQLite from an index by account: in order of ids, nothing needs
// to be sorted.
const foldersQuery = `SELECT x.id, count(*), sum(m.uid IS NULL),
	sum(instr(' ' || m.local || ' ', ' \Seen ') = 0), sum(m.body IS NULL AND m.uid IS NOT NULL), CAST(total(coalesce(b.size, m.size, 0)) AS INTEGER)
	FROM mailbox x CROSS JOIN generation g ON g.mailbox = x.id
	CROSS JOIN message m ON m.generation = g.id AND m.vanished_run IS NULL AND m.leaving IS NULL
	LEFT JOIN body b ON b.id = m.body
	WHERE +x.account = ? GROUP BY x.id`

// Folders gives every mailbox of an account with its counts, by name; not those
// that wait to be removed.
func (s *Store) Folders(ctx context.Context, acct AccountID) ([]Folder, error) {
	boxes, err := s.Mailboxes(ctx, acct)
	if err != nil {
		return nil, err
	}
	boxes = slices.DeleteFunc(boxes, func(b Mailbox) bool { return b.Leaving != 0 })
	all := make([]Folder, len(boxes))
	at := make(map[MailboxID]int, len(boxes))
	for i, b := range boxes {
		all[i].Mailbox = b
		at[b.ID] = i
	}
	err = s.each(ctx, foldersQuery, []any{acct}, func(r *sql.Rows) error {
		var id MailboxID
		var f Folder
		if err := r.Scan(&id, &f.Messages, &f.Local, &f.Unseen, &f.Missing, &f.Size); err != nil {
			return err
		}
		if i, ok := at[id]; ok { // else it came between the two queries
			f.Mailbox = all[i].Mailbox
			all[i] = f
		}
		return nil
	})
	return all, err
}

// Status sums an account up.
func (s *Store) Status(ctx context.Context, a Account) (Status, error) {
	st := Status{Account: a}
	var err error
	if st.Last, st.Good, err = s.LastRuns(ctx, a.ID); err != nil {
		return st, err
	}
	err = s.reader.QueryRowContext(ctx, "SELECT count(*) FROM problem WHERE account = ?", a.ID).Scan(&st.Problems)
	if err != nil {
		return st, s.wrap(canceled(ctx, err))
	}
	st.Folders, err = s.Folders(ctx, a.ID)
	return st, err
}
