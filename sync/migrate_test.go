package sync_test

import (
	"cmp"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	gocmp "github.com/google/go-cmp/cmp"

	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/testkit/courier"
	"mailstow/sync/testkit/cyrus"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/imapuser"
	"mailstow/sync/testkit/mailgen"
)

// move is a migration from one account to another, in one store.
type move struct {
	*testing.T
	from, to *fixture // the store is that of from
	source   site
	target   site
	delete   bool
	spaces   *[2]plan.Space   // asked once
	now      func() time.Time // nil: time.Now
}

// moveTo begins one.
func moveTo(t *testing.T, source, target site) *move {
	source.opt.MaxDeletes, target.opt.MaxDeletes = plan.NoLimit, plan.NoLimit
	return &move{T: t, from: source.fixture, to: target.fixture, source: source, target: target}
}

// account is one of both, under a name of its own.
func (m *move) account(f *fixture, name string) mailsync.Account {
	acct := f.account()
	acct.Name = name
	return acct
}

func (m *move) pull(f *fixture, name string, exit int) mailsync.Receipt {
	m.Helper()
	return m.run(mailsync.Pull, f, name, exit)
}

// bring carries a plan out.
func (m *move) bring(p mailsync.Migrated, exit int) {
	m.Helper()
	m.run(p.Bring, m.to, "target", exit)
}

type runner func(context.Context, *localstore.Store, mailsync.Account, mailsync.Options) (mailsync.Receipt, error)

func (m *move) run(do runner, f *fixture, name string, exit int) mailsync.Receipt {
	m.Helper()
	opt := f.opt
	opt.PullOnly = name == "source"
	rc, err := do(m.Context(), m.from.store, m.account(f, name), opt)
	if rc.Exit != exit {
		m.Fatalf("%s: exit %d, want %d; %v; %+v", name, rc.Exit, exit, err, rc.Failures)
	}
	return rc
}

// plan pulls both sides and plans.
func (m *move) plan() mailsync.Migrated {
	m.Helper()
	m.pull(m.from, "source", 0)
	m.pull(m.to, "target", 0)
	return m.look()
}

func (m *move) want() mailsync.Migration {
	m.Helper()
	mg := mailsync.Migration{Source: m.accountID("source"), Target: m.accountID("target"), Delete: m.delete, Now: m.now}
	if m.spaces == nil {
		m.spaces = &[2]plan.Space{m.space(m.from), m.space(m.to)}
	}
	mg.SourceSpace, mg.TargetSpace = m.spaces[0], m.spaces[1]
	return mg
}

func (m *move) look() mailsync.Migrated {
	m.Helper()
	p, err := mailsync.PlanMigration(m.Context(), m.from.store, m.want())
	if err != nil {
		m.Fatal(err)
	}
	return p
}

func (m *move) accountID(name string) localstore.AccountID {
	m.Helper()
	accounts, err := m.from.store.Accounts(m.Context())
	if err != nil {
		m.Fatal(err)
	}
	for _, a := range accounts {
		if a.Name == name {
			return a.ID
		}
	}
	m.Fatalf("no account %s", name)
	return 0
}

func (m *move) space(f *fixture) plan.Space {
	m.Helper()
	space, err := mailsync.Space(m.Context(), f.account())
	if err != nil {
		m.Fatal(err)
	}
	return space
}

// pass is one whole pass; it returns what was copied.
func (m *move) pass() int {
	m.Helper()
	p := m.plan()
	m.bring(p, 0)
	if left := m.look(); left.Missing() != 0 || len(left.Put)+len(left.Flags)+len(left.Delete) != 0 {
		m.Errorf("left: %+v", left.Folders)
	}
	return len(p.Put)
}

// contents are the messages of a site by the names of this test.
func (p site) contents() map[string][]held {
	p.Helper()
	all := map[string][]held{}
	for _, name := range p.user.Mailboxes() {
		var list []held
		for _, h := range p.served(name) {
			h.UID = 0
			list = append(list, h)
		}
		slices.SortFunc(list, func(a, b held) int {
			return cmp.Or(cmp.Compare(a.SHA256, b.SHA256), cmp.Compare(a.Date, b.Date), cmp.Compare(a.Flags, b.Flags))
		})
		all[p.called(name)] = list
	}
	return all
}

// same wants both servers to hold the same, but for empty mailboxes that the target
// had of its own.
func (m *move) same() {
	m.Helper()
	want, got := m.source.contents(), m.target.contents()
	for name, list := range got {
		if _, ok := want[name]; !ok && len(list) == 0 {
			delete(got, name)
		}
	}
	if d := gocmp.Diff(want, got); d != "" {
		m.Fatalf("(-source +target):\n%s", d)
	}
}

func ofDovecot(t *testing.T) site { return site{newFixture(t), "/", ""} }

func ofServer(t *testing.T, host string, port int, addr, password string, u *imapuser.User, delim, prefix string) site {
	return site{fixtureAt(t, &dovecot.Server{Host: host, Port: port, Addr: addr, Password: password}, u), delim, prefix}
}

func ofCyrus(t *testing.T) site {
	s := cyrus.Start(t)
	return ofServer(t, s.Host, s.Port, s.Addr, s.Password, s.User(t, "ann"), "/", "")
}

func ofCourier(t *testing.T) site {
	s := courier.Start(t)
	return ofServer(t, s.Host, s.Port, s.Addr, s.Password, s.User(t, "ann"), ".", "INBOX.")
}

// Everything goes from one server to another: folders, bytes, dates, flags; later passes
// bring what changed, and nothing twice.
func TestMigrateServers(t *testing.T) {
	for name, target := range map[string]func(*testing.T) site{"dovecot": ofDovecot, "cyrus": ofCyrus} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "dovecot" {
				t.Skip("one pair is enough for a short run")
			}
			m := moveTo(t, ofDovecot(t), target(t))
			uids := m.fill()
			m.first()
			if n := m.pass(); n != 0 {
				t.Errorf("%d copied again", n)
			}
			s := m.source
			s.user.Append(s.at("Work"), []imap.Flag{imap.FlagFlagged}, day(3), message("new", 1))
			s.user.SetFlags(s.at("Work/Deep"), []imap.Flag{imap.FlagAnswered}, uids["Work/Deep"][0])
			s.user.Expunge(s.at("Sent"), uids["Sent"][0])
			m.delete = true
			if n := m.pass(); n != 1 {
				t.Errorf("%d copied later", n)
			}
			m.same()
		})
	}
}

// To another kind of server and back: Courier has everything below INBOX and dots
// between levels.
func TestMigrateThereAndBack(t *testing.T) {
	if testing.Short() {
		t.Skip("Courier takes its time")
	}
	for name, far := range map[string]func(*testing.T) site{"courier": ofCourier, "cyrus": ofCyrus} {
		t.Run(name, func(t *testing.T) {
			there := moveTo(t, ofDovecot(t), far(t))
			there.fill()
			there.first()
			back := moveTo(t, there.target, ofDovecot(t))
			if n := back.pass(); n != migrated {
				t.Errorf("%d copied back", n)
			}
			if d := gocmp.Diff(there.source.contents(), back.target.contents()); d != "" {
				t.Errorf("there and back (-before +after):\n%s", d)
			}
		})
	}
}

// migrated is how many messages fill brings.
const migrated = 60

// fill gives the source some mail, of which the target holds one message already, from
// somewhere else.
func (m *move) fill() map[string][]imap.UID {
	m.Helper()
	s := m.source
	names := []string{"INBOX", "Sent", "Work", "Work/Deep", "Grüße"}
	for _, name := range append(names[1:], "Empty") {
		s.user.Create(s.at(name))
	}
	uids := map[string][]imap.UID{}
	mail := mailgen.New(11).Messages(migrated)
	for i, msg := range mail {
		name := names[i%len(names)]
		uids[name] = append(uids[name], s.user.Append(s.at(name), msg.Flags, msg.Date, msg.Data))
	}
	s.user.Subscribe(s.at("Work"))
	m.target.user.Append("INBOX", mail[0].Flags, mail[0].Date, mail[0].Data)
	return uids
}

// first is the first pass.
func (m *move) first() {
	m.Helper()
	if n := m.pass(); n != migrated-1 {
		m.Errorf("%d copied", n)
	}
	m.same()
}

// A pass that left nothing to be done is remembered until something happens on either
// side, or a mailbox changes its use or its subscription, which no event tells.
func TestMigratePassed(t *testing.T) {
	m := moveTo(t, ofDovecot(t), ofDovecot(t))
	m.fill()
	m.pass()
	mg := mailsync.Migration{Source: m.accountID("source"), Target: m.accountID("target")}
	passed := func(want bool) {
		t.Helper()
		m.pull(m.from, "source", 0)
		m.pull(m.to, "target", 0)
		if report, ok, err := mailsync.Passed(t.Context(), m.from.store, mg); err != nil || ok != want || ok && string(report) != "done" {
			t.Errorf("%q %v %v, want %v", report, ok, err, want)
		}
	}
	keep := func() {
		t.Helper()
		if err := mailsync.Pass(t.Context(), m.from.store, mg, []byte("done")); err != nil {
			t.Fatal(err)
		}
		passed(true)
	}
	passed(false)
	if !m.plan().Settled() {
		t.Fatal("something is left")
	}
	keep()
	mg.Delete = true
	passed(false)
	mg.Delete = false
	for name, change := range map[string]func(){
		"new":             func() { m.from.user.Append("INBOX", nil, day(4), message("late", 4)) },
		"flags":           func() { m.from.user.SetFlags("INBOX", []imap.Flag{imap.FlagAnswered}, 1) },
		"gone there":      func() { m.to.user.Expunge("INBOX", 2) },
		"subscribed":      func() { m.from.user.Subscribe("Sent") },
		"mailbox there":   func() { m.to.user.Create("More") },
		"mailbox removed": func() { m.to.user.Delete("Empty") },
	} {
		t.Log(name)
		keep()
		change()
		passed(false)
	}
}
