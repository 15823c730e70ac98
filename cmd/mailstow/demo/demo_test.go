package demo

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/remote"
	"mailstow/sync/testkit/imapuser"
)

type fixture struct {
	*testing.T
	server *Server
	store  *localstore.Store
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	server, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	store, err := localstore.Open(t.Context(), filepath.Join(t.TempDir(), "mail.db"), localstore.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return &fixture{t, server, store}
}

func (f *fixture) pull() mailsync.Receipt {
	f.Helper()
	r, err := mailsync.Pull(f.Context(), f.store, mailsync.Account{Name: "demo", URL: f.server.URL(),
		Dial: func(ctx context.Context) (*remote.Conn, error) {
			return remote.Dial(ctx, remote.Config{Host: f.server.Host, Port: f.server.Port, Security: remote.Plain, User: User,
				Password: func(context.Context) (string, error) { return Password, nil }})
		}}, mailsync.Options{})
	if err != nil || r.Exit != 0 {
		f.Fatalf("%v, receipt %+v", err, r)
	}
	return r
}

func (f *fixture) check() error {
	accounts, err := f.store.Accounts(f.Context())
	if err != nil || len(accounts) != 1 {
		f.Fatalf("accounts %v, %v", accounts, err)
	}
	return f.server.Check(f.Context(), f.store, accounts[0].ID)
}

func TestMirrorAndDifference(t *testing.T) {
	f := newFixture(t)
	f.pull()
	if err := f.check(); err != nil {
		t.Fatal(err)
	}
	changes, err := f.server.Change()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.check(); err == nil {
		t.Fatal("Check did not see what happened on the server")
	}
	r := f.pull()
	if err := f.check(); err != nil {
		t.Error(err)
	}
	if r.New != changes.New || r.Flags != changes.Flagged || r.Vanished != changes.Expunged || r.BodyBytes != changes.NewBytes {
		t.Errorf("changes %+v, receipt %+v", changes, r)
	}
}

// Check is what makes the demo a proof: it must notice each kind of difference.
func TestCheckNotices(t *testing.T) {
	f := newFixture(t)
	f.pull()
	for name, spoil := range map[string]func(*Held){
		"SHA-256":       func(m *Held) { m.Data = append([]byte("x"), m.Data[1:]...) },
		"flags":         func(m *Held) { m.Flags = append([]imap.Flag{"$Spoiled"}, m.Flags...) },
		"internal date": func(m *Held) { m.Date = m.Date.Add(1e9) },
		"not on the server; UID 99999 is not in the store": func(m *Held) { m.UID = 99999 },
	} {
		m := &f.server.ledger["INBOX"][0]
		saved := *m
		spoil(m)
		err := f.check()
		*m = saved
		for _, want := range strings.Split(name, "; ") {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", want, err)
			}
		}
	}
	held := f.server.ledger["R&D"]
	delete(f.server.ledger, "R&D")
	f.server.ledger["Elsewhere"] = held
	err := f.check()
	for _, want := range []string{"R&D: in the store", "Elsewhere: on the server"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// The ledger is what the server serves, seen by a client that is not ours.
func TestLedgerIsServed(t *testing.T) {
	f := newFixture(t)
	if _, err := f.server.Change(); err != nil {
		t.Fatal(err)
	}
	u := imapuser.Dial(t, f.server.listener.Addr().String(), User, Password)
	if n := len(u.Mailboxes()); n != len(f.server.ledger) {
		t.Errorf("%d mailboxes", n)
	}
	f.served(u)
}

// served compares what a client sees with the ledger.
func (f *fixture) served(u *imapuser.User) {
	f.Helper()
	for name, held := range f.server.ledger {
		got := u.Messages(name)
		if len(got) != len(held) {
			f.Errorf("%s: %d messages, want %d", name, len(got), len(held))
			continue
		}
		for i, m := range got {
			if m.UID != held[i].UID || string(m.Data) != string(held[i].Data) || !m.Date.Equal(held[i].Date) || len(m.Flags) != len(held[i].Flags) {
				f.Errorf("%s: UID %d is not as in the ledger", name, m.UID)
			}
		}
	}
}

// What a client does is in the ledger as the server has it.
func TestLedgerFollowsClients(t *testing.T) {
	f := newFixture(t)
	u := imapuser.Dial(t, f.server.listener.Addr().String(), User, Password)
	held := f.server.ledger["INBOX"]
	u.Create("New")
	u.AddFlags("INBOX", []imap.Flag{imap.FlagFlagged, "$X"}, held[0].UID, held[2].UID)
	u.RemoveFlags("INBOX", []imap.Flag{"\\flagged"}, held[2].UID)
	u.SetFlags("INBOX", []imap.Flag{imap.FlagDraft}, held[3].UID)
	u.Move("INBOX", "New", held[1].UID, held[4].UID)
	u.Move("New", "Trash", 1)
	for name, want := range map[string]int{"INBOX": 58, "New": 1, "Trash": 7} {
		if n := len(f.server.ledger[name]); n != want {
			t.Errorf("%d messages in %s, want %d", n, name, want)
		}
	}
	if got := f.server.ledger["INBOX"][2].Flags; len(got) != 1 || got[0] != imap.FlagDraft {
		t.Errorf("flags %v", got)
	}
	f.served(u)
}
