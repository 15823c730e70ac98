package sync_test

import (
	"testing"

	"github.com/emersion/go-imap/v2"
)

// What others do to the target between the plan and its end costs nothing else: the next
// pass brings what is left.
func TestMigrateMessageGoneMeanwhile(t *testing.T) {
	for name, del := range map[string]bool{"whose flags change": false, "to be deleted": true} {
		t.Run(name, func(t *testing.T) {
			m := moveTo(t, ofDovecot(t), ofDovecot(t))
			var uids []imap.UID
			for i := range 4 {
				uids = append(uids, m.from.user.Append("INBOX", nil, day(i), message("in", i)))
			}
			m.pass()
			if m.delete = del; del {
				m.from.user.Expunge("INBOX", uids[0], uids[1])
			} else {
				m.from.user.SetFlags("INBOX", []imap.Flag{imap.FlagFlagged}, uids[0], uids[1])
			}
			m.from.user.Append("INBOX", nil, day(7), message("new", 7))
			p := m.plan()
			m.to.user.Expunge("INBOX", 1)
			rc, err := p.Bring(t.Context(), m.from.store, m.account(m.to, "target"), m.to.opt)
			if err != nil || rc.Exit != 0 {
				t.Fatalf("exit %d, %v", rc.Exit, err)
			}
			all := m.to.user.Messages("INBOX")
			if want := map[bool]int{false: 4, true: 3}[del]; len(all) != want {
				t.Errorf("%d messages, want %d", len(all), want)
			}
			if !del && len(all[0].Flags) == 0 {
				t.Error("the other one did not get its flag")
			}
		})
	}
}

// Mailboxes that others make are used; what was to go into those that others remove is
// left to the next pass.
func TestMigrateMailboxMeanwhile(t *testing.T) {
	for name, do := range map[string]func(m *move){
		"made":    func(m *move) { m.to.user.Create("Work") },
		"removed": func(m *move) { m.to.user.Delete("Other") },
		"renamed": func(m *move) { m.to.user.Rename("Other", "Elsewhere") },
	} {
		t.Run(name, func(t *testing.T) {
			m := moveTo(t, ofDovecot(t), ofDovecot(t))
			m.from.user.Create("Work")
			m.from.user.Create("Other")
			m.from.user.Subscribe("Other")
			m.to.user.Create("Other")
			for i := range 4 {
				m.from.user.Append("INBOX", nil, day(i), message("in", i))
				m.from.user.Append("Work", []imap.Flag{imap.FlagFlagged}, day(i), message("work", i))
				m.from.user.Append("Other", nil, day(i), message("other", i))
			}
			p := m.plan()
			do(m)
			if rc, err := p.Bring(t.Context(), m.from.store, m.account(m.to, "target"), m.to.opt); err != nil || rc.Exit != 0 {
				t.Fatalf("exit %d, %v", rc.Exit, err)
			}
			for _, box := range []string{"INBOX", "Work"} {
				if n := len(m.to.user.UIDs(box)); n != 4 {
					t.Errorf("%d messages in %s", n, box)
				}
			}
			m.pass()
			m.pass()
			if p := m.plan(); !p.Idle() || p.Missing() != 0 {
				t.Errorf("left: %+v", p.MigratePlan)
			}
		})
	}
}
