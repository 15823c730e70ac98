package histories

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"mailstow/conflict"
	"mailstow/localstore"
)

// place is a store, open, and a connection beside it for looking.
type place struct {
	t      TB // of who is there now
	path   string
	store  *localstore.Store
	db     *sql.DB
	asked  map[string]*sql.Stmt
	time   func() time.Time
	tables []string
	begins map[string]string // attached stores by path, to begin with
}

// newPlace opens a store that is a copy of another: bodies are counted from there. No
// name: it is empty.
func newPlace(t TB, path, begun string) *place {
	t.Helper()
	p := &place{t: t, path: path, asked: map[string]*sql.Stmt{}, time: time.Now, begins: map[string]string{}}
	for _, end := range []string{"-wal", "-shm", "-journal", ".lock", ""} {
		os.Remove(path + end)
	}
	if begun != "" {
		data, err := os.ReadFile(begun)
		if err = errors.Join(err, os.WriteFile(path, data, 0o600)); err != nil {
			t.Fatalf("%v", err)
		}
	}
	p.open()
	var err error
	if p.db, err = sql.Open("sqlite", "file:"+path); err != nil {
		t.Fatalf("%v", err)
	}
	p.db.SetMaxOpenConns(1)
	p.query(func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		p.tables = append(p.tables, name)
		return err
	}, "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql IS NOT NULL ORDER BY name = 'sqlite_sequence'")
	return p
}

func (p *place) open() {
	p.t.Helper()
	var err error
	p.store, err = localstore.Open(context.Background(), p.path, localstore.Options{Create: true, Merge: conflict.MergeText,
		Now: func() time.Time { return p.time() }})
	if err != nil {
		p.t.Fatalf("%v", err)
	}
}

func (p *place) reopen() {
	p.t.Helper()
	if err := p.store.Close(); err != nil {
		p.t.Fatalf("close: %v", err)
	}
	p.open()
}

func (p *place) close() {
	p.db.Close()
	p.store.Close()
}

// save leaves a copy.
func (p *place) save(path string) {
	p.t.Helper()
	p.must("VACUUM INTO ?", path)
}

// begin makes the store what a saved one is. It stays open: who has it open sees a
// transaction of somebody else.
func (p *place) begin(path string) {
	p.t.Helper()
	name, known := p.begins[path]
	if !known {
		name = fmt.Sprint("begun", len(p.begins))
		p.must("ATTACH ? AS "+name, path)
		p.begins[path] = name
	}
	p.must("BEGIN IMMEDIATE")
	for _, table := range p.tables {
		p.must("DELETE FROM main." + table)
		p.must(fmt.Sprintf("INSERT INTO main.%s SELECT * FROM %s.%s", table, name, table))
	}
	p.must("COMMIT")
}

func (p *place) must(query string, args ...any) {
	p.t.Helper()
	if _, err := p.ask(query).Exec(args...); err != nil {
		p.t.Fatalf("%s: %v", query, err)
	}
}

// query reads all rows of a question.
func (p *place) query(into func(*sql.Rows) error, query string, args ...any) {
	p.t.Helper()
	rows, err := p.ask(query).Query(args...)
	if err != nil {
		p.t.Fatalf("%v", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := into(rows); err != nil {
			p.t.Fatalf("%v", err)
		}
	}
	if err := rows.Err(); err != nil {
		p.t.Fatalf("%v", err)
	}
}

// ask prepares a question, once.
func (p *place) ask(query string) *sql.Stmt {
	p.t.Helper()
	if p.asked[query] == nil {
		st, err := p.db.Prepare(query)
		if err != nil {
			p.t.Fatalf("%s: %v", query, err)
		}
		p.asked[query] = st
	}
	return p.asked[query]
}
