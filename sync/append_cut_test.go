package sync_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	mailsync "mailstow/sync"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/faultconn"
	"mailstow/sync/testkit/mailgen"
)

// taped keeps what went over a connection.
type taped struct {
	net.Conn
	mu      sync.Mutex
	out, in bytes.Buffer
}

func (c *taped) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.out.Write(p)
	c.mu.Unlock()
	return c.Conn.Write(p)
}

func (c *taped) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	c.in.Write(p[:n])
	c.mu.Unlock()
	return n, err
}

// tape keeps what goes over the next connection.
func (f *fixture) tape() *taped {
	first := &taped{}
	f.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := f.dialer.Dial(ctx, network, addr)
		if err != nil || first.Conn != nil {
			return c, err
		}
		first.Conn = c
		return first, nil
	}
	return first
}

// appendCuts are the bytes behind which a connection ends: the last ones of each
// message and all up to the next one or the end of the command, and all of the answer
// with APPENDUID.
func (c *taped) appendCuts(t *testing.T, bodies ...[]byte) (cuts []faultconn.Option, places []string) {
	t.Helper()
	out, in := c.out.Bytes(), c.in.Bytes()
	add := func(what string, cut func(int64) faultconn.Option, from, to int) {
		for at := from; at <= to; at++ {
			cuts, places = append(cuts, cut(int64(at))), append(places, fmt.Sprintf("%s %d", what, at))
		}
	}
	for i, body := range bodies {
		at := bytes.Index(out, body)
		if at < 0 {
			t.Fatalf("message %d did not leave", i)
		}
		end := at + len(body)
		more := bytes.Index(out[end:], []byte("\r\n"))
		add(fmt.Sprintf("message %d", i), faultconn.CutWrite, end-2, end+more+2)
	}
	at := bytes.Index(in, []byte("[APPENDUID"))
	if at < 0 {
		t.Fatal("no APPENDUID came")
	}
	begin := bytes.LastIndexByte(in[:at], '\n')
	add("answer", faultconn.CutRead, begin, at+bytes.IndexByte(in[at:], '\n')+2)
	return cuts, places
}

// appending is something that ends in two appended messages.
type appending struct {
	to     *fixture           // whose connection is cut
	bodies [][]byte           // what is appended
	push   func() (exit int)  // sends it
	check  func(t *testing.T) // wants everything there, once
}

// restoring puts back two messages that somebody deleted.
func restoring(t *testing.T, server *dovecot.Server, name string) appending {
	f := newFixtureOn(t, server, name)
	uids := f.seed("INBOX", 3)
	f.noLimit()
	f.pull(0)
	want := f.contents()
	f.user.Expunge("INBOX", uids[:2]...)
	f.pull(0)
	f.undo(f.lastRun())
	return appending{f, [][]byte{message("INBOX", 0), message("INBOX", 1)},
		func() int {
			rc, _ := mailsync.Pull(t.Context(), f.store, f.account(), f.opt)
			return rc.Exit
		},
		func(t *testing.T) {
			f.pull(0)
			if d := cmp.Diff(want, f.contents()); d != "" {
				t.Errorf("(-before +after):\n%s", d)
			}
			f.quiet()
		}}
}

// migrating brings two messages from one account to another.
func migrating(t *testing.T, server *dovecot.Server, name string) appending {
	source := newFixtureOn(t, server, "from-"+name)
	mail := mailgen.New(5).Messages(2)
	for _, x := range mail {
		source.user.Append("INBOX", x.Flags, x.Date, x.Data)
	}
	to := newFixtureOn(t, server, name)
	m := moveTo(t, site{source, "/", ""}, site{to, "/", ""})
	p := m.plan()
	return appending{to, [][]byte{mail[0].Data, mail[1].Data},
		func() int {
			rc, _ := p.Bring(t.Context(), m.from.store, m.account(to, "target"), to.opt)
			return rc.Exit
		},
		func(t *testing.T) {
			if n := m.pass(); n != 0 {
				t.Errorf("%d copied again", n)
			}
			m.same()
		}}
}

// A connection ends at any byte behind a message and at any byte of the answer that
// tells where it is, in a restore and in a migration, on servers that tell UIDs and
// those that do not: everything is there once.
func TestAppendIsCutAtEveryByte(t *testing.T) {
	for what, start := range map[string]func(*testing.T, *dovecot.Server, string) appending{"restore": restoring, "migrate": migrating} {
		for _, hidden := range []bool{false, true} {
			if testing.Short() && (what != "restore" || hidden) {
				continue
			}
			t.Run(fmt.Sprint(what, " UIDs hidden: ", hidden), func(t *testing.T) {
				t.Parallel()
				server := dovecot.Start(t)
				a := start(t, server, "u0")
				tape := a.to.tape()
				if exit := a.push(); exit != 0 {
					t.Fatal(exit)
				}
				a.check(t)
				cuts, places := tape.appendCuts(t, a.bodies...)
				step, cut := every(2), 0
				switch {
				case testing.Short():
					step = every(12)
				case what != "restore" || hidden:
					step = every(6)
				}
				for i := 0; i < len(cuts); i += step {
					t.Run(places[i], func(t *testing.T) {
						a := start(t, server, fmt.Sprint("u", i+1))
						before := a.to.dialer.Dials()
						a.to.dialer.Faults = func(n int) []faultconn.Option {
							if n == before {
								return []faultconn.Option{cuts[i]}
							}
							return nil
						}
						if hidden {
							a.to.hideUIDs()
						}
						if exit := a.push(); exit != 0 && exit != mailsync.ExitConnect {
							t.Errorf("exit %d", exit)
						}
						if a.to.dialer.Dials() > before+1 {
							cut++
						}
						a.check(t)
					})
				}
				if all := (len(cuts) + step - 1) / step; cut < all*3/4 {
					t.Errorf("only %d of %d connections were cut: this test proves nothing", cut, all)
				}
			})
		}
	}
}
