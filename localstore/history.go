package localstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"
)

// Cut is a moment in history: what had been noted by then, and no more. Zero is now.
// A message was on the server at a cut when its newest event up to there puts it
// under a UID.
type Cut int64

// CutNever is the cut before everything.
const CutNever Cut = -1

// CutAt gives the cut at a time. Clocks jump; events are in the order in which they
// were noted, and the cut is made where their times first pass the one given.
func (s *Store) CutAt(ctx context.Context, at time.Time) (Cut, error) {
	var lo, hi int64 // events up to lo are not later; those from hi on are
	if err := s.ask(ctx, "SELECT ifnull(max(id), 0) + 1 FROM event", nil, &hi); err != nil {
		return 0, err
	}
	for lo+1 < hi {
		mid := (lo + hi) / 2
		var id, then int64
		if err := s.ask(ctx, eventFromQuery, []any{mid}, &id, &then); err != nil {
			return 0, err
		}
		switch {
		case then > at.Unix():
			hi = mid
		default:
			lo = min(id, hi-1)
		}
	}
	return cut(lo), nil
}

const eventFromQuery = "SELECT id, at FROM event WHERE id >= ? ORDER BY id LIMIT 1"

// CutAfter gives the cut at the end of a run.
func (s *Store) CutAfter(ctx context.Context, run RunID) (Cut, error) {
	var last int64
	err := s.ask(ctx, cutAfterQuery, []any{run}, &last)
	return cut(last), err
}

const cutAfterQuery = "SELECT ifnull((SELECT id FROM event WHERE run <= ? ORDER BY run DESC, id DESC LIMIT 1), 0)"

// CutBefore gives the cut at the beginning of a run; that at its end where it changed
// nothing.
func (s *Store) CutBefore(ctx context.Context, run RunID) (Cut, error) {
	var first sql.NullInt64
	err := s.ask(ctx, "SELECT min(id) FROM event WHERE run = ?", []any{run}, &first)
	if err != nil || !first.Valid {
		return s.CutAfter(ctx, run)
	}
	return cut(first.Int64 - 1), nil
}

// end is the last event that counts.
func (c Cut) end() int64 {
	if c == 0 {
		return math.MaxInt64
	}
	return int64(c)
}

func cut(last int64) Cut {
	if last == 0 {
		return CutNever
	}
	return Cut(last)
}

// ask reads one row that is there.
func (s *Store) ask(ctx context.Context, q string, args []any, dest ...any) error {
	return s.wrap(canceled(ctx, s.reader.QueryRowContext(ctx, q, args...).Scan(dest...)))
}

// Run gives one run.
func (s *Store) Run(ctx context.Context, id RunID) (Run, error) {
	all, err := s.runs(ctx, "WHERE id = ?", id)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("run %d: %w", id, ErrNotFound)
	}
	if err != nil {
		return Run{}, err
	}
	return all[0], nil
}

// Changes counts what a run changed: messages that arrived, vanished, were moved, got
// other flags, or other UIDs, and mailboxes that came, went or got other names.
type Changes struct{ Arrived, Vanished, Moved, Flags, Rebound, Mailboxes int64 }

const changesQuery = `SELECT ifnull(sum(kind = 'arrived'), 0), ifnull(sum(kind = 'vanished'), 0), ifnull(sum(kind = 'moved'), 0),
	ifnull(sum(kind = 'flags'), 0), ifnull(sum(kind = 'rebound'), 0), ifnull(sum(kind IN ('created', 'detached', 'back', 'renamed')), 0)
	FROM event WHERE run = ?1`

const changesInQuery = changesQuery + " AND (mailbox = ?2 OR generation IN (SELECT id FROM generation WHERE mailbox = ?2))"

// Changes counts what a run changed in a mailbox; 0: in all of its account.
func (s *Store) Changes(ctx context.Context, run RunID, mailbox MailboxID) (c Changes, err error) {
	q, args := changesQuery, []any{run}
	if mailbox != 0 {
		q, args = changesInQuery, append(args, mailbox)
	}
	err = s.ask(ctx, q, args, &c.Arrived, &c.Vanished, &c.Moved, &c.Flags, &c.Rebound, &c.Mailboxes)
	return c, err
}

// EventKind is what an event says; sql/0003_offline.sql tells each.
type EventKind string

// Kinds of events.
const (
	EventArrived  EventKind = "arrived"
	EventFlags    EventKind = "flags"
	EventRebound  EventKind = "rebound"
	EventVanished EventKind = "vanished"
	EventMoved    EventKind = "moved"
	EventCreated  EventKind = "created"
	EventDetached EventKind = "detached"
	EventBack     EventKind = "back"
	EventRenamed  EventKind = "renamed"
	EventOpened   EventKind = "opened"
	EventRetired  EventKind = "retired"
)

// Event is one change. What is not held any more of a message is empty.
type Event struct {
	ID            int64
	At            time.Time
	Run           RunID // 0: the owner's
	Kind          EventKind
	Account       string
	Mailbox       MailboxID
	Folder        string // as it is called now
	Message       MessageID
	UID           uint32
	Old, New      string // flags, names, ids: as Kind has it
	From, Subject string
}

const eventColumns = `SELECT e.id, e.at, ifnull(e.run, 0), e.kind, ifnull(a.name, ''), ifnull(x.id, 0), coalesce(x.wanted_name, x.name, ''),
	ifnull(e.message, 0), ifnull(e.uid, 0), ifnull(e.old, ''), ifnull(e.new, ''), ifnull(v.sender, ''), ifnull(v.subject, '') `

const eventJoins = ` LEFT JOIN generation g ON g.id = e.generation LEFT JOIN mailbox x ON x.id = ifnull(e.mailbox, g.mailbox)
	LEFT JOIN account a ON a.id = x.account LEFT JOIN message m ON m.id = e.message LEFT JOIN envelope v ON v.body = m.body `

const runEventsQuery = eventColumns + "FROM event e" + eventJoins + "WHERE e.run = ? ORDER BY e.id"

const messageEventsQuery = eventColumns + "FROM event e" + eventJoins + "WHERE e.message = ? ORDER BY e.id"

// RunEvents calls fn for everything a run changed, in order. Flat in memory.
func (s *Store) RunEvents(ctx context.Context, run RunID, fn func(Event) error) error {
	return s.eachEvent(ctx, runEventsQuery, []any{run}, fn)
}

// MessageEvents gives what happened to a message, in order.
func (s *Store) MessageEvents(ctx context.Context, id MessageID) (all []Event, err error) {
	err = s.eachEvent(ctx, messageEventsQuery, []any{id}, func(e Event) error {
		all = append(all, e)
		return nil
	})
	return all, err
}

func (s *Store) eachEvent(ctx context.Context, q string, args []any, fn func(Event) error) error {
	return s.each(ctx, q, args, func(r *sql.Rows) error {
		e, err := scanEvent(r)
		if err != nil {
			return err
		}
		return fn(e)
	})
}

func scanEvent(r *sql.Rows, more ...any) (e Event, err error) {
	var at sql.NullInt64
	dest := []any{&e.ID, &at, &e.Run, &e.Kind, &e.Account, &e.Mailbox, &e.Folder, &e.Message, &e.UID, &e.Old, &e.New, &e.From, &e.Subject}
	err = r.Scan(append(dest, more...)...)
	e.At = fromUnix(at)
	return e, err
}

// Predecessor gives the message that became this one: that it was moved from, or
// that it puts back. Zero: there is none.
func (s *Store) Predecessor(ctx context.Context, id MessageID) (MessageID, error) {
	return s.link(ctx, predecessorQuery, id)
}

const predecessorQuery = `SELECT message FROM event WHERE kind = 'moved' AND new = CAST(?1 AS TEXT)
	UNION ALL SELECT CAST(old AS INTEGER) FROM event WHERE message = ?1 AND kind = 'arrived' AND old IS NOT NULL LIMIT 1`

// Restored gives the newest message that puts this one back, in its account. Zero: there is none.
func (s *Store) Restored(ctx context.Context, id MessageID) (MessageID, error) {
	return s.link(ctx, restoredQuery, id)
}

const restoredQuery = `SELECT e.message FROM event e JOIN generation g ON g.id = e.generation JOIN mailbox x ON x.id = g.mailbox
	WHERE e.kind = 'arrived' AND e.old = CAST(?1 AS TEXT) AND x.account = (SELECT mx.account FROM message m
		JOIN generation mg ON mg.id = m.generation JOIN mailbox mx ON mx.id = mg.mailbox WHERE m.id = ?1) ORDER BY e.id DESC LIMIT 1`

func (s *Store) link(ctx context.Context, q string, id MessageID) (to MessageID, err error) {
	err = s.reader.QueryRowContext(ctx, q, id).Scan(&to)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return to, s.wrap(canceled(ctx, err))
}
