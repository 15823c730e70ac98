package localstore

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updateFixture = flag.Bool("update", false, "write the fixture of the newest schema, before its release")

// schemaOf is the schema as SQLite keeps it.
func schemaOf(t tb, db *sql.DB) string {
	t.Helper()
	rows, err := db.Query("SELECT ifnull(sql, name) FROM sqlite_schema ORDER BY type, name")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all strings.Builder
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all.WriteString(text + ";\n")
	}
	return all.String()
}

// Every released schema is kept as testdata/N.sql, a store of that time with a
// little of everything. Upgraded, it has the schema of a fresh one, its rows are
// still there, and nothing is wrong with it. It also proves that a released
// migration was not edited: the fixture would differ.
func TestUpgrade(t *testing.T) {
	fresh := newStore(t)
	if *updateFixture {
		writeFixture(t)
	}
	for version := 1; version <= schemaVersion; version++ {
		path := filepath.Join(t.TempDir(), "mail.db")
		script, err := os.ReadFile(fmt.Sprintf("testdata/%d.sql", version))
		if err != nil {
			t.Fatal("a released schema without its fixture: run this test with -update before the release: ", err)
		}
		db, err := sql.Open("sqlite", dsn(path, "_foreign_keys=0"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(string(script)); err != nil {
			t.Fatal(err)
		}
		db.Close()
		refusedUntouched(t, path)
		s := openStore(t, path, Options{})
		defer s.Close()
		if diff := cmp.Diff(schemaOf(t, fresh.reader), schemaOf(t, s.reader)); diff != "" {
			t.Errorf("version %d, upgraded, is not a fresh store (-fresh +upgraded):\n%s", version, diff)
		}
		checkClean(t, s)
		m, err := s.Message(bg, 1)
		if err != nil || m.Subject != "eins" || m.State != StatePresent || m.Flags != "" {
			t.Errorf("version %d: %+v %v", version, m, err)
		}
		if n := count(t, s, "SELECT count(*) FROM mail"); n != 6 {
			t.Errorf("version %d: %d messages", version, n)
		}
		if _, err := read(s, 1); err != nil {
			t.Error(err)
		}
		if n := count(t, s, "SELECT count(*) FROM intent"); version >= 3 && n != 7 {
			t.Errorf("version %d: %d intents", version, n)
		}
	}
}

// refusedUntouched: a store is not the state of a migration, and is not upgraded to find
// that out.
func refusedUntouched(t *testing.T, path string) {
	t.Helper()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := Open(bg, path, Options{Passing: true}); !errors.Is(err, ErrKeeping) {
		t.Error(err)
		s.Close()
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("%s was changed (%v)", path, err)
	}
}

// writeFixture dumps a small store, in a form that any SQLite reads.
func writeFixture(t *testing.T) {
	s := newStore(t)
	inbox, other := sampleMail(t, s)
	partOf(t, s, inbox, 40)
	wishes(t, s, inbox, other)
	var out strings.Builder
	fmt.Fprintf(&out, "PRAGMA application_id = %d;\nPRAGMA user_version = %d;\nBEGIN;\n", applicationID, schemaVersion)
	objects := func(where string, fn func(name, text string)) {
		rows, err := s.reader.Query("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' AND " + where + " ORDER BY rowid")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var name, text string
			if err := rows.Scan(&name, &text); err != nil {
				t.Fatal(err)
			}
			fn(name, text)
		}
	}
	objects("type = 'table'", func(name, text string) {
		out.WriteString(text + ";\n" + dumpRows(t, s, name))
	})
	out.WriteString("DELETE FROM sqlite_sequence;\n" + dumpRows(t, s, "sqlite_sequence"))
	objects("type <> 'table'", func(_, text string) { out.WriteString(text + ";\n") })
	out.WriteString("COMMIT;\n")
	if err := os.WriteFile(fmt.Sprintf("testdata/%d.sql", schemaVersion), []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// partOf stages a first piece of a message.
func partOf(t *testing.T, s *Store, p place, uid uint32) {
	t.Helper()
	sum := sha256.Sum256([]byte("part"))
	tamper(t, s, "INSERT INTO staging(body, message, sha256) SELECT 99, id, ? FROM message WHERE generation = ? AND uid = ?", sum[:], p.gen, uid)
	tamper(t, s, "INSERT INTO chunk(id, size, zstd, data) VALUES (99 << 20, 4, 0, CAST('part' AS BLOB))")
}

// wishes adds a little of what can wait for the server to the sample of mail, one
// message less and one more.
func wishes(t *testing.T, s *Store, inbox, other place) {
	draft := pack(t, "Subject: draft\n\n")
	edit(t, s, func(tx *Tx) error {
		made, err := tx.CreateMailbox(inbox.acct, info("Neu"))
		if err != nil {
			return err
		}
		if _, err := tx.AppendMessage(made, draft, `\Draft`, testDate); err != nil {
			return err
		}
		if err := tx.ExpungeMessages([]MessageID{3}); err != nil {
			return err
		}
		if _, err := tx.MoveMessages([]MessageID{2}, made); err != nil {
			return err
		}
		if err := tx.EditFlags([]MessageID{2}, "x", ""); err != nil {
			return err
		}
		if err := tx.WantName(other.box, "Smile", "Smile"); err != nil {
			return err
		}
		return tx.WantSubscribed(inbox.box, true)
	})
	update(t, s, func(tx *Tx) error {
		_, err := tx.RecordConflict(Conflict{Account: inbox.acct, Run: inbox.run, Rule: "rule", Message: 4,
			Wanted: "{}", Had: "{}", Decision: "server"})
		return err
	})
}

func dumpRows(t *testing.T, s *Store, table string) string {
	t.Helper()
	var columns, out strings.Builder
	rows, err := s.reader.Query("SELECT name FROM pragma_table_info(?)", table)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&columns, ", quote(%q)", name)
	}
	rows, err = s.reader.Query("SELECT concat_ws(', '" + columns.String() + ") FROM " + table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var values string
		if err := rows.Scan(&values); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "INSERT INTO %s VALUES (%s);\n", table, values)
	}
	return out.String()
}

// The version is looked at again inside the transaction: two programs upgrading
// at once run each step once.
func TestMigrateTwice(t *testing.T) {
	s := newStore(t)
	if err := migrate(bg, s.writer, schemaVersion); err != nil {
		t.Error(err)
	}
	// A step that fails half way leaves its version.
	bad := migration{version: schemaVersion + 1, name: "bad", sql: "CREATE TABLE half(x) STRICT; CREATE TABLE account(x)"}
	if err := migrateOne(bg, s.writer, bad); err == nil {
		t.Error("a bad migration passed")
	}
	if n := count(t, s, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"); n != 0 {
		t.Error("half of a migration stayed")
	}
	if n := count(t, s, "SELECT user_version FROM pragma_user_version"); n != schemaVersion {
		t.Errorf("version %d", n)
	}
}

// A reader cannot upgrade and says what would.
func TestReaderOfOlderSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.db")
	openStore(t, path, Options{Create: true}).Close()
	if err := versionError(path, schemaVersion-1, true); err == nil {
		t.Error("a reader takes an older schema")
	}
	if err := versionError(path, schemaVersion-1, false); err != nil {
		t.Error(err)
	}
}
