package sync_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/testkit/dovecot"
)

func bulky(i, size int) []byte {
	line := fmt.Appendf(nil, "%d abcdefghijklmnopqrstuvwxyz 0123456789\r\n", i)
	return append(message("large", i), bytes.Repeat(line, size/len(line))...)
}

// later lets time pass.
func (m *move) later(d time.Duration) {
	at := time.Now().Add(d)
	m.now = func() time.Time { return at }
	m.from.opt.Now, m.to.opt.Now = m.now, m.now
}

// problems are those of messages of the source.
func (m *move) problems() (all []localstore.Problem) {
	m.Helper()
	all, err := m.from.store.Problems(m.Context(), m.accountID("source"))
	if err != nil {
		m.Fatal(err)
	}
	return all
}

// message is the one of the source with as many octets.
func (m *move) message(size int) (id localstore.MessageID) {
	m.Helper()
	err := m.from.store.List(m.Context(), localstore.ListQuery{}, func(x localstore.Mail) error {
		if x.Size == int64(size) {
			id = x.ID
		}
		return nil
	})
	if err != nil || id == 0 {
		m.Fatal(id, err)
	}
	return id
}

// begin leaves what an interrupted fetch leaves of a message.
func (m *move) begin(id localstore.MessageID, part []byte) {
	m.Helper()
	x, err := m.from.store.Partial(m.Context(), localstore.NewPacker(), id)
	if err == nil {
		_, err = x.Write(part)
	}
	if err != nil {
		m.Fatal(err)
	}
	mark, err := x.Mark()
	if err == nil {
		err = x.Keep(mark)
	}
	if err == nil {
		err = x.Close()
	}
	if err != nil {
		m.Fatal(err)
	}
}

// What is left of a message that is larger than all that may be on its way takes no
// room from others, and comes first.
func TestMigratePassingGoesOnWithALargeOne(t *testing.T) {
	const budget = 2 << 20
	m := moveTo(t, ofDovecot(t), ofDovecot(t)).passing()
	for i := range 3 {
		m.from.user.Append("INBOX", nil, day(i), message("small", i))
	}
	big := bulky(1, budget+maxOne*3/4)
	m.from.user.Append("INBOX", nil, day(4), big)
	m.pull(m.from, "source", 0)
	m.pull(m.to, "target", 0)
	id := m.message(len(big))
	m.begin(id, big[:budget+maxOne/4])
	m.from.close()
	m.reopen()
	if p := m.look(); p.Fetch[0].ID != int64(id) {
		t.Errorf("%d is to come first, want %d: %+v", p.Fetch[0].ID, id, p.Fetch)
	}
	p, fetched := m.passed(budget, 0)
	m.done(p, 4)
	if fetched != 4 {
		t.Errorf("%d fetched", fetched)
	}
	m.same()
}

// A part that is left, and waits for its time, stops nobody.
func TestMigratePassingBesidesAPart(t *testing.T) {
	const budget = 2 << 20
	m := moveTo(t, ofDovecot(t), ofDovecot(t)).passing()
	big := bulky(1, budget+maxOne*3/4)
	m.from.user.Append("INBOX", nil, day(0), big)
	for i := range 3 {
		m.from.user.Append("INBOX", nil, day(1+i), message("small", i))
	}
	m.pull(m.from, "source", 0)
	id := m.message(len(big))
	m.begin(id, big[:budget+maxOne/4])
	err := m.from.store.Update(t.Context(), func(tx *localstore.Tx) error {
		return tx.PutProblem(localstore.Problem{Account: m.accountID("source"), Kind: "message", Message: id, Reason: "interrupted"}, time.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	if p, _ := m.passed(budget, 3); p.After.Folders[0].There != 3 {
		t.Errorf("%+v", p.After.Folders)
	}
	m.later(time.Hour)
	p, _ := m.passed(budget, 3)
	m.done(p, 1)
	m.same()
}

// What the target does not take keeps nothing else from coming, and is tried again
// less and less often.
func TestMigratePassingRefusedFirst(t *testing.T) {
	limit := dovecot.Config("mail_plugins = quota\nplugin {\n  quota = maildir:User quota\n  quota_rule = *:storage=100M\n  quota_max_mail_size = 20k\n}")
	m := moveTo(t, ofDovecot(t), site{newFixture(t, limit), "/", ""}).passing()
	const refused, good = 3, 8
	for i := range refused {
		m.from.user.Append("INBOX", nil, day(i), bulky(i, 40<<10))
	}
	for i := range good {
		m.from.user.Append("INBOX", nil, day(i), message("small", i))
	}
	for round := range 3 {
		p, fetched := m.passed(32<<10, 3)
		if f := p.After.Folders[0]; f.There != good || len(f.Lacking) != refused || p.After.Idle() == false {
			t.Errorf("round %d: %d fetched; %+v", round, fetched, f)
		}
		for _, x := range m.problems() {
			if x.Tries != round+1 || !strings.Contains(x.Reason, "larger than the maximum size") {
				t.Errorf("round %d: %+v", round, x)
			}
		}
		if round > 0 && fetched != refused {
			t.Errorf("round %d: %d fetched", round, fetched)
		}
		if _, fetched = m.passed(32<<10, 3); fetched != 0 {
			t.Errorf("round %d: %d fetched again at once", round, fetched)
		}
		m.later(time.Duration(round+1) * time.Hour)
	}
}

// When there is room again everything comes, and it is forgotten that it was refused.
func TestMigratePassingRoomAgain(t *testing.T) {
	full := dovecot.Config("mail_plugins = quota\nplugin {\n  quota = maildir:User quota\n  quota_rule = *:storage=40K\n}")
	m := moveTo(t, ofDovecot(t), site{newFixture(t, full), "/", ""}).passing()
	for i := range 3 {
		m.to.user.Append("INBOX", nil, day(i), bulky(10+i, 10<<10))
		m.from.user.Append("INBOX", nil, day(i), bulky(i, 10<<10))
	}
	p, _ := m.passed(1, 3)
	missing := p.After.Folders[0].Missing()
	if missing == 0 || len(m.problems()) != missing {
		t.Errorf("%+v; %+v", p.After.Folders, m.problems())
	}
	m.to.user.Expunge("INBOX", 1, 2, 3)
	m.later(time.Hour)
	p, _ = m.passed(1, 3)
	m.done(p, missing)
	m.same()
	if left := m.problems(); len(left) > 0 {
		t.Errorf("%+v", left)
	}
}

// What is too large for the target waits with its reason and a time, not for a person:
// nobody can open what waits in a state.
func TestMigratePassingTooLarge(t *testing.T) {
	const room = "mail_plugins = quota\nplugin {\n  quota = maildir:User quota\n  quota_rule = *:storage=100M\n  quota_max_mail_size = 1000\n}"
	says := func(s said) []byte { return bytes.Replace(s.line, []byte("NO [LIMIT]"), []byte("NO [TOOBIG]"), 1) }
	for name, c := range map[string]struct {
		limit dovecot.Option
		lie   func(said) []byte
		why   string
	}{
		"announced": {limit: dovecot.Capability("IMAP4rev1 LITERAL+ UIDPLUS UNSELECT LIST-EXTENDED LIST-STATUS NAMESPACE APPENDLIMIT=1000"), why: "at most 1000"},
		"answered":  {limit: dovecot.Config(room), lie: says, why: "[TOOBIG]"},
	} {
		t.Run(name, func(t *testing.T) {
			m := moveTo(t, ofDovecot(t), site{newFixture(t, c.limit), "/", ""}).passing()
			if c.lie != nil {
				m.to.tap(c.lie)
			}
			m.from.user.Append("INBOX", nil, day(0), bulky(1, 3000))
			m.from.user.Append("INBOX", nil, day(1), message("small", 1))
			for round := range 2 {
				p, _ := m.passed(mailsync.PassingBudget, 3)
				if f := p.After.Folders[0]; f.There != 1 || f.Waits != 0 || len(f.Lacking) != 1 {
					t.Errorf("round %d: %+v", round, f)
				}
				left := m.problems()
				if len(left) != 1 || left[0].Tries != round+1 || !strings.Contains(left[0].Reason, c.why) {
					t.Errorf("round %d: %+v", round, left)
				}
				m.later(time.Hour)
			}
		})
	}
}

// What may be at the target in other words waits for its owner, who is told what to do.
// It is not sent again, and what else comes to its mailbox is not fetched for it.
func TestMigratePassingMayBeThere(t *testing.T) {
	m := moveTo(t, ofDovecot(t), ofDovecot(t)).passing()
	m.to.user.Append("INBOX", nil, day(0), message("other", 0))
	m.passed(mailsync.PassingBudget, 0)
	m.from.user.Append("INBOX", nil, day(1), message("x", 1))
	m.depart(false)
	m.to.user.Append("INBOX", nil, day(1), append([]byte("X-Rewritten: yes\r\n"), message("x", 1)...))
	for round := range 3 {
		p, fetched := m.passed(mailsync.PassingBudget, 3)
		if f := p.After.Folders[0]; f.Waits != 1 || f.There != 0 || len(m.to.user.UIDs("INBOX")) != 2+round {
			t.Errorf("round %d: %+v, %v at the target", round, f, m.to.user.UIDs("INBOX"))
		}
		if round > 0 && fetched != 0 {
			t.Errorf("round %d: %d fetched", round, fetched)
		}
		why, err := mailsync.Reasons(t.Context(), m.from.store, m.accountID("target"))
		if text := why[p.After.Folders[0].Waiting[0]]; err != nil || !strings.Contains(text, "a message like it") || !strings.Contains(text, "the state file") {
			t.Errorf("%v: %q", err, text)
		}
		m.to.user.Append("INBOX", nil, day(9), message("later", round))
	}
}

// What may have been sent, and cannot be found out about yet, stops nobody, however much
// of what may be on its way it takes.
func TestMigratePassingBesidesWhatWasSent(t *testing.T) {
	const budget = 16 << 10
	m := moveTo(t, ofDovecot(t), ofDovecot(t)).passing()
	m.from.user.Append("INBOX", nil, day(0), bulky(0, 2*budget))
	m.depart(false)
	m.to.user.Append("INBOX", nil, day(1), bulky(1, 3*budget))
	m.to.tap(func(s said) []byte {
		if s.mail() {
			return bytes.Replace(s.line, []byte(" BODY[] {"), []byte(" BODY[9] {"), 1)
		}
		return s.line
	})
	for i := range 3 {
		m.from.user.Append("INBOX", nil, day(2+i), message("small", i))
	}
	p, _ := m.passed(budget, 3)
	if f := p.After.Folders[0]; f.There != 3 || f.Waits != 1 {
		t.Errorf("%+v", f)
	}
}
