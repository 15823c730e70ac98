package faultfile_test

import (
	"database/sql"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	_ "modernc.org/sqlite"

	"mailstow/sync/testkit/faultfile"
)

// recorder does everything and remembers what.
type recorder struct {
	mu  sync.Mutex
	ops []string
	at  int // the op that gives code instead, from 1
	as  func(faultfile.Op) faultfile.Code
}

func (r *recorder) hook(op faultfile.Op) faultfile.Code {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ops = append(r.ops, string(op.Kind)+" "+op.File)
	if len(r.ops) == r.at {
		return r.as(op)
	}
	return op.Do()
}

func open(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "x.db")+"?_journal_mode=WAL&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}

// What SQLite does to files is seen, in that directory only, and all of it is done.
func TestSeen(t *testing.T) {
	dir, r := t.TempDir(), &recorder{}
	defer faultfile.Watch(dir, r.hook)()
	other := open(t, t.TempDir())
	defer other.Close()
	db := open(t, dir)
	for _, db := range []*sql.DB{db, other} {
		if _, err := db.Exec("CREATE TABLE t(x); INSERT INTO t VALUES (zeroblob(100000))"); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"create x.db", "create x.db-wal", "lock x.db", "write x.db-wal", "sync x.db-wal", "write x.db", "sync x.db", "delete x.db-wal"} {
		if !slices.Contains(r.ops, want) {
			t.Errorf("no %s in %q", want, r.ops)
		}
	}
	t.Logf("%q", r.ops)
	db = open(t, dir)
	defer db.Close()
	var n int
	if err := db.QueryRow("SELECT length(x) FROM t").Scan(&n); err != nil || n != 100000 {
		t.Errorf("%d, %v", n, err)
	}
}
