package localstore

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// States of a message, as in the view mail.
const (
	StatePresent  = "present"
	StateLocal    = "local" // not yet on the server
	StateMissing  = "missing"
	StateDropped  = "dropped" // in the state of a migration: its body was only on its way
	StateVanished = "vanished"
)

// Mail is a message as people see it. Texts come from headers and may hold
// anything but control characters; Size is -1 when unknown.
type Mail struct {
	ID                           MessageID
	Mailbox                      MailboxID
	Account, Folder              string
	UID                          uint32
	Flags                        string
	Labels                       string    // LabelText, "" where the server has none
	Date                         time.Time // of the header; zero when it has none that can be read
	InternalDate                 time.Time
	MessageID, From, To, Subject string
	Size                         int64
	SHA256                       string // hexadecimal, "" while the body is not held
	State                        string
	VanishedRun                  RunID // that no longer found it; 0: it is there
}

// ListQuery selects messages. The zero value selects all that are present.
type ListQuery struct {
	Account       AccountID // 0: all
	Mailbox       MailboxID // 0: all
	Unseen        bool
	First, Last   MessageID // 0: no bound
	Since, Before time.Time // by internal date: from the one on, up to and without the other
	From, Subject string    // contained, in any case
	Limit         int       // the last so many; 0: all
	Deleted       bool      // vanished ones too
	Gone          bool      // vanished ones alone
	At            Cut       // not zero: those that were on the server then, with the flags that they had; vanished says what is gone since
	SinceRun      RunID     // what changed after that run; 0: no matter when
}

const mailSelect = `SELECT m.id, a.name, ifnull(x.wanted_name, x.name), ` + nowColumns + `, e.date, m.date, m.zone,
	ifnull(e.message_id, ''), ifnull(e.sender, ''), ifnull(e.recipients, ''), ifnull(e.subject, ''),
	coalesce(b.size, m.size, -1), b.sha256, ifnull(m.labels, ''),
	CASE WHEN m.vanished_run IS NOT NULL THEN 'vanished' WHEN m.uid IS NULL THEN 'local'
	     WHEN m.body IS NULL THEN 'missing' WHEN b.dropped = 1 THEN 'dropped' ELSE 'present' END, ifnull(m.vanished_run, 0),
	x.id AS mailbox, g.id AS generation, m.uid AS uid, m.id AS message `

const mailFrom = `FROM mailbox x CROSS JOIN account a ON a.id = x.account CROSS JOIN generation g ON g.mailbox = x.id
	CROSS JOIN message m ON m.generation = g.id ` + mailTexts

const mailTexts = "LEFT JOIN body b ON b.id = m.body LEFT JOIN envelope e ON e.body = m.body "

// What a message is like now, and what it was like at a cut.
const (
	nowColumns  = "ifnull(m.uid, 0), m.local"
	thenColumns = "h.uid, h.new"
	thenJoin    = `CROSS JOIN event h ON h.id = (SELECT max(id) FROM event WHERE message = m.id AND id <= ?%d)
	AND h.kind IN ('arrived', 'flags', 'rebound') AND h.uid IS NOT NULL `
)

// changedSince: something happened to the message after the last event of a run.
const changedSince = `EXISTS (SELECT 1 FROM event e WHERE e.message = m.id
	AND e.id > ifnull((SELECT id FROM event WHERE run <= ?%d ORDER BY id DESC LIMIT 1), 0))`

// List calls fn for the selected messages mailbox by mailbox, in the order of
// their UIDs: the one that arrived last comes last, after it those that are not on
// the server yet. What waits to be moved or deleted is not there. With Limit the last ones are
// given, in the same order. Flat in memory but for Limit messages.
func (s *Store) List(ctx context.Context, q ListQuery, fn func(Mail) error) error {
	query, args := q.sql()
	match := q.match()
	if q.Limit <= 0 {
		return s.eachMail(ctx, query, args, func(m Mail) error {
			if match(m) {
				return fn(m)
			}
			return nil
		})
	}
	last, err := s.lastMails(ctx, query, args, q.Limit, match)
	for _, m := range slices.Backward(last) {
		if err == nil {
			err = fn(m)
		}
	}
	return err
}

var errEnough = errors.New("enough")

// lastMails collects up to limit messages, last first.
func (s *Store) lastMails(ctx context.Context, query string, args []any, limit int, match func(Mail) bool) ([]Mail, error) {
	var last []Mail
	err := s.eachMail(ctx, query, args, func(m Mail) error {
		if match(m) {
			last = append(last, m)
		}
		if len(last) == limit {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return last, err
}

// sql builds the query. Present and vanished messages have an index each, so
// with both it is two queries that SQLite merges.
func (q ListQuery) sql() (string, []any) {
	columns, from, flags := mailSelect, mailFrom, "m.local"
	where := "WHERE m.vanished_run IS %s AND m.leaving IS NULL AND x.leaving IS NULL"
	var args []any
	add := func(cond string, arg any) {
		args = append(args, arg)
		where += fmt.Sprintf(" AND "+cond, len(args))
	}
	if q.At != 0 {
		args = append(args, q.At)
		columns, flags = strings.Replace(columns, nowColumns, thenColumns, 1), "h.new"
		from = strings.Replace(from, mailTexts, fmt.Sprintf(thenJoin, 1)+mailTexts, 1)
		where = "WHERE m.vanished_run IS %s"
	}
	if q.Account != 0 {
		add("+x.account = ?%d", q.Account) // plus: see foldersQuery
	}
	if q.Mailbox != 0 {
		add("x.id = ?%d", q.Mailbox)
	}
	if q.First != 0 {
		add("m.id >= ?%d", q.First)
	}
	if q.Last != 0 {
		add("m.id <= ?%d", q.Last)
	}
	if !q.Since.IsZero() {
		add("m.date >= ?%d", q.Since.Unix())
	}
	if !q.Before.IsZero() {
		add("m.date < ?%d", q.Before.Unix())
	}
	if q.SinceRun != 0 {
		add(changedSince, q.SinceRun)
	}
	if q.Unseen {
		where += ` AND instr(' ' || ` + flags + ` || ' ', ' \Seen ') = 0`
	}
	var parts []string
	if !q.Gone {
		parts = append(parts, columns+from+strings.Replace(where, "%s", "NULL", 1))
	}
	if q.Gone || q.Deleted || q.At != 0 {
		parts = append(parts, columns+from+strings.Replace(where, "%s", "NOT NULL", 1))
	}
	text := strings.Join(parts, " UNION ALL ")
	order := " ORDER BY mailbox, generation, uid NULLS LAST, message"
	if q.Limit > 0 {
		order = " ORDER BY mailbox DESC, generation DESC, uid DESC NULLS FIRST, message DESC"
	}
	return text + order, args
}

// match does what SQLite's LIKE cannot: it knows the case of ASCII alone.
func (q ListQuery) match() func(Mail) bool {
	from, subject := strings.ToLower(q.From), strings.ToLower(q.Subject)
	return func(m Mail) bool {
		return strings.Contains(strings.ToLower(m.From), from) && strings.Contains(strings.ToLower(m.Subject), subject)
	}
}

// Message gives one message, vanished or not.
func (s *Store) Message(ctx context.Context, id MessageID) (Mail, error) {
	var found Mail
	err := s.eachMail(ctx, mailSelect+`FROM message m JOIN generation g ON g.id = m.generation JOIN mailbox x ON x.id = g.mailbox
		JOIN account a ON a.id = x.account LEFT JOIN body b ON b.id = m.body LEFT JOIN envelope e ON e.body = m.body WHERE m.id = ?`,
		[]any{id}, func(m Mail) error {
			found = m
			return nil
		})
	if err == nil && found.ID == 0 {
		err = fmt.Errorf("message %d: %w", id, ErrNotFound)
	}
	return found, err
}

func (s *Store) eachMail(ctx context.Context, query string, args []any, fn func(Mail) error) error {
	return s.each(ctx, query, args, func(r *sql.Rows) error {
		var m Mail
		var date, internal sql.NullInt64
		var zone int
		var sum []byte
		var order sql.RawBytes
		err := r.Scan(&m.ID, &m.Account, &m.Folder, &m.UID, &m.Flags, &date, &internal, &zone,
			&m.MessageID, &m.From, &m.To, &m.Subject, &m.Size, &sum, &m.Labels, &m.State, &m.VanishedRun, &m.Mailbox, &order, &order, &order)
		if err != nil {
			return err
		}
		m.Date, m.InternalDate, m.SHA256 = fromUnix(date), dateOf(internal, zone), hex.EncodeToString(sum)
		return fn(m)
	})
}
