package localstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// Message and result come with the columns of rowColumns.
const intentColumns = `SELECT i.id, i.account, i.made, i.kind, i.state, coalesce(i.mailbox, g.mailbox, 0), ifnull(i.target, 0),
	i.name, x.raw, ifnull(i.sent_uidvalidity, 0), ifnull(i.sent_uidnext, 0), i.tries, i.reason, i.retry_at,
	ifnull((SELECT c.id FROM intent c WHERE c.kind = 'create' AND c.mailbox IN (i.mailbox, i.target) AND c.id <> i.id), 0),
	m.vanished_run IS NOT NULL,
	ifnull(m.id, 0), ifnull(m.generation, 0), ifnull(m.uid, 0), ifnull(m.base, ''), ifnull(m.local, ''), m.body IS NOT NULL, m.size, m.date, ifnull(m.zone, 0),
	ifnull(r.id, 0), ifnull(r.generation, 0), ifnull(r.uid, 0), ifnull(r.base, ''), ifnull(r.local, ''), r.body IS NOT NULL, r.size, r.date, ifnull(r.zone, 0)
	FROM intent i LEFT JOIN message m ON m.id = i.message LEFT JOIN generation g ON g.id = m.generation
	LEFT JOIN message r ON r.id = i.result LEFT JOIN mailbox x ON x.id = i.mailbox `

const intentsQuery = intentColumns + "WHERE i.account = ? ORDER BY i.id"

// Intents calls fn for everything that the owner of an account still wants of the
// server, in order. Flat in memory.
func (s *Store) Intents(ctx context.Context, acct AccountID, fn func(Intent) error) error {
	return s.eachIntent(ctx, intentsQuery, []any{acct}, fn)
}

// IntentsBut is Intents without those of a kind.
func (s *Store) IntentsBut(ctx context.Context, acct AccountID, kind IntentKind, fn func(Intent) error) error {
	return s.eachIntent(ctx, intentsButQuery, []any{acct, kind}, fn)
}

const intentsButQuery = intentColumns + "WHERE i.account = ? AND i.kind <> ? ORDER BY i.id"

// FlagsIntents is Intents for those of flags alone, of which there may be very many: they
// have no target, nothing that stands for their outcome and nothing that they need, and
// to ask for all that takes longer than for the rest.
func (s *Store) FlagsIntents(ctx context.Context, acct AccountID, fn func(Intent) error) error {
	scan := intentScan{in: Intent{Account: acct, Kind: IntentFlags}}
	in := &scan.in
	dest := append([]any{&in.ID, &scan.made, &in.State, &in.Mailbox, &in.Tries, &in.Reason, &scan.retry, &in.Vanished}, scan.message.dest()...)
	return s.eachPrepared(ctx, flagsIntentsQuery, []any{acct}, func(r *sql.Rows) error {
		if err := r.Scan(dest...); err != nil {
			return err
		}
		return fn(scan.done())
	})
}

const flagsIntentsQuery = `SELECT i.id, i.made, i.state, g.mailbox, i.tries, i.reason, i.retry_at, m.vanished_run IS NOT NULL, ` + rowColumns + `
	FROM intent i CROSS JOIN message m ON m.id = i.message CROSS JOIN generation g ON g.id = m.generation
	WHERE i.account = ? AND i.kind = 'flags' ORDER BY i.id`

// FlagsWanted lists the mailboxes in which flags intents wait.
func (s *Store) FlagsWanted(ctx context.Context, acct AccountID) (boxes []MailboxID, err error) {
	err = s.eachPrepared(ctx, flagsWantedQuery, []any{acct}, func(r *sql.Rows) error {
		var id MailboxID
		err := r.Scan(&id)
		if !slices.Contains(boxes, id) {
			boxes = append(boxes, id)
		}
		return err
	})
	return boxes, err
}

const flagsWantedQuery = `SELECT g.mailbox FROM intent i CROSS JOIN message m ON m.id = i.message
	CROSS JOIN generation g ON g.id = m.generation WHERE i.account = ? AND i.kind = 'flags'`

// Intent gives one intent.
func (s *Store) Intent(ctx context.Context, id IntentID) (Intent, error) {
	var found Intent
	err := s.eachIntent(ctx, intentColumns+"WHERE i.id = ?", []any{id}, func(in Intent) error {
		found = in
		return nil
	})
	if err == nil && found.ID == 0 {
		err = fmt.Errorf("intent %d: %w", id, ErrNotFound)
	}
	return found, err
}

func (s *Store) eachIntent(ctx context.Context, q string, args []any, fn func(Intent) error) error {
	return s.eachPrepared(ctx, q, args, eachScanned(fn))
}

// eachScanned makes an Intent of every row; what it is scanned into serves all of them.
func eachScanned(fn func(Intent) error) func(*sql.Rows) error {
	var scan intentScan
	dest := scan.dest()
	return func(r *sql.Rows) error {
		if err := r.Scan(dest...); err != nil {
			return err
		}
		return fn(scan.done())
	}
}

// intentScan holds what an Intent is scanned into.
type intentScan struct {
	in              Intent
	made, retry     sql.NullInt64
	name, raw       []byte
	message, result rowScan
}

func (s *intentScan) dest() []any {
	in := &s.in
	dest := []any{&in.ID, &in.Account, &s.made, &in.Kind, &in.State, &in.Mailbox, &in.Target,
		&s.name, &s.raw, &in.UIDValidity, &in.UIDNext, &in.Tries, &in.Reason, &s.retry, &in.Needs, &in.Vanished}
	return append(append(dest, s.message.dest()...), s.result.dest()...)
}

func (s *intentScan) done() Intent {
	in := s.in
	in.Made, in.RetryAt = fromUnix(s.made), fromUnix(s.retry)
	in.Name = string(s.name)
	if in.Kind == IntentCreate {
		in.Name = string(s.raw)
	}
	if s.message.row.ID != 0 {
		in.Message = s.message.done()
	}
	if s.result.row.ID != 0 {
		in.Result = s.result.done()
	}
	return in
}

// SentResult is a message that may be on the server already under a UID that is
// not known, with what it can be recognised by.
type SentResult struct {
	Intent               IntentID
	Kind                 IntentKind
	State                IntentState // Sent or Done
	UIDValidity, UIDNext uint32      // of the mailbox when the command left
	Fingerprint
	Heading
}

const sentQuery = `SELECT i.id, i.kind, i.state, ifnull(i.sent_uidvalidity, 0), ifnull(i.sent_uidnext, 0), ` + rowColumns + `,
	ifnull(b.size, -1), b.header_sha256, b.sha256, ifnull(v.message_id, ''), ifnull(v.subject, ''), ifnull(v.sender, '')
	FROM message m CROSS JOIN intent i ON i.result = m.id LEFT JOIN body b ON b.id = m.body LEFT JOIN envelope v ON v.body = m.body
	WHERE m.generation = ?1 AND m.uid IS NULL AND m.vanished_run IS NULL
	AND (i.state IN ('sent', 'done') OR ?2 AND i.state = 'queued' AND i.kind IN ('copy', 'append')) ORDER BY m.id`

// SentResults calls fn for the messages of a generation that were sent and whose
// UIDs are not known. Who finds one tells IntentDone. queued: those too of which
// this copy of the store believes that they were not sent.
func (s *Store) SentResults(ctx context.Context, gen GenerationID, queued bool, fn func(SentResult) error) error {
	return s.eachPrepared(ctx, sentQuery, []any{gen, queued}, func(r *sql.Rows) error {
		var sent SentResult
		var scan rowScan
		var header, sum []byte
		dest := append([]any{&sent.Intent, &sent.Kind, &sent.State, &sent.UIDValidity, &sent.UIDNext}, scan.dest()...)
		if err := r.Scan(append(dest, &sent.BodySize, &header, &sum, &sent.MessageID, &sent.Subject, &sent.Sender)...); err != nil {
			return err
		}
		sent.Row = scan.done()
		copy(sent.HeaderSHA256[:], header)
		copy(sent.SHA256[:], sum)
		return fn(sent)
	})
}
