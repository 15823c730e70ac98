package sync_test

import (
	"testing"

	mailsync "mailstow/sync"
	"mailstow/sync/testkit/mailgen"
	"mailstow/sync/testkit/testenv"
)

// Mail that is no legal mail comes along as it is where the server takes it. What Cyrus
// refuses is missing, with its words; what it writes differently (bytes beyond ASCII in
// headers) is there, and not sent again in other bytes.
func TestMigrateOdd(t *testing.T) {
	for name, test := range map[string]struct {
		target  func(*testing.T) site
		exit    int
		missing int
	}{"dovecot": {ofDovecot, 0, 0}, "cyrus": {ofCyrus, 3, 1}} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "dovecot" {
				t.Skip("one pair is enough for a short run")
			}
			m := moveTo(t, ofDovecot(t), test.target(t))
			odd := mailgen.Odd()
			for _, msg := range odd {
				m.from.user.Append("INBOX", msg.Flags, msg.Date, msg.Data)
			}
			p := m.plan()
			for range 2 {
				m.bring(p, test.exit)
				p = m.look()
				if f := p.Folders[0]; len(p.Put) != 0 || f.There != len(odd)-test.missing || f.Waits != test.missing {
					t.Errorf("%+v", f)
				}
				if n := len(m.to.user.UIDs("INBOX")); n != len(odd)-test.missing {
					t.Errorf("%d messages at the target", n)
				}
			}
			if test.missing == 0 {
				m.same()
				return
			}
			for _, a := range []string{"source", "target"} {
				why, err := mailsync.Reasons(t.Context(), m.from.store, m.accountID(a))
				if want := map[string]int{"source": 0, "target": test.missing}[a]; err != nil || len(why) != want {
					t.Errorf("%s: %v %v", a, why, err)
				}
				for _, text := range why {
					if text == "" {
						t.Error("refused without a word")
					}
				}
			}
		})
	}
}

// Mail that this project did not write goes all the way round: from one server to
// another, and from there into an empty mirror, with the same bytes.
func TestMigrateCorpus(t *testing.T) {
	mail := testenv.OddMail(t, "..")
	m := moveTo(t, ofDovecot(t), ofDovecot(t))
	for i, data := range mail {
		m.from.user.Append("INBOX", nil, day(i), data)
	}
	if n := m.pass(); n != len(mail) {
		t.Errorf("%d of %d copied", n, len(mail))
	}
	m.same()
	if rc := m.to.pull(0); rc.Bodies+int64(rc.Linked) < int64(len(mail)) {
		t.Errorf("%+v", rc)
	}
	m.to.equal()
}
