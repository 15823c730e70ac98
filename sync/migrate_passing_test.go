package sync_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/mailgen"
)

// passing is a move whose store keeps no mail.
func (m *move) passing() *move {
	m.Helper()
	m.from.close()
	m.from.path = filepath.Join(m.TempDir(), "state.db")
	m.reopen()
	return m
}

func (m *move) reopen() {
	m.Helper()
	store, err := localstore.Open(m.Context(), m.from.path, localstore.Options{Create: true, Passing: true, Merge: conflict.MergeText})
	if err != nil {
		m.Fatal(err)
	}
	m.from.store = store
}

// passed is one whole pass, with what was fetched of both sides. exit is that of runs
// over the target.
func (m *move) passed(budget int64, exit int) (p mailsync.Passage, fetched int64) {
	m.Helper()
	sync := func(f *fixture, name string, pullOnly bool, bring *mailsync.Migrated) error {
		opt, do := f.opt, mailsync.Pull
		if opt.PullOnly = pullOnly; bring != nil {
			do = bring.Bring
		}
		rc, err := do(m.Context(), m.from.store, m.account(f, name), opt)
		if err == nil && rc.Exit != 0 && rc.Exit != exit {
			m.Errorf("%s: exit %d; %+v", name, rc.Exit, rc.Failures)
		}
		fetched += rc.Bodies
		if n := onTheWay(m.T, m.from.store); n > budget+maxOne {
			m.Errorf("%d octets are on their way, %d are allowed", n, budget)
		}
		return err
	}
	if err := sync(m.from, "source", true, nil); err != nil {
		m.Fatal(err)
	}
	if err := sync(m.to, "target", false, nil); err != nil {
		m.Fatal(err)
	}
	p = mailsync.Passage{Want: m.want(), Budget: budget, Sides: mailsync.Sides{
		Source: func() error { return sync(m.from, "source", true, nil) },
		Target: func(bring *mailsync.Migrated) error { return sync(m.to, "target", bring == nil, bring) },
	}}
	if err := p.Do(m.Context(), m.from.store); err != nil {
		m.Fatal(err)
	}
	return p, fetched
}

// maxOne is more than any message of these tests has.
const maxOne = 1 << 20

// onTheWay is how many octets of bodies are in a state.
func onTheWay(t *testing.T, s *localstore.Store) (n int64) {
	t.Helper()
	err := s.List(t.Context(), localstore.ListQuery{}, func(m localstore.Mail) error {
		if r, size, err := s.OpenBody(context.Background(), m.ID); err == nil {
			n += size
			return r.Close()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n / 2 // the one that is to be sent has the bytes of the one that is there
}

func (m *move) done(p mailsync.Passage, copied int) {
	m.Helper()
	n := 0
	for _, x := range p.Copied {
		n += x
	}
	if n != copied || !p.After.Settled() {
		m.Errorf("%d copied, want %d; left: %+v", n, copied, p.After.Folders)
	}
	if n := onTheWay(m.T, m.from.store); n != 0 {
		m.Errorf("%d octets are kept", n)
	}
}

// Everything goes from one server to another, a little at a time, and nothing is kept;
// later passes bring what changed, and fetch nothing else.
func TestMigratePassing(t *testing.T) {
	t.Parallel()
	m := moveTo(t, ofDovecot(t), ofDovecot(t)).passing()
	uids := m.fill()
	const budget = 64 << 10
	p, fetched := m.passed(budget, 0)
	m.done(p, migrated-1)
	m.same()
	if fetched != migrated+1 {
		t.Errorf("%d fetched, want each once, and what the target had", fetched)
	}
	p, fetched = m.passed(budget, 0)
	m.done(p, 0)
	if fetched != 0 {
		t.Errorf("%d fetched again", fetched)
	}
	s := m.source
	s.user.Append(s.at("Work"), []imap.Flag{imap.FlagFlagged}, day(3), message("new", 1))
	s.user.SetFlags(s.at("Work/Deep"), []imap.Flag{imap.FlagAnswered}, uids["Work/Deep"][0])
	s.user.Expunge(s.at("Sent"), uids["Sent"][0])
	m.delete = true
	if p, fetched = m.passed(budget, 0); fetched != 1 || p.Flags != 1 || p.Deleted != 1 {
		t.Errorf("%d fetched, %d with other flags, %d deleted", fetched, p.Flags, p.Deleted)
	}
	m.done(p, 1)
	m.same()
}

// What is gone from the target comes again, and what is there twice stays twice: its
// bytes are fetched once more.
func TestMigratePassingAgain(t *testing.T) {
	t.Parallel()
	m := moveTo(t, ofDovecot(t), ofDovecot(t)).passing()
	for i := range 6 {
		m.from.user.Append("INBOX", nil, day(i), message("twice", i/2))
	}
	p, _ := m.passed(1, 0)
	m.done(p, 6)
	m.same()
	m.to.user.Expunge("INBOX", 2, 5)
	p, fetched := m.passed(mailsync.PassingBudget, 0)
	m.done(p, 2)
	m.same()
	if fetched != 2 {
		t.Errorf("%d fetched", fetched)
	}
}

// To look only reads both sides, and puts nothing anywhere.
func TestMigratePassingLooks(t *testing.T) {
	m := moveTo(t, ofDovecot(t), ofDovecot(t)).passing()
	m.fill()
	m.from.opt.PullOnly, m.to.opt.PullOnly = true, true
	m.pull(m.from, "source", 0)
	m.pull(m.to, "target", 0)
	look := func(f *fixture, name string) error { m.pull(f, name, 0); return nil }
	p := mailsync.Passage{Want: m.want(), Look: true, Sides: mailsync.Sides{
		Source: func() error { return look(m.from, "source") },
		Target: func(bring *mailsync.Migrated) error {
			if bring != nil {
				t.Error("a push")
			}
			return look(m.to, "target")
		},
	}}
	if err := p.Do(t.Context(), m.from.store); err != nil {
		t.Fatal(err)
	}
	if n := p.After.Missing(); n != migrated-1 {
		t.Errorf("%d missing", n)
	}
	if n := len(m.to.user.UIDs("INBOX")); n != 1 {
		t.Errorf("%d messages at the target", n)
	}
}

// What the target refuses is let go of, noted with its reason, and not tried again
// before its time; everything else goes on.
func TestMigratePassingRefused(t *testing.T) {
	m := moveTo(t, ofDovecot(t), ofCyrus(t)).passing()
	odd := mailgen.Odd()
	for _, msg := range odd {
		m.from.user.Append("INBOX", msg.Flags, msg.Date, msg.Data)
	}
	for round := range map[bool]int{true: 1, false: 2}[testing.Short()] {
		p, fetched := m.passed(mailsync.PassingBudget, 3)
		f := p.After.Folders[0]
		if f.There != len(odd)-1 || f.Unheld != 1 || len(f.Lacking) != 1 || round > 0 && fetched != 0 {
			t.Errorf("round %d: %d fetched, %+v", round, fetched, f)
		}
		if n := onTheWay(t, m.from.store); n != 0 {
			t.Errorf("%d octets are kept", n)
		}
		why, err := mailsync.Reasons(t.Context(), m.from.store, m.accountID("source"))
		if err != nil || len(why) != 1 || why[f.Lacking[0]] == "" {
			t.Errorf("%v %v", why, err)
		}
	}
}

// A target that is full takes nothing more: what is left is not fetched for nothing, and
// nothing of it is kept.
func TestMigratePassingFull(t *testing.T) {
	full := dovecot.Config("mail_plugins = quota\nplugin {\n  quota = maildir:User quota\n  quota_rule = *:storage=40K\n}")
	m := moveTo(t, ofDovecot(t), site{newFixture(t, full), "/", ""}).passing()
	const all, size = 30, 8 << 10
	for i := range all {
		m.from.user.Append("INBOX", nil, day(i), append(message("big", i), bytes.Repeat([]byte("x"), size)...))
	}
	p, fetched := m.passed(2*size, 3)
	f := p.After.Folders[0]
	if f.There < 1 || f.There > 5 || fetched > int64(f.There)+5 || f.Missing() != all-f.There {
		t.Errorf("%d fetched; %+v", fetched, f)
	}
	if n := onTheWay(t, m.from.store); n != 0 {
		t.Errorf("%d octets are kept", n)
	}
}

// What tells messages from others takes little room.
func TestMigratePassingIsSmall(t *testing.T) {
	n := 3000
	if testing.Short() {
		n = 400
	}
	m := moveTo(t, ofDovecot(t), ofDovecot(t)).passing()
	for _, msg := range mailgen.New(5).Messages(n) {
		m.from.user.Append("INBOX", msg.Flags, msg.Date, msg.Data)
	}
	p, _ := m.passed(mailsync.PassingBudget, 0)
	m.done(p, n)
	if err := m.from.store.Shrink(t.Context()); err != nil {
		t.Fatal(err)
	}
	fi, err := os.Stat(m.from.path)
	const empty, each = 2 << 20, 800
	if err != nil || fi.Size() > int64(empty+n*each) {
		t.Errorf("%v: %d octets for %d messages", err, fi.Size(), n)
	}
	t.Logf("%d octets for each message", fi.Size()/int64(n))
}
