package histories

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"mailstow/conflict"
	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
	"mailstow/sync/testkit/faultconn"
)

// machine is an owner's store and its way to the server.
type machine struct {
	*World
	number int
	path   string
	store  *localstore.Store
	db     *sql.DB // beside it, for looking alone
	dialer *faultconn.Dialer
	ctx    context.Context // of a run
	held   map[string]bool // the hashes of bodies seen in the store
}

func openMachine(w *World, dir string, number int) *machine {
	w.Helper()
	m := &machine{World: w, number: number, path: filepath.Join(dir, fmt.Sprint("mail", number, ".db")), ctx: context.Background()}
	m.calm()
	first := m.start(dir)
	m.open()
	var err error
	if m.db, err = sql.Open("sqlite", "file:"+m.path+"?mode=ro"); err != nil {
		w.Fatalf("%v", err)
	}
	m.db.SetMaxOpenConns(1)
	if first {
		m.run()
	}
	m.held = m.bodies()
	return m
}

func (m *machine) open() {
	m.Helper()
	var err error
	m.store, err = localstore.Open(context.Background(), m.path, localstore.Options{Create: true, Merge: conflict.MergeText, Now: m.now})
	if err != nil {
		m.Fatalf("%v", err)
	}
}

func (m *machine) reopen() {
	m.Helper()
	if err := m.store.Close(); err != nil {
		m.Fatalf("close: %v", err)
	}
	m.open()
}

// start puts a store in place that has synced what World.begin makes; true: there is
// none yet, and it has to.
func (m *machine) start(dir string) (first bool) {
	m.Helper()
	for _, end := range []string{"-wal", "-shm", "-journal", ".lock", ""} {
		os.Remove(m.path + end)
	}
	store, err := os.ReadFile(m.begun(dir))
	if err == nil {
		err = os.WriteFile(m.path, store, 0o600)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		m.Fatalf("%v", err)
	}
	return err != nil
}

// begun is the name of a copy of such a store. What the server can do shows in it.
func (m *machine) begun(dir string) string {
	has := func(name string) bool { return slices.Contains(m.Caps, name) }
	return filepath.Join(dir, fmt.Sprintf("begun-%v-%v.db", has("CONDSTORE") || has("QRESYNC"), has("OBJECTID")))
}

func (m *machine) now() time.Time { return m.clock }

func (m *machine) close() {
	m.db.Close()
	if err := m.store.Close(); err != nil {
		m.Errorf("close: %v", err)
	}
}

// calm ends all faults.
func (m *machine) calm() {
	m.dialer = &faultconn.Dialer{Base: m.server.Dial}
	m.server.Fault = nil
}

func (m *machine) account() mailsync.Account {
	cfg := remote.Config{Host: "model", Port: 143, Security: remote.Plain, User: "ann",
		Password: func(context.Context) (string, error) { return "secret", nil },
		Timeout:  20 * time.Second, Dial: m.dialer.Dial}
	return mailsync.Account{Name: "work", URL: "imap+insecure://ann@model",
		Dial: func(ctx context.Context) (*remote.Conn, error) { return remote.Dial(ctx, cfg) }}
}

func (m *machine) options() mailsync.Options {
	return mailsync.Options{Policy: m.Policy, MaxDeletes: plan.NoLimit, Connections: 1, Now: m.now,
		Backoff: func(int) time.Duration { return 0 }}
}

// accountID is that of the one account.
func (m *machine) accountID() localstore.AccountID {
	m.Helper()
	all, err := m.store.Accounts(context.Background())
	if err != nil || len(all) != 1 {
		m.Fatalf("%d accounts, %v", len(all), err)
	}
	return all[0].ID
}

// boxes are the mailboxes that its owner sees.
func (m *machine) boxes() (seen []localstore.Mailbox) {
	m.Helper()
	all, err := m.store.Mailboxes(context.Background(), m.accountID())
	if err != nil {
		m.Fatalf("%v", err)
	}
	for _, b := range all {
		if b.Selectable && b.Leaving == 0 && (!b.Detached || b.Unborn) {
			seen = append(seen, b)
		}
	}
	return seen
}

// mail are the messages that its owner sees.
func (m *machine) mail() (all []localstore.Mail) {
	m.Helper()
	err := m.store.List(context.Background(), localstore.ListQuery{}, func(x localstore.Mail) error {
		all = append(all, x)
		return nil
	})
	if err != nil {
		m.Fatalf("%v", err)
	}
	return all
}
