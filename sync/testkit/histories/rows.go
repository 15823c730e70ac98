package histories

import (
	"database/sql"

	"mailstow/sync/testkit/mirror"
)

// asks is how package mirror puts questions: each is prepared once.
func (m *machine) asks() mirror.Ask {
	return func(query string, args ...any) (*sql.Rows, error) { return m.ask(query).Query(args...) }
}

// present are the messages that the store takes for being on the server.
func (m *machine) present() []mirror.Row {
	m.Helper()
	all, err := m.asks().Present("work")
	if err != nil {
		m.Fatalf("%v", err)
	}
	return all
}

// cursor is how far the mirror of a mailbox is.
type cursor struct {
	raw                 string
	uidvalidity, listed uint32
	modSeq              uint64
}

func (m *machine) cursors() (all []cursor) {
	m.Helper()
	m.query(func(r *sql.Rows) error {
		var c cursor
		err := r.Scan(&c.raw, &c.uidvalidity, &c.listed, &c.modSeq)
		all = append(all, c)
		return err
	}, `SELECT x.raw, g.uidvalidity, g.listed, g.highestmodseq FROM generation g JOIN mailbox x ON x.id = g.mailbox
		WHERE g.retired_run IS NULL AND x.detached_run IS NULL AND g.local = 0`)
	return all
}

// bodies are the hashes of all bodies that are held.
func (m *machine) bodies() map[string]bool {
	m.Helper()
	all := map[string]bool{}
	m.query(func(r *sql.Rows) error {
		var sha string
		err := r.Scan(&sha)
		all[sha] = true
		return err
	}, `SELECT lower(hex(sha256)) FROM body WHERE damaged = 0`)
	return all
}

// dump is all that a run may write, but for its own record.
func (m *machine) dump() string {
	m.Helper()
	text, err := m.asks().Dump()
	if err != nil {
		m.Fatalf("%v", err)
	}
	return text
}
