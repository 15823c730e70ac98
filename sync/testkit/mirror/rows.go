package mirror

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// Row is a message that a store takes for one on the server.
type Row struct {
	Raw              string // the mailbox
	UIDValidity, UID uint32
	Base, Local      string // flags
	Date             int64
	SHA              string // of the body; "": it is not held
}

// Ask puts a question to a store, as sql.DB.Query does.
type Ask func(query string, args ...any) (*sql.Rows, error)

// Each reads all rows of the answer.
func (ask Ask) Each(into func(*sql.Rows) error, query string, args ...any) error {
	rows, err := ask(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := into(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

const present = `SELECT x.raw, g.uidvalidity, m.uid, m.base, m.local, m.date, ifnull(lower(hex(b.sha256)), '')
	FROM message m JOIN generation g ON g.id = m.generation JOIN mailbox x ON x.id = g.mailbox JOIN account a ON a.id = x.account
	LEFT JOIN body b ON b.id = m.body
	WHERE m.vanished_run IS NULL AND m.uid IS NOT NULL AND g.retired_run IS NULL AND x.detached_run IS NULL AND a.name = ?`

// Present are the messages of an account that a store takes for being on the server.
func (ask Ask) Present(account string) (all []Row, err error) {
	err = ask.Each(func(r *sql.Rows) error {
		var x Row
		var date sql.NullInt64
		err := r.Scan(&x.Raw, &x.UIDValidity, &x.UID, &x.Base, &x.Local, &date, &x.SHA)
		x.Date = date.Int64
		all = append(all, x)
		return err
	}, present, account)
	return all, err
}

// Dump is all that a run may write, but for its own record.
func (ask Ask) Dump() (string, error) {
	var lines []string
	for _, table := range []string{"mailbox", "generation", "message", "event", "problem", "body", "intent", "conflict"} {
		err := ask.Each(func(r *sql.Rows) error {
			columns, _ := r.Columns()
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			err := r.Scan(into...)
			lines = append(lines, fmt.Sprint(table, " ", values))
			return err
		}, "SELECT * FROM "+table)
		if err != nil {
			return "", err
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n"), nil
}
