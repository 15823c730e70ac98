package sync_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"

	"mailstow/conflict"
	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/remote"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/faultconn"
	"mailstow/sync/testkit/imapuser"
)

// noCondstore hides what tells of flag changes.
var noCondstore = dovecot.Capability("IMAP4rev1 LITERAL+ SASL-IR LOGIN-REFERRALS ID ENABLE IDLE NAMESPACE UIDPLUS LIST-EXTENDED LIST-STATUS SPECIAL-USE")

// fixture is an account on a private Dovecot, its mirror, and an independent
// client that plays everybody else.
type fixture struct {
	*testing.T
	server *dovecot.Server
	user   *imapuser.User
	name   string // of the user
	path   string // of the store
	store  *localstore.Store
	dialer *faultconn.Dialer
	dial   func(ctx context.Context, network, addr string) (net.Conn, error) // nil: that of dialer
	opt    mailsync.Options
	events []mailsync.Event

	maxMessage int64 // of the account
	readOnly   bool  // the account

	prefix, delim string // of the server's names, where they are others than here
	ahead         bool   // the list leaves with the login
}

func newFixture(t *testing.T, opts ...dovecot.Option) *fixture {
	t.Helper()
	server := dovecot.Start(t, opts...)
	return fixtureAt(t, server, server.User(t, "ann"))
}

// fixtureAt is a fixture with a server that runs already, for its user ann.
func fixtureAt(t *testing.T, server *dovecot.Server, user *imapuser.User) *fixture {
	t.Helper()
	f := &fixture{T: t, server: server, user: user, name: "ann", dialer: &faultconn.Dialer{},
		path: filepath.Join(t.TempDir(), "mail.db")}
	f.opt = mailsync.Options{
		Backoff:  func(int) time.Duration { return time.Millisecond },
		Observer: mailsync.ObserverFunc(func(e mailsync.Event) { f.events = append(f.events, e) }),
	}
	f.open()
	t.Cleanup(f.close)
	return f
}

func (f *fixture) open() {
	f.Helper()
	store, err := localstore.Open(f.Context(), f.path, localstore.Options{Create: true, Merge: conflict.MergeText})
	if err != nil {
		f.Fatal(err)
	}
	f.store = store
}

// close checks every invariant of the store, as each test ends.
func (f *fixture) close() {
	err := f.store.Check(context.Background(), localstore.CheckOptions{}, func(x localstore.Finding) {
		f.Errorf("store: %s: %s (message %d, uid %d of %s)", x.Kind, x.What, x.Message, x.UID, x.Folder)
	})
	if err != nil {
		f.Error(err)
	}
	if err := f.store.Close(); err != nil {
		f.Error(err)
	}
}

func (f *fixture) account() mailsync.Account {
	dial := f.dial
	if dial == nil {
		dial = f.dialer.Dial
	}
	cfg := remote.Config{Host: f.server.Host, Port: f.server.Port, Security: remote.Plain, User: f.name,
		Password: func(context.Context) (string, error) { return f.server.Password, nil },
		Timeout:  10 * time.Second, Dial: dial, MaxMessage: f.maxMessage, ReadOnly: f.readOnly, ListAhead: f.ahead}
	return mailsync.Account{Name: "work", URL: "imap+insecure://" + f.name + "@" + f.server.Addr, MaxMessage: f.maxMessage, ReadOnly: f.readOnly,
		Dial: func(ctx context.Context) (*remote.Conn, error) { return remote.Dial(ctx, cfg) }}
}

// pull syncs and wants this exit code.
func (f *fixture) pull(exit int) mailsync.Receipt {
	f.Helper()
	rc, err := mailsync.Pull(f.Context(), f.store, f.account(), f.opt)
	if rc.Exit != exit {
		f.Fatalf("exit %d, want %d; error %v; failures %+v; held %+v", rc.Exit, exit, err, rc.Failures, rc.Held)
	}
	return rc
}

// seed appends n small messages to a mailbox, the i-th of day i.
func (f *fixture) seed(mailbox string, n int) []imap.UID {
	f.Helper()
	var uids []imap.UID
	for i := range n {
		flags := []imap.Flag{}
		if i%2 == 1 {
			flags = append(flags, imap.FlagSeen)
		}
		uids = append(uids, f.user.Append(mailbox, flags, day(i), message(mailbox, i)))
	}
	return uids
}

func day(i int) time.Time {
	return time.Date(2020, 1, 1, 9, 30, 0, 0, time.FixedZone("", 2*3600)).AddDate(0, 0, i)
}

func message(mailbox string, i int) []byte {
	return fmt.Appendf(nil, "From: a@example.org\r\nSubject: %d in %s\r\nMessage-ID: <%d.%s@example.org>\r\n\r\nbody %d\r\n", i, mailbox, i, mailbox, i)
}

// held is a message as mirror and server must agree on it.
type held struct {
	UID    uint32
	Flags  string
	Date   int64
	SHA256 string
}

// mirrored reads a mailbox of the store; bodies are read and hashed anew.
func (f *fixture) mirrored(mailbox string) []held {
	f.Helper()
	var out []held
	err := f.store.List(f.Context(), localstore.ListQuery{Mailbox: f.box(mailbox).ID}, func(m localstore.Mail) error {
		h := held{m.UID, m.Flags, m.InternalDate.Unix(), ""}
		if m.State == localstore.StatePresent {
			h.SHA256 = f.hash(m.ID)
		}
		out = append(out, h)
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].UID < out[j].UID })
	return out
}

func (f *fixture) hash(id localstore.MessageID) string {
	f.Helper()
	r, _, err := f.store.OpenBody(f.Context(), id)
	if err != nil {
		f.Fatal(err)
	}
	defer r.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err != nil {
		f.Fatal(err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

// wire is the server's name of a mailbox, back the reverse.
func (f *fixture) wire(name string) string {
	if f.delim == "" || name == "INBOX" {
		return name
	}
	return f.prefix + strings.ReplaceAll(name, "/", f.delim)
}

func (f *fixture) back(name string) string {
	if f.delim == "" {
		return name
	}
	return strings.ReplaceAll(strings.TrimPrefix(name, f.prefix), f.delim, "/")
}

// box is a mailbox as people call it; failing that, one that is gone.
func (f *fixture) box(name string) localstore.Mailbox {
	f.Helper()
	var gone localstore.Mailbox
	for _, m := range f.boxes() {
		switch {
		case f.back(m.Shown()) != name:
		case m.Detached && !m.Unborn:
			gone = m
		default:
			return m
		}
	}
	if gone.ID == 0 {
		f.Fatalf("mailbox %q is not in the store", name)
	}
	return gone
}

func (f *fixture) boxes() []localstore.Mailbox {
	f.Helper()
	accounts, err := f.store.Accounts(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	var all []localstore.Mailbox
	for _, a := range accounts {
		boxes, err := f.store.Mailboxes(f.Context(), a.ID)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, boxes...)
	}
	return all
}

// served reads a mailbox of the server with the independent client.
func (f *fixture) served(mailbox string) []held {
	f.Helper()
	var out []held
	for _, m := range f.user.Messages(mailbox) {
		out = append(out, held{uint32(m.UID), string(conflict.Canonical(m.Flags)), m.Date.Unix(), m.SHA256})
	}
	return out
}

// rows is all message data of the store as text: everything but runs.
func (f *fixture) rows() string {
	f.Helper()
	db, err := sql.Open("sqlite", "file:"+f.path+"?mode=ro")
	if err != nil {
		f.Fatal(err)
	}
	defer db.Close()
	var out strings.Builder
	for _, table := range []string{"mailbox", "generation", "message", "event", "problem", "body", "intent", "conflict"} {
		f.dump(db, &out, table)
	}
	return out.String()
}

func (f *fixture) dump(db *sql.DB, out io.Writer, table string) {
	f.Helper()
	rows, err := db.Query("SELECT * FROM " + table + " ORDER BY id")
	if err != nil {
		f.Fatal(err)
	}
	defer rows.Close()
	columns, _ := rows.Columns()
	for rows.Next() {
		values := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			f.Fatal(err)
		}
		fmt.Fprintln(out, table, values)
	}
}

// equal wants mirror and server to agree in every mailbox and message.
func (f *fixture) equal() {
	f.Helper()
	var attached []string
	for _, m := range f.boxes() {
		if !m.Detached && m.Selectable {
			attached = append(attached, f.back(m.Name))
		}
	}
	sort.Strings(attached)
	if d := cmp.Diff(f.user.Mailboxes(), attached); d != "" {
		f.Fatalf("mailboxes (-server +mirror):\n%s", d)
	}
	for _, name := range attached {
		if d := cmp.Diff(f.served(name), f.mirrored(name)); d != "" {
			f.Fatalf("%s (-server +mirror):\n%s", name, d)
		}
	}
}
