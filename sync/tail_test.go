package sync_test

import (
	"fmt"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/plan"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/faultconn"
)

// What happens to the last messages of a mailbox while, and between when, it is
// asked for: flags, deletions and arrivals in the same flight.
func TestLastMessagesChange(t *testing.T) {
	t.Parallel()
	for i, able := range capabilities {
		t.Run(able, func(t *testing.T) {
			var opts []dovecot.Option
			if i > 0 {
				opts = append(opts, dovecot.Capability(able))
			}
			f := newFixture(t, opts...)
			f.opt.MaxDeletes = plan.NoLimit
			f.seed("INBOX", 60)
			f.pull(0)
			for round := range 8 {
				work := func() {
					uids := f.user.UIDs("INBOX")
					n := len(uids)
					f.user.AddFlags("INBOX", []imap.Flag{imap.Flag(fmt.Sprint("k", round))}, uids[n-1], uids[n-3], uids[n-9])
					f.user.Expunge("INBOX", uids[n-2], uids[n-8], uids[n-10])
					for range 1 + round%3 {
						f.user.Append("INBOX", nil, day(100+round), message("INBOX", 100+round))
					}
				}
				work()
				f.reconnect()
				f.dialer.Faults = first(faultconn.OnWrite([]string{"EXAMINE", "BODY.PEEK", "LOGOUT", "LIST"}[round%4], work))
				f.pull(0)
				f.reconnect()
				f.pull(0)
				f.equal()
			}
			f.user.Expunge("INBOX", f.user.UIDs("INBOX")...)
			f.pull(0)
			f.equal()
			f.seed("INBOX", 3)
			f.pull(0)
			f.equal()
		})
	}
}

// A mailbox that is made anew between LIST and EXAMINE of its first run.
func TestNewMailboxRenumberedAfterList(t *testing.T) {
	for i, able := range capabilities {
		t.Run(able, func(t *testing.T) {
			var opts []dovecot.Option
			if i > 0 {
				opts = append(opts, dovecot.Capability(able))
			}
			f := newFixture(t, opts...)
			f.user.Create("Work")
			f.seed("Work", 12)
			f.dialer.Faults = first(faultconn.OnWrite("EXAMINE Work", func() { f.server.Renumber(t, f.name, "Work") }),
				faultconn.OnWrite(`EXAMINE "Work"`, func() { f.server.Renumber(t, f.name, "Work") }))
			if rc := f.pull(0); rc.New != 12 || rc.Bodies != 12 || rc.Vanished != 0 {
				t.Fatalf("%+v", rc)
			}
			f.equal()
			if rc := f.pull(0); rc.New+rc.Flags+rc.Vanished > 0 {
				t.Fatalf("%+v", rc)
			}
		})
	}
}
