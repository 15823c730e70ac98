package testkit_test

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/remote"
	"mailstow/sync/testkit/courier"
	"mailstow/sync/testkit/cyrus"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/imapuser"
	"mailstow/sync/testkit/mailgen"
)

// server is what the launchers have in common.
type server interface {
	User(t testing.TB, name string) *imapuser.User
}

// TestEveryServer mirrors ordinary and odd mail from each real server, twice, with
// changes in between, and compares the store with what an independent client sees.
func TestEveryServer(t *testing.T) {
	t.Run("dovecot", func(t *testing.T) {
		s := dovecot.Start(t)
		everything(t, s, s.Addr, "/", "")
	})
	t.Run("dovecot sdbox", func(t *testing.T) {
		s := dovecot.Start(t, dovecot.SDBox())
		everything(t, s, s.Addr, "/", "")
	})
	t.Run("cyrus", func(t *testing.T) {
		s := cyrus.Start(t)
		everything(t, s, s.Addr, "/", "", "no headers", "NUL bytes", "bare LF")
	})
	t.Run("courier", func(t *testing.T) {
		s := courier.Start(t)
		everything(t, s, s.Addr, ".", "INBOX.")
	})
}

// everything needs to know how the server writes names, and which odd messages it
// refuses. What it accepts it may still change: Courier ends every line in CRLF,
// Cyrus replaces eight-bit characters in headers, Dovecot turns NUL into 0x80. The server's
// bytes count.
func everything(t *testing.T, s server, addr, delim, prefix string, refused ...string) {
	u := s.User(t, "alice")
	nested, odd := prefix+"Archiv"+delim+"Grüße", prefix+"Odd"
	u.Create(prefix + "Archiv")
	u.Create(nested)
	u.Create(odd)
	ordinary := mailgen.New(7).Messages(60)
	deliver(t, u, "INBOX", ordinary[:30])
	deliver(t, u, nested, ordinary[30:])
	deliver(t, u, odd, accepted(mailgen.Odd(), refused))

	store, err := localstore.Open(t.Context(), filepath.Join(t.TempDir(), "mail.db"), localstore.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	pull(t, store, addr)
	compare(t, store, u)

	uids := u.UIDs("INBOX")
	u.AddFlags("INBOX", []imap.Flag{imap.FlagFlagged, "$Fresh"}, uids[3], uids[17])
	u.Expunge("INBOX", uids[5], uids[29])
	deliver(t, u, nested, mailgen.New(8).Messages(2))
	u.Create(prefix + "New")
	r := pull(t, store, addr)
	if r.New != 2 || r.Vanished != 2 || r.Flags != 2 || r.Bodies != 2 {
		t.Errorf("second run: %+v", r)
	}
	compare(t, store, u)
	if r := pull(t, store, addr); r.New+r.Vanished+r.Flags+int(r.Bodies) != 0 {
		t.Errorf("third run: %+v", r)
	}
	if err := store.Check(t.Context(), localstore.CheckOptions{}, func(f localstore.Finding) {
		t.Errorf("store: %s: %s", f.Kind, f.What)
	}); err != nil {
		t.Error(err)
	}
}

func accepted(all []mailgen.Message, refused []string) []mailgen.Message {
	return slices.DeleteFunc(all, func(m mailgen.Message) bool {
		return slices.Contains(refused, strings.TrimPrefix(m.Kind, "odd: "))
	})
}

func deliver(t *testing.T, u *imapuser.User, mailbox string, msgs []mailgen.Message) {
	t.Helper()
	for _, m := range msgs {
		u.Append(mailbox, m.Flags, m.Date, m.Data)
	}
}

func pull(t *testing.T, store *localstore.Store, addr string) mailsync.Receipt {
	t.Helper()
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	cfg := remote.Config{Host: host, Port: port, Security: remote.Plain, User: "alice",
		Password: func(context.Context) (string, error) { return dovecot.Password, nil }}
	r, err := mailsync.Pull(t.Context(), store, mailsync.Account{Name: "a", URL: "imap+insecure://alice@" + addr,
		Dial: func(ctx context.Context) (*remote.Conn, error) { return remote.Dial(ctx, cfg) }}, mailsync.Options{})
	if err != nil || r.Exit != 0 {
		t.Fatalf("%v; receipt %+v", err, r)
	}
	return r
}

// compare holds every message of the store against what the server serves.
func compare(t *testing.T, store *localstore.Store, u *imapuser.User) {
	t.Helper()
	want := map[string]string{}
	for _, name := range u.Mailboxes() {
		for _, m := range u.Messages(name) {
			want[fmt.Sprintf("%s %d", name, m.UID)] = fmt.Sprint(m.SHA256, conflict.Canonical(m.Flags), m.Date.Unix())
		}
	}
	if len(want) < 60 {
		t.Fatalf("only %d messages on the server", len(want))
	}
	err := store.List(t.Context(), localstore.ListQuery{}, func(m localstore.Mail) error {
		key := fmt.Sprintf("%s %d", m.Folder, m.UID)
		if got := fmt.Sprint(m.SHA256, conflict.Flags(m.Flags), m.InternalDate.Unix()); got != want[key] {
			t.Errorf("%s: store has %q, server %q", key, got, want[key])
		}
		delete(want, key)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for key := range want {
		t.Errorf("%s is not in the store", key)
	}
}
