package sync_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mailstow/conflict"
	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
	"mailstow/sync/testkit/faultconn"
	"mailstow/sync/testkit/model"
	"mailstow/sync/testkit/model/proto"
)

// inMemory is a mirror of an account on the model server.
type inMemory struct {
	*testing.T
	server *proto.Server
	store  *localstore.Store
	cfg    remote.Config
	opt    mailsync.Options
}

// newInMemory serves INBOX with n messages, and Other.
func newInMemory(t *testing.T, n int, caps ...string) *inMemory {
	t.Helper()
	a := model.New()
	for i := range n {
		a.Mailbox("INBOX").Append(nil, day(i), message("INBOX", i))
	}
	if _, err := a.Create("Other"); err != nil {
		t.Fatal(err)
	}
	m := &inMemory{T: t, server: proto.NewServer(a, caps...)}
	var err error
	m.store, err = localstore.Open(t.Context(), filepath.Join(t.TempDir(), "mail.db"), localstore.Options{Create: true, Merge: conflict.MergeText})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		m.sound()
		m.store.Close()
		m.server.Wait()
	})
	m.cfg = remote.Config{Host: "model", Security: remote.Plain, User: "ann", Timeout: 10 * time.Second, Dial: m.server.Dial,
		Password: func(context.Context) (string, error) { return "secret", nil }}
	m.opt = mailsync.Options{Connections: 1, MaxDeletes: plan.NoLimit, Backoff: func(int) time.Duration { return 0 }}
	return m
}

func (m *inMemory) sound() {
	m.Helper()
	err := m.store.Check(context.Background(), localstore.CheckOptions{}, func(f localstore.Finding) { m.Errorf("%+v", f) })
	if err != nil {
		m.Error(err)
	}
}

func (m *inMemory) pull(exit int) mailsync.Receipt {
	m.Helper()
	acct := mailsync.Account{Name: "work", URL: "imap+insecure://ann@model",
		Dial: func(ctx context.Context) (*remote.Conn, error) { return remote.Dial(ctx, m.cfg) }}
	rc, err := mailsync.Pull(m.Context(), m.store, acct, m.opt)
	if rc.Exit != exit {
		m.Fatalf("exit %d, want %d; %v; %+v", rc.Exit, exit, err, rc)
	}
	return rc
}

// mail is what is in a mailbox here, and on the server.
func (m *inMemory) mail(box string) (here []localstore.Mail, there []*model.Message) {
	m.Helper()
	err := m.store.List(m.Context(), localstore.ListQuery{}, func(x localstore.Mail) error {
		if x.Folder == box {
			here = append(here, x)
		}
		return nil
	})
	if err != nil {
		m.Fatal(err)
	}
	m.server.Do(func(a *model.Account) { there = slices.Clone(a.Mailbox(box).Messages) })
	return here, there
}

func (m *inMemory) edit(f func(*localstore.Tx) error) {
	m.Helper()
	if err := m.store.Edit(m.Context(), f); err != nil {
		m.Fatal(err)
	}
}

// moveAll moves what is in INBOX to Other.
func (m *inMemory) moveAll() {
	m.Helper()
	here, _ := m.mail("INBOX")
	var ids []localstore.MessageID
	for _, x := range here {
		ids = append(ids, x.ID)
	}
	accounts, _ := m.store.Accounts(m.Context())
	to, err := m.store.MailboxByName(m.Context(), accounts[0].ID, "Other")
	if err != nil {
		m.Fatal(err)
	}
	m.edit(func(tx *localstore.Tx) error { _, err := tx.MoveMessages(ids, to.ID); return err })
}

// A line on which whatever the server says comes late changes nothing but the time.
func TestDistantServer(t *testing.T) {
	m := newInMemory(t, 30, "UIDPLUS", "MOVE", "CONDSTORE", "QRESYNC", "LIST-STATUS")
	near := m.cfg.Dial
	m.cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := near(ctx, network, addr)
		return faultconn.New(c, faultconn.Drip(64<<10, 3*time.Millisecond)), err
	}
	if rc := m.pull(0); rc.Bodies != 30 || rc.Reconnects != 0 {
		t.Errorf("%+v", rc)
	}
	m.moveAll()
	if rc := m.pull(0); rc.Pushed.Moved != 30 || rc.Reconnects != 0 {
		t.Errorf("%+v", rc)
	}
	here, there := m.mail("Other")
	if rc := m.pull(0); len(here) != 30 || len(there) != 30 || rc.Skipped != 2 || rc.RoundTrips > 4 {
		t.Errorf("%d messages here, %d there, %+v", len(here), len(there), rc)
	}
}

// I18: a copy that somebody takes away before its source would go keeps the source.
func TestSourceStaysWithoutItsCopy(t *testing.T) {
	m := newInMemory(t, 1, "UIDPLUS")
	m.pull(0)
	m.moveAll()
	copied, taken := false, false
	m.server.Fault = func(line string) (f proto.Fault) {
		if copied && !taken {
			taken = true
			f.First = func(a *model.Account) { a.Mailbox("Other").Expunge(a.Mailbox("Other").UIDs()) }
		}
		copied = copied || strings.HasPrefix(line, "UID COPY")
		return f
	}
	m.pullAny()
	m.server.Fault = nil
	_, inbox := m.mail("INBOX")
	_, other := m.mail("Other")
	if !taken || len(inbox)+len(other) == 0 {
		t.Errorf("taken %v: %d messages in INBOX, %d in Other", taken, len(inbox), len(other))
	}
}

// pullAny syncs, however that ends.
func (m *inMemory) pullAny() {
	m.Helper()
	acct := mailsync.Account{Name: "work", URL: "imap+insecure://ann@model",
		Dial: func(ctx context.Context) (*remote.Conn, error) { return remote.Dial(ctx, m.cfg) }}
	rc, err := mailsync.Pull(m.Context(), m.store, acct, m.opt)
	m.Logf("exit %d, %v", rc.Exit, err)
}

// Row 7: a clock that jumps years to and fro, with every look at it, orders nothing.
func TestClockJumpsInARun(t *testing.T) {
	m := newInMemory(t, 20, "UIDPLUS", "MOVE", "CONDSTORE")
	looks := 0
	m.opt.Now = func() time.Time {
		looks++
		return time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate([]int{0, 20, -20}[looks%3], 0, 0)
	}
	if rc := m.pull(0); rc.Bodies != 20 || looks < 3 {
		t.Fatalf("%d looks at the clock, %+v", looks, rc)
	}
	m.moveAll()
	if rc := m.pull(0); rc.Pushed.Moved != 20 || rc.Pending != 0 {
		t.Fatalf("%+v", rc)
	}
	m.server.Heard()
	if rc := m.pull(0); rc.New+rc.Vanished+rc.Flags != 0 {
		t.Errorf("%+v", rc)
	}
	here, there := m.mail("Other")
	if len(here) != 20 || len(there) != 20 {
		t.Errorf("%d here, %d there", len(here), len(there))
	}
}

// Row 11: when a token expires amid a run, a new one is asked for, once, and the run
// goes on where it was.
func TestTokenExpiresAmidARun(t *testing.T) {
	m := newInMemory(t, 30)
	asked := 0
	m.cfg.Token = func(context.Context) (string, error) {
		asked++
		return fmt.Sprint("token", asked), nil
	}
	var used []string
	m.cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := m.server.Dial(ctx, network, addr)
		return &oauth{Conn: c, used: &used}, err
	}
	fetched, bye := 0, false
	m.server.Fault = func(line string) (f proto.Fault) {
		if strings.Contains(line, "BODY.PEEK[]") && strings.HasPrefix(line, "UID FETCH") {
			if fetched++; fetched == 1 {
				bye = true
				f = proto.Fault{Says: "* BYE session expired, %s", Lost: true}
			}
		}
		return f
	}
	rc := m.pull(0)
	if !bye || rc.Bodies != 30 || rc.Reconnects != 1 || !slices.Equal(used, []string{"token1", "token2"}) {
		t.Errorf("%v, tokens %q, %+v", bye, used, rc)
	}
}

// oauth is a server that takes tokens alone, in front of one that takes passwords.
type oauth struct {
	net.Conn
	used *[]string
}

func (o *oauth) Read(p []byte) (int, error) {
	n, err := o.Conn.Read(p[:max(len(p)/2, 1)])
	out := bytes.ReplaceAll(p[:n:n], []byte("AUTH=PLAIN"), []byte("AUTH=XOAUTH2 SASL-IR"))
	return copy(p, out), err
}

func (o *oauth) Write(p []byte) (int, error) {
	tag, rest, _ := strings.Cut(string(p), " ")
	initial, is := strings.CutPrefix(rest, "AUTHENTICATE XOAUTH2 ")
	if !is {
		return o.Conn.Write(p)
	}
	first, more, _ := strings.Cut(initial, "\r\n")
	said, _ := base64.StdEncoding.DecodeString(first)
	_, token, _ := strings.Cut(string(said), "Bearer ")
	*o.used = append(*o.used, strings.TrimRight(token, "\x01"))
	_, err := o.Conn.Write([]byte(tag + " LOGIN ann secret\r\n" + more))
	return len(p), err
}
