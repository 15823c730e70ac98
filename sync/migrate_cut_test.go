package sync_test

import (
	"fmt"
	"testing"

	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/mailgen"
)

// The connection to the target ends anywhere, behind a message as well as within one,
// with a server that tells UIDs and one that does not: the next pass ends with every
// message there once.
func TestMigrateCut(t *testing.T) {
	if testing.Short() {
		t.Skip("what is special about a migration is in the plan, which the other tests have")
	}
	server := dovecot.Start(t)
	source := server.User(t, "ann")
	mail := mailgen.New(3).Messages(8)
	source.Create("Work")
	for i, msg := range mail {
		source.Append([]string{"INBOX", "Work"}[i%2], msg.Flags, msg.Date, msg.Data)
	}
	cuts := 0
	for i := range int64(12) {
		at := cut{share: i % 3}
		if i%2 == 0 {
			at.write = 2 + i
		} else {
			at.read = 2 + i
		}
		hides := i%4 > 1
		t.Run(fmt.Sprint(at, " hides UIDs: ", hides), func(t *testing.T) {
			name := fmt.Sprint("t", i)
			to := fixtureAt(t, server, server.User(t, name))
			to.name = name
			m := moveTo(t, site{fixtureAt(t, server, source), "/", ""}, site{to, "/", ""})
			if hides {
				to.hideUIDs()
			}
			p := m.plan()
			first := to.cutAt(at)
			m.bring(p, 0)
			if first().dead.Load() {
				cuts++
			}
			if n := m.pass(); n != 0 {
				t.Errorf("%d copied again", n)
			}
			m.same()
		})
	}
	if cuts < 3 {
		t.Errorf("only %d connections were cut: this test proves nothing", cuts)
	}
}
