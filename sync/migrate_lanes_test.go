package sync_test

import (
	"bytes"
	"fmt"
	"testing"

	"mailstow/sync/testkit/faultconn"
)

// Several connections fill the mailboxes of a migration side by side. Those that are lost
// amid their work leave neither a gap nor a duplicate, and what had not left goes after all.
func TestMigrateConnections(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string][]int{"none lost": nil, "first lost": {0}, "further one lost": {1}, "all lost": {0, 1, 2}} {
		if testing.Short() && name != "none lost" && name != "further one lost" {
			continue // 36 MB for each
		}
		t.Run(name, func(t *testing.T) {
			source, to := newFixture(t), newFixture(t)
			m := moveTo(t, site{source, "/", ""}, site{to, "/", ""})
			boxes := []string{"INBOX", "A", "B", "N"}
			for _, box := range boxes[1:] {
				source.user.Create(box)
			}
			for i := range 12 {
				body := bytes.Repeat([]byte(fmt.Sprintf("%060d line of mail %d\r\n", i, i)), 3<<20/80)
				source.user.Append(boxes[i%4], nil, day(i), append([]byte(fmt.Sprintf("Message-ID: <%d@x>\r\nSubject: %d\r\n\r\n", i, i)), body...))
			}
			p := m.plan()
			to.opt.Connections = 3
			before := to.dialer.Dials()
			to.dialer.Faults = func(n int) []faultconn.Option {
				for _, l := range lost {
					if n == before+l {
						return []faultconn.Option{faultconn.CutWrite(5 << 20)}
					}
				}
				return nil
			}
			rc := m.run(p.Bring, to, "target", 0)
			if rc.Pushed.Appended != 12 || rc.New != 0 || lost == nil && to.dialer.Dials()-before != 3 {
				t.Errorf("%d connections, %+v", to.dialer.Dials()-before, rc)
			}
			m.same()
			if n := m.pass(); n != 0 {
				t.Errorf("%d copied again", n)
			}
		})
	}
}
