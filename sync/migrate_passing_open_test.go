package sync_test

import (
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/localstore"
	mailsync "mailstow/sync"
)

// looked compares both sides, as somebody does between two passes.
func (m *move) looked() {
	m.Helper()
	pull := func(f *fixture, name string) func() error {
		opt := f.opt
		opt.PullOnly = true
		return func() error {
			_, err := mailsync.Pull(m.Context(), m.from.store, m.account(f, name), opt)
			return err
		}
	}
	source, target := pull(m.from, "source"), pull(m.to, "target")
	p := mailsync.Passage{Want: m.want(), Look: true, Sides: mailsync.Sides{Source: source, Target: func(*mailsync.Migrated) error { return target() }}}
	err := target()
	if err == nil {
		err = p.Do(m.Context(), m.from.store)
	}
	if err != nil {
		m.Fatal(err)
	}
}

// depart ends a pass when the only message that is missing at the target is noted as
// sent there; answered: and the server said OK, and no UID.
func (m *move) depart(answered bool) {
	m.Helper()
	m.from.opt.PullOnly, m.to.opt.PullOnly = true, true
	p := m.plan()
	if len(p.Fetch) != 1 {
		m.Fatalf("%+v", p)
	}
	id := localstore.MessageID(p.Fetch[0].ID)
	if err := m.from.store.Update(m.Context(), func(tx *localstore.Tx) error { return tx.SetDue([]localstore.MessageID{id}) }); err != nil {
		m.Fatal(err)
	}
	m.pull(m.from, "source", 0)
	inbox := m.inboxOf("target")
	err := m.from.store.Edit(m.Context(), func(tx *localstore.Tx) error {
		at := inbox.Generation
		sent, err := tx.RestoreSent([]localstore.Restoring{{Message: id}}, inbox.ID, at.UIDValidity, at.Cursor.UIDNext)
		if err == nil && answered {
			err = tx.IntentDone(1, sent[0].ID, localstore.Outcome{})
		}
		return err
	})
	if err != nil {
		m.Fatal(err)
	}
}

func (m *move) inboxOf(name string) localstore.Mailbox {
	m.Helper()
	boxes, err := m.from.store.Mailboxes(m.Context(), m.accountID(name))
	if err != nil {
		m.Fatal(err)
	}
	for _, b := range boxes {
		if b.Name == "INBOX" {
			return b
		}
	}
	m.Fatal("no INBOX")
	return localstore.Mailbox{}
}

// Where a pass ended with a message on its way, whatever was looked at and let go of
// since does not change what becomes of that message: what arrived there meanwhile is
// told by its heading. What the server wrote differently is not sent again, and mail of
// others is not taken for what it said it took (I19, I20).
func TestMigratePassingTellsApartWhatWasLetGo(t *testing.T) {
	msg := message("x", 1)
	rewritten := append([]byte("X-Rewritten: yes\r\n"), msg...)
	bare := func(text string) []byte { return []byte("X-Nothing: to tell it by\r\n\r\n" + text + "\r\n") }
	for name, test := range map[string]struct {
		answered      bool
		sent, arrived []byte
		there         int // of one that is to be there
	}{
		"no answer, and the server has it, written differently":  {false, msg, rewritten, 0},
		"OK, and the server has it, written differently":         {true, msg, rewritten, 1},
		"OK, and the server has nothing but another one":         {true, msg, message("quite another", 5), 0},
		"OK, and the server has another one; none has a heading": {true, bare("x"), bare("quite another"), 0},
	} {
		for _, look := range []bool{true, false} {
			if !look && testing.Short() {
				break
			}
			t.Run(name+map[bool]string{true: "; looked at meanwhile"}[look], func(t *testing.T) {
				m := moveTo(t, ofDovecot(t), ofDovecot(t)).passing()
				m.to.user.Append("INBOX", nil, day(0), message("other", 0))
				m.passed(mailsync.PassingBudget, 0)
				m.from.user.Append("INBOX", nil, day(1), test.sent)
				m.depart(test.answered)
				m.to.user.Append("INBOX", nil, day(5), test.arrived)
				if look {
					m.looked()
				}
				m.to.opt.PullOnly = false
				p, _ := m.passed(mailsync.PassingBudget, 3)
				if n := len(m.to.user.UIDs("INBOX")); n != 2 {
					t.Errorf("%d messages at the target, want what was there and what arrived", n)
				}
				if f := p.After.Folders[0]; f.There != test.there {
					t.Errorf("%d there, want %d; %+v", f.There, test.there, f)
				}
			})
		}
	}
}

// What another client moved at the source is deleted at the target only when it is there
// again: at no time does the target lack what both have.
func TestMigratePassingDeletesLast(t *testing.T) {
	m := moveTo(t, ofDovecot(t), ofDovecot(t)).passing()
	m.from.user.Create("Archive")
	var uids []imap.UID
	for i := range 4 {
		uids = append(uids, m.from.user.Append("INBOX", nil, day(i), message("in", i)))
	}
	p, _ := m.passed(mailsync.PassingBudget, 0)
	m.done(p, 4)
	m.from.user.Expunge("INBOX", uids[1])
	m.from.user.Append("Archive", nil, day(1), message("in", 1))
	m.delete = true
	m.plan()
	q := mailsync.Passage{Want: m.want(), Sides: mailsync.Sides{
		Source: func() error { m.pull(m.from, "source", 0); return nil },
		Target: func(bring *mailsync.Migrated) error {
			m.bring(*bring, 0)
			if n := len(m.to.user.UIDs("INBOX")) + len(m.to.user.UIDs("Archive")); n < 4 {
				t.Errorf("the target has %d messages of 4", n)
			}
			return nil
		},
	}}
	if err := q.Do(t.Context(), m.from.store); err != nil {
		t.Fatal(err)
	}
	m.done(q, 1)
	m.same()
	if q.Deleted != 1 {
		t.Errorf("%d deleted", q.Deleted)
	}
}
