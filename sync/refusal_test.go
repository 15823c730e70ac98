package sync_test

import (
	"bytes"
	"database/sql"
	"testing"
)

// I7: bodies that came whole before their command was refused are not stored for
// it, in memory or staged, and nothing of them stays behind.
func TestRefusedAfterTheBodies(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.seed("INBOX", 10)
	f.user.Append("INBOX", nil, day(50), append(message("INBOX", 50), bytes.Repeat([]byte("0123456789abcdef\r\n"), 600_000)...))
	f.through(func(line []byte) []byte {
		if bytes.Contains(line, []byte(" OK Fetch")) && !bytes.HasPrefix(line, []byte("*")) {
			return bytes.Replace(line, []byte(" OK "), []byte(" NO "), 1)
		}
		return line
	})
	if rc := f.pull(3); rc.Bodies != 0 {
		t.Fatalf("%+v", rc)
	}
	f.empty("body", "chunk", "staging")
	f.dial, f.opt.Full = nil, true
	f.pull(0)
	f.equal()
}

// empty wants no rows in tables of the store.
func (f *fixture) empty(tables ...string) {
	f.Helper()
	db, err := sql.Open("sqlite", "file:"+f.path+"?mode=ro")
	if err != nil {
		f.Fatal(err)
	}
	defer db.Close()
	for _, table := range tables {
		var n int
		if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil || n != 0 {
			f.Errorf("%d rows in %s, %v", n, table, err)
		}
	}
}
