package localstore

import (
	"context"
	"database/sql"
)

// RestoreSent is RestoreWith, followed at once by IntentSent of all that it queued: for
// a command that leaves as soon as this is on the disk. It gives the intents, in order.
func (tx *Tx) RestoreSent(all []Restoring, target MailboxID, uidvalidity, uidnext uint32) ([]Intent, error) {
	made, err := tx.restoreAs(all, target, Sent, uidvalidity, uidnext)
	if err != nil || len(made) == 0 {
		return nil, err
	}
	intents := make([]Intent, 0, len(made))
	err = tx.each(intentsMadeQuery, []any{made[0], made[len(made)-1]}, eachScanned(func(in Intent) error {
		intents = append(intents, in)
		return nil
	}))
	return intents, err
}

// Ids of messages made in a row follow each other.
const intentsMadeQuery = intentColumns + "WHERE i.result BETWEEN ? AND ? ORDER BY i.result"

// Waiting lists the mailboxes into which something waits to go, or may have gone and is
// still looked for: what is parked is not.
func (s *Store) Waiting(ctx context.Context, acct AccountID) (map[MailboxID]bool, error) {
	boxes := map[MailboxID]bool{}
	err := s.each(ctx, waitingQuery, []any{acct}, func(r *sql.Rows) error {
		var id MailboxID
		err := r.Scan(&id)
		boxes[id] = true
		return err
	})
	return boxes, err
}

const waitingQuery = "SELECT i.target FROM intent i WHERE i.account = ? AND i.target IS NOT NULL AND i.state <> 'parked'"
