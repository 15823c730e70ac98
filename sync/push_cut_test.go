package sync_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	mailsync "mailstow/sync"
	"mailstow/sync/testkit/dovecot"
)

// cutting ends a connection at its n-th write or read: before it, in its middle, or
// behind it.
type cutting struct {
	net.Conn
	at            cut
	writes, reads atomic.Int64
	dead          atomic.Bool
}

type cut struct {
	write, read int64 // which one, from 1; 0: none
	share       int64 // how much of it passes: 0, 1 (half), 2 (all)
}

func (c cut) String() string {
	share := [...]string{"before", "within", "behind"}[c.share]
	if c.write > 0 {
		return fmt.Sprintf("%s write %d", share, c.write)
	}
	return fmt.Sprintf("%s read %d", share, c.read)
}

func (c *cutting) Write(p []byte) (int, error) {
	n := c.writes.Add(1)
	switch {
	case c.dead.Load():
		return 0, io.ErrClosedPipe
	case c.at.write == 0 || n < c.at.write:
		return c.Conn.Write(p)
	}
	c.dead.Store(true)
	n2, _ := c.Conn.Write(p[:int64(len(p))*c.at.share/2])
	c.Conn.Close()
	return n2, io.ErrClosedPipe
}

func (c *cutting) Read(p []byte) (int, error) {
	if c.dead.Load() {
		return 0, io.EOF
	}
	n, err := c.Conn.Read(p)
	if c.at.read == 0 || c.reads.Add(1) < c.at.read {
		return n, err
	}
	c.dead.Store(true)
	c.Conn.Close()
	return int(int64(n) * c.at.share / 2), io.EOF
}

// cutAt lets the next connection end there, and returns it.
func (f *fixture) cutAt(at cut) func() *cutting {
	dial := f.dial
	var first *cutting
	f.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		next := dial
		if next == nil {
			next = f.dialer.Dial
		}
		c, err := next(ctx, network, addr)
		if err != nil || first != nil {
			return c, err
		}
		first = &cutting{Conn: c, at: at}
		return first, nil
	}
	return func() *cutting { return first }
}

// busy is an account with everything to be done.
func (f *fixture) busy() {
	f.Helper()
	for _, name := range []string{"M", "M/sub", "X", "Z"} {
		f.user.Create(name)
	}
	f.seed("INBOX", 9)
	f.user.Append("M", nil, day(60), message("M", 60))
	f.user.Append("M/sub", nil, day(61), message("M/sub", 61))
	f.user.Append("X", nil, day(50), message("X", 50))
	f.user.Append("Z", nil, day(70), message("Z", 70))
	f.noLimit()
	f.pull(0)
	f.create("N")
	f.rename("M", "R")
	f.remove("Z")
	f.subscribe("X", true)
	f.flag(0, `\Flagged work`, "")
	f.flag(1, `\Flagged`, `\Seen`)
	f.move(3, "X")
	f.move(4, "X")
	f.flag(4, "home", "")
	f.copy(5, "X")
	f.expunge(6)
	f.move(7, "N")
	f.move(60, "INBOX")
	f.append("X", "Message-ID: <9@x>\r\nSubject: 9 new\r\n\r\nnew\r\n", `\Draft`)
	f.append("N", "Subject: 10 new\r\n\r\nnew\r\n", `\Seen`)
}

const busied = "INBOX=0Fwork 1F 2 5S 60 8; N=10S 7S; R=; R/sub=61; X=3S 4home 50 5S 9T"

// Whatever becomes of a connection, and wherever: with the next one everything is
// there, once.
func TestPushIsCut(t *testing.T) {
	t.Parallel()
	for able, opts := range abled {
		if testing.Short() && able != "full" {
			continue
		}
		t.Run(able, func(t *testing.T) {
			t.Parallel()
			server := dovecot.Start(t, opts...)
			n := 0
			start := func(t *testing.T) *fixture {
				n++
				f := newFixtureOn(t, server, fmt.Sprintf("u%d", n))
				if hidesUIDs(able) {
					f.hideUIDs()
				}
				f.busy()
				return f
			}
			writes, reads := start(t).undisturbed(able)
			for _, at := range cuts(writes, reads, able) {
				t.Run(at.String(), func(t *testing.T) { start(t).disturbed(at, able) })
			}
		})
	}
}

// cuts are all places where a connection can end; or a sample of them.
func cuts(writes, reads int64, able string) (all []cut) {
	step := int64(every(8))
	if able == "full" {
		step = int64(every(4))
	}
	for n := int64(1); n <= writes; n += step {
		for share := range int64(3) {
			all = append(all, cut{write: n, share: share})
		}
	}
	for n := int64(1); n <= reads; n += step {
		for share := range int64(2) {
			all = append(all, cut{read: n, share: share})
		}
	}
	return all
}

func (f *fixture) undisturbed(able string) (writes, reads int64) {
	f.Helper()
	c := f.cutAt(cut{})
	if rc := f.pull(0); rc.New != 0 || rc.Pushed != (mailsync.Pushed{Flags: 3, Moved: 4, Copied: 1, Deleted: 1, Appended: 2, Mailboxes: 4}) {
		f.Errorf("%+v", rc)
	}
	f.settledAs(busied, able)
	writes, reads = c().writes.Load(), c().reads.Load()
	f.quiet()
	return writes, reads
}

func (f *fixture) disturbed(at cut, able string) {
	f.Helper()
	f.cutAt(at)
	rc, err := mailsync.Pull(f.Context(), f.store, f.account(), f.opt)
	if rc.Exit != 0 && rc.Exit != mailsync.ExitConnect {
		f.Errorf("exit %d, %v, %+v", rc.Exit, err, rc)
	}
	f.whole()
	f.pull(0)
	f.settledAs(busied, able)
	f.quiet()
}

// settledAs wants the server to have this, all of it and once.
func (f *fixture) settledAs(want, able string) {
	f.Helper()
	got := f.state()
	if hidesUIDs(able) {
		got = marked.ReplaceAllString(got, "")
	}
	if got = strings.ReplaceAll(got, "= ", "="); got != want {
		f.Errorf("the server has\n%s, want\n%s", got, want)
	}
	f.exact()
}

// exact wants dates to be those that were given.
func (f *fixture) exact() {
	f.Helper()
	for _, name := range f.user.Mailboxes() {
		for _, m := range f.user.Messages(name) {
			var n int
			fmt.Sscan(numberOf(subject(m.Data)), &n)
			want := day(n)
			if n == 9 || n == 10 {
				want = day(77)
			}
			if !m.Date.Equal(want) {
				f.Errorf("%d in %s is of %v, want %v", n, name, m.Date, want)
			}
		}
	}
}
