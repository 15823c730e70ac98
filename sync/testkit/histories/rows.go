package histories

import (
	"database/sql"
	"fmt"
	"sort"
	"strings"
)

// row is a message that the store takes for one on the server.
type row struct {
	raw         string
	uidvalidity uint32
	uid         uint32
	base, local string
	date        int64
	sha         string
}

const current = ` FROM message m JOIN generation g ON g.id = m.generation JOIN mailbox x ON x.id = g.mailbox
	LEFT JOIN body b ON b.id = m.body
	WHERE m.vanished_run IS NULL AND m.uid IS NOT NULL AND g.retired_run IS NULL AND x.detached_run IS NULL`

// present are the messages that the store takes for being on the server.
func (m *machine) present() (all []row) {
	m.Helper()
	m.query(func(r *sql.Rows) error {
		var x row
		var date sql.NullInt64
		err := r.Scan(&x.raw, &x.uidvalidity, &x.uid, &x.base, &x.local, &date, &x.sha)
		x.date = date.Int64
		all = append(all, x)
		return err
	}, `SELECT x.raw, g.uidvalidity, m.uid, m.base, m.local, m.date, ifnull(lower(hex(b.sha256)), '')`+current)
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
	var lines []string
	for _, table := range []string{"mailbox", "generation", "message", "event", "problem", "body", "intent", "conflict"} {
		m.query(func(r *sql.Rows) error {
			columns, _ := r.Columns()
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			err := r.Scan(into...)
			lines = append(lines, fmt.Sprint(table, " ", values))
			return err
		}, "SELECT * FROM "+table)
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}
