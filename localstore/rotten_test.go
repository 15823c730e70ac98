package localstore

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// rotten is a store that can be damaged, over and over.
type rotten struct {
	t      *testing.T
	path   string
	file   []byte               // when nothing was wrong with it
	live   map[string][]int     // its bytes that mean something, by tree
	bodies map[MessageID]string // that it holds
	rows   map[string]string    // what columnsOf gave
}

// newRotten has a little of everything in it, and bodies of every form.
func newRotten(t *testing.T) *rotten {
	r := &rotten{t: t, path: filepath.Join(t.TempDir(), "mail.db"), bodies: map[MessageID]string{}}
	s := openStore(t, r.path, Options{Create: true, Now: func() time.Time { return testDate }})
	inbox, other := sampleMail(t, s)
	edit(t, s, func(tx *Tx) error {
		_, err := tx.PutFound(inbox.acct, []Found{{pack(t, "Subject: found\n\n"), "Old", 3, 4}})
		return cmp.Or(err, tx.SetPass(Pass{Source: inbox.acct, Target: inbox.acct, Asked: []byte("asked"), Report: []byte("report")}),
			tx.PutProblem(Problem{Account: inbox.acct, Message: 5, Kind: "kind", Reason: "reason"}, testDate),
			tx.EndRun(inbox.run, RunEnd{At: testDate, Outcome: OutcomeOK, Receipt: []byte(`{"new":6}`)}))
	})
	for i, id := range arrive(t, s, inbox, 50, 51, 52, 53, 54) {
		put(t, s, id, fmt.Sprintf("Subject: %d\r\n\r\n%s", i, []string{noise(3000, 1), strings.Repeat("text ", 9000), noise(90000, 2), noise(30000, 3), noise(ChunkSize+9, 4)}[i]))
	}
	partOf(t, s, inbox, 40)
	wishes(t, s, inbox, other)
	checkClean(t, s)
	r.rows = columnsOf(t, s)
	for id := range MessageID(count(t, s, "SELECT max(id) FROM message")) {
		if b, err := read(s, id+1); err == nil {
			r.bodies[id+1] = string(b)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	r.load()
	return r
}

func (r *rotten) load() {
	r.t.Helper()
	var err error
	if r.file, err = os.ReadFile(r.path); err != nil {
		r.t.Fatal(err)
	}
	s := openStore(r.t, r.path, Options{ReadOnly: true})
	defer s.Close()
	r.live = livePages(r.t, s, r.file)
}

// with looks at a store whose file is this. found: somebody is told. Otherwise, rows
// are those that are not what they were.
func (r *rotten) with(what string, file []byte, o Options) (found bool, rows []string) {
	r.t.Helper()
	os.Remove(r.path + "-wal")
	if err := os.WriteFile(r.path, file, 0o600); err != nil {
		r.t.Fatal(err)
	}
	s, err := Open(bg, r.path, o)
	if err != nil {
		r.explained(what, err)
		return true, nil
	}
	defer s.Close()
	lost := 0
	for id, want := range r.bodies {
		got, err := read(s, id)
		if err != nil {
			lost++
		} else if string(got) != want {
			r.t.Errorf("%s: message %d is served, and is not what it was", what, id)
		}
	}
	err = s.Check(bg, CheckOptions{}, func(Finding) { found = true })
	if err != nil {
		r.explained(what, err)
		return true, nil
	}
	if found {
		return true, nil
	}
	if lost > 0 {
		r.t.Errorf("%s: %d messages cannot be read, and the check finds nothing", what, lost)
	}
	return false, r.changed(columnsOf(r.t, s))
}

func (r *rotten) changed(now map[string]string) (rows []string) {
	for _, name := range slices.Sorted(maps.Keys(r.rows)) {
		if now[name] != r.rows[name] {
			rows = append(rows, name)
		}
	}
	return rows
}

// columnsOf tells one state of a store from another, by column of each table; of
// events by kind, too. Flags are the same in whatever case.
func columnsOf(t *testing.T, s *Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, table := range texts(t, s, "SELECT name FROM sqlite_schema WHERE type = 'table'") {
		of := "''"
		if table == "event" {
			of = "' of ' || kind"
		}
		for _, column := range texts(t, s, "SELECT name FROM pragma_table_info(?)", table) {
			value := fmt.Sprintf(`quote("%s")`, column)
			if column == "base" || column == "local" {
				value = "lower(" + value + ")"
			}
			for _, text := range texts(t, s, fmt.Sprintf(`SELECT %s || ': ' || group_concat(%s, x'0a') FROM "%s" GROUP BY %s`, of, value, table, of)) {
				kind, values, _ := strings.Cut(text, ": ")
				all[table+"."+column+kind] = fmt.Sprintf("%x", sha256.Sum256([]byte(values)))
			}
		}
	}
	return all
}

func texts(t *testing.T, s *Store, query string, args ...any) (all []string) {
	t.Helper()
	rows, err := s.reader.Query(query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	return all
}

func (r *rotten) explained(what string, err error) {
	r.t.Helper()
	var own *Error
	if !errors.As(err, &own) || own.Hint == "" {
		r.t.Errorf("%s: %v", what, err)
	}
}
