package histories

import (
	"context"
	"time"

	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
	"mailstow/sync/testkit/faultconn"
)

// machine is an owner's store and its way to the server.
type machine struct {
	*World
	*place
	number int
	dialer *faultconn.Dialer
	ctx    context.Context // of a run
	held   map[string]bool // the hashes of bodies seen in the store
	at     string          // the command that a fault met
	lied   bool            // the server said of a message what is not so
	kept   int             // when a backup was made; 0: never
}

func (w *World) machine(p *place, number int) *machine {
	m := &machine{World: w, place: p, number: number, ctx: context.Background()}
	p.t, p.time = w.TB, func() time.Time { return w.clock }
	m.calm()
	return m
}

// calm ends all faults.
func (m *machine) calm() {
	m.dialer = &faultconn.Dialer{Base: m.server.Dial}
	m.lied = false
	m.server.Fault, m.server.Lies.Unreadable = nil, 0
}

func (m *machine) account() mailsync.Account {
	cfg := remote.Config{Host: "model", Port: 143, Security: remote.Plain, User: "ann",
		Password: func(context.Context) (string, error) { return "secret", nil },
		Timeout:  20 * time.Second, Dial: m.dialer.Dial}
	return mailsync.Account{Name: "work", URL: "imap+insecure://ann@model",
		Dial: func(ctx context.Context) (*remote.Conn, error) { return remote.Dial(ctx, cfg) }}
}

func (m *machine) options() mailsync.Options {
	return mailsync.Options{Policy: m.Policy, MaxDeletes: plan.NoLimit, Connections: max(m.Connections, 1), Now: m.time,
		Backoff: func(int) time.Duration { return 0 }}
}

// accountID is that of the one account.
func (m *machine) accountID() localstore.AccountID { return 1 }

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

// mail are the messages that its owner can read.
func (m *machine) mail() (all []localstore.Mail) {
	m.Helper()
	err := m.store.List(context.Background(), localstore.ListQuery{}, func(x localstore.Mail) error {
		if numberOf(x.Subject) > 0 {
			all = append(all, x)
		}
		return nil
	})
	if err != nil {
		m.Fatalf("%v", err)
	}
	return all
}
