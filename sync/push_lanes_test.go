package sync_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mailstow/sync/testkit/faultconn"
)

// laden is an account with 36 MB to be appended to four mailboxes, one of them new:
// enough for three connections.
func laden(f *fixture) {
	f.Helper()
	f.user.Create("A")
	f.user.Create("B")
	f.pull(0)
	f.create("N")
	for i := range 12 {
		body := bytes.Repeat([]byte(fmt.Sprintf("%060d line of mail %d\r\n", i, i)), 3<<20/80)
		f.append([]string{"INBOX", "A", "B", "N"}[i%4], fmt.Sprintf("Message-ID: <%d@x>\r\nSubject: %d big\r\n\r\n%s", i, i, body), `\Seen`)
	}
	f.opt.Connections = 3
}

// delivered wants the server to have all of it once: what must be looked for first may
// come behind the rest.
func (f *fixture) delivered() {
	f.Helper()
	got := map[string][]string{}
	for _, name := range f.user.Mailboxes() {
		for _, m := range f.user.Messages(name) {
			got[name] = append(got[name], numberOf(subject(m.Data)))
		}
		slices.Sort(got[name])
	}
	want := map[string][]string{"INBOX": {"0", "4", "8"}, "A": {"1", "5", "9"}, "B": {"10", "2", "6"}, "N": {"11", "3", "7"}}
	if d := cmp.Diff(want, got); d != "" {
		f.Errorf("(-want +server):\n%s", d)
	}
}

// Several connections bring what waits for several mailboxes, each message once.
func TestPushConnections(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	laden(f)
	before := f.dialer.Dials()
	if rc := f.pull(0); rc.Pushed.Appended != 12 || rc.Reconnects != 0 || rc.New != 0 || f.dialer.Dials()-before != 3 {
		t.Errorf("%d connections, %+v", f.dialer.Dials()-before, rc)
	}
	f.delivered()
	f.quiet()
}

// A server that allows one connection only is content with it; a connection that is
// lost amid its work, whichever it is, leaves neither a gap nor a duplicate.
func TestPushConnectionsLost(t *testing.T) {
	cut := func(opt faultconn.Option, which ...int) func(*faultconn.Dialer, int) {
		return func(d *faultconn.Dialer, before int) {
			d.Faults = func(n int) []faultconn.Option {
				for _, w := range which {
					if n == before+w {
						return []faultconn.Option{opt}
					}
				}
				return nil
			}
		}
	}
	for name, arm := range map[string]func(*faultconn.Dialer, int){
		"refused": func(d *faultconn.Dialer, before int) {
			d.Refuse = func(n int) error {
				if n > before {
					return errors.New("no more")
				}
				return nil
			}
		},
		"further ones":         cut(faultconn.CutWrite(5<<20), 1, 2),
		"further one, late":    cut(faultconn.CutRead(500), 1),
		"first":                cut(faultconn.CutWrite(5<<20), 0),
		"all":                  cut(faultconn.CutWrite(4<<20), 0, 1, 2),
		"all, again and again": cut(faultconn.CutWrite(7<<20), 0, 1, 2, 3, 4, 5),
	} {
		for _, hidden := range []bool{false, true} {
			if testing.Short() && (name != "further ones" || hidden) {
				continue // 36 MB for each
			}
			t.Run(fmt.Sprint(name, " UIDs hidden: ", hidden), func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				laden(f)
				arm(f.dialer, f.dialer.Dials())
				if hidden {
					f.hideUIDs()
				}
				if rc := f.pull(0); rc.Pushed.Appended != 12 {
					t.Errorf("%+v", rc)
				}
				f.delivered()
				f.dialer.Faults, f.dialer.Refuse = nil, nil
				f.quiet()
			})
		}
	}
}
