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
	begins map[string]string // attached stores by path
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

// save leaves a copy, with pages an eighth as long as those of people's stores: a
// history changes a row here and there, and most of its time went into copying pages.
func (p *place) save(path string) {
	p.t.Helper()
	if err := p.store.Edit(context.Background(), func(*localstore.Tx) error { return nil }); err != nil { // a fresh store is no backup
		p.t.Fatalf("%v", err)
	}
	p.must("PRAGMA page_size = 4096")
	p.must("VACUUM INTO ?", path)
}

// begin makes the store what a saved one is. It stays open: who has it open sees a
// transaction of somebody else.
func (p *place) begin(path string) {
	p.t.Helper()
	name := p.attach(path)
	p.copy(name, "main")
	if err := p.store.MarkRun(1, 0); err != nil { // it is no old copy of itself
		p.t.Fatalf("%v", err)
	}
}

// attach makes another store one that can be copied.
func (p *place) attach(path string) string {
	p.t.Helper()
	if p.begins[path] == "" {
		name := fmt.Sprint("other", len(p.begins))
		p.must("ATTACH ? AS "+name, path)
		p.begins[path] = name
	}
	return p.begins[path]
}

// copy makes one of the stores that are attached what another one is.
func (p *place) copy(from, to string) {
	p.t.Helper()
	p.must("BEGIN IMMEDIATE")
	for _, table := range p.tables {
		p.must("DELETE FROM " + to + "." + table)
		p.must(fmt.Sprintf("INSERT INTO %s.%s SELECT * FROM %s.%s", to, table, from, table))
	}
	p.must("COMMIT")
}

// keep makes a backup.
func (p *place) keep() {
	p.t.Helper()
	if path := p.path + ".kept"; p.begins[path] == "" {
		os.Remove(path)
		p.save(path)
		p.attach(path)
		return
	}
	p.copy("main", p.attach(p.path+".kept"))
}

// putBack puts the backup in the place of the store.
func (p *place) putBack() {
	p.t.Helper()
	p.copy(p.attach(p.path+".kept"), "main")
	p.reopen()
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
