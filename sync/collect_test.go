package sync_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	mailsync "mailstow/sync"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/faultconn"
)

// heavy is mail of 36 MB in two mailboxes: enough for three connections.
func heavy(f *fixture) {
	f.user.Create("Archive")
	for i := range 12 {
		text := append(message("big", i), bytes.Repeat([]byte(fmt.Sprintf("%060d line of mail %d\r\n", i, i)), 3<<20/80)...)
		f.user.Append([]string{"INBOX", "Archive"}[i%3/2], nil, day(i), text)
	}
	f.opt.Connections = 3
}

// Several connections download what is missing, and each message comes once; whether the
// list tells how much that is, or only the mailboxes do.
func TestConnections(t *testing.T) {
	t.Parallel()
	for _, hidden := range []string{"nothing", " STATUS=SIZE"} {
		f := newFixture(t)
		heavy(f)
		f.tap(func(s said) []byte { return bytes.ReplaceAll(s.line, []byte(hidden), nil) })
		rc := f.pull(0)
		if n := f.dialer.Dials(); n != 3 || rc.Bodies != 12 || rc.Reconnects != 0 {
			t.Errorf("%d connections, %+v", n, rc)
		}
		f.equal()
		if rc := f.pull(0); f.dialer.Dials() != 4 || rc.Bodies != 0 {
			t.Errorf("%d connections, %+v", f.dialer.Dials(), rc)
		}
	}
}

// Nobody waits for the last mailbox to be listed before mail of the first one comes.
func TestDownloadWhileListing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	heavy(f)
	var first string
	var once sync.Once
	came := make(chan struct{})
	f.tap(func(s said) []byte {
		switch {
		case s.conn > 0 && bytes.Contains(s.line, []byte("BODY[]")):
			once.Do(func() { close(came) })
		case s.conn > 0 || s.box == "":
		case first == "":
			first = s.box
		case s.box != first && s.tagged:
			select {
			case <-came:
			case <-time.After(time.Minute):
				return severed
			}
		}
		return s.line
	})
	if rc := f.pull(0); rc.Bodies != 12 || rc.Reconnects != 0 {
		t.Errorf("%+v", rc)
	}
	f.equal()
}

// Where mail is known to come fast, a large message comes as a whole, with the others, and
// ahead of the last of them; where another connection found that, and this one is slow, in
// pieces.
func TestLargeMessageAmongOthers(t *testing.T) {
	t.Parallel()
	for _, slow := range []bool{false, true} {
		f := newFixture(t)
		heavy(f)
		for i := range 4 {
			f.user.Append("Archive", nil, day(i), noise(i, 3<<20))
		}
		f.user.Append("INBOX", nil, day(1), noise(9, 9<<20))
		f.opt.Connections = 1
		f.opt = f.opt.SwiftOnce(3, slow)
		var last []byte
		pieces := false
		f.tap(func(s said) []byte {
			pieces = pieces || bytes.Contains(s.line, []byte("BODY[]<"))
			if s.box == "INBOX" && bytes.Contains(s.line, []byte("BODY[]")) {
				last = bytes.Clone(s.line)
			}
			return s.line
		})
		f.pull(0)
		f.equal()
		if pieces != slow || last == nil || bytes.Contains(last, []byte("UID 9 ")) != slow {
			t.Errorf("slow %v: in pieces %v; the last message of the mailbox: %.60s", slow, pieces, last)
		}
	}
}

// Where it is yet to be seen whether a link is worth compressing for, one request for mail
// leaves at a time; of much mail more.
func TestMuchIsAskedForAtOnce(t *testing.T) {
	for _, n := range []int{10, 128, 129} {
		if testing.Short() && n == 128 {
			continue // 129 is as much, in two mailboxes
		}
		f := newFixture(t)
		if n%2 == 1 { // then the mailboxes are visited together
			f.user.Create("Other")
			f.user.Append("Other", nil, day(1), message("small", 1))
		}
		for i := range n {
			text := append(message("big", i), bytes.Repeat([]byte(fmt.Sprintf("%060d line of mail %d\r\n", i, i)), 300<<10/80)...)
			f.user.Append("INBOX", nil, day(i), text)
		}
		f.opt.Connections = 1
		asked := 0
		f.tap(func(s said) []byte {
			if asked == 0 && s.mail() {
				asked = s.asked
			}
			return bytes.Replace(s.line, []byte(" IDLE "), []byte(" IDLE COMPRESS=DEFLATE "), 1)
		})
		f.pull(0)
		if asked > 1 != (n > 10) {
			t.Errorf("%d messages of 300 KiB: %d requests ahead of the first answer", n, asked)
		}
	}
}

// A connection that is lost amid what all mailboxes lack costs no more than that.
func TestCollectIsCut(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for b := range 20 {
		name := fmt.Sprintf("B%d", b)
		f.user.Create(name)
		for i := range 4 {
			text := append(message(name, i), bytes.Repeat([]byte(fmt.Sprintf("%060d line of mail %d\r\n", b, i)), 500<<10/80+b*10+i)...)
			f.user.Append(name, nil, day(i), text)
		}
	}
	f.opt.Connections = 1
	f.dialer.Faults = first(faultconn.CutRead(1 << 20))
	if rc := f.pull(0); rc.Bodies != 80 || rc.Reconnects != 1 {
		t.Errorf("%+v", rc)
	}
	f.equal()
}

// A server that allows one connection, or two, gets what it allows; a connection
// lost amid its work leaves that to the others.
func TestConnectionsRefused(t *testing.T) {
	t.Parallel()
	for name, arm := range map[string]func(*faultconn.Dialer){
		"refused": func(d *faultconn.Dialer) {
			d.Refuse = func(n int) error {
				if n == 1 || n == 2 {
					return errors.New("no more")
				}
				return nil
			}
		},
		"lost": func(d *faultconn.Dialer) {
			d.Faults = func(n int) []faultconn.Option {
				if n == 1 || n == 2 {
					return []faultconn.Option{faultconn.CutRead(1 << 20)}
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			heavy(f)
			arm(f.dialer)
			f.pull(0)
			f.equal()
		})
	}
	t.Run("limit", func(t *testing.T) {
		f := newFixture(t, dovecot.Config("mail_max_userip_connections = 2"))
		heavy(f)
		f.pull(0)
		said := false
		for _, e := range f.events {
			said = said || e.Kind == mailsync.Note && bytes.Contains([]byte(e.Text), []byte("no further connection"))
		}
		if !said {
			t.Error("nobody was told")
		}
	})
}

// What needs a visit of its own is not left until everything else was downloaded.
func TestVisitsAloneAreNotTheLast(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	heavy(f)
	f.user.Create("Old")
	f.seed("Old", 3)
	f.opt.Folders = []string{"Old"}
	f.pull(0)
	f.sql("UPDATE generation SET messages = 10001") // too many to be listed with others
	f.seed("Old", 4)
	f.opt.Folders, f.opt.Connections = nil, 1
	var order []string
	f.tap(func(s said) []byte {
		if s.tagged && (s.box == "Old" || strings.Contains(s.cmd, "BODY")) {
			order = append(order, s.box)
		}
		return s.line
	})
	rc := f.pull(0)
	if n := slices.Index(order, "Old"); rc.Bodies != 16 || n < 0 || n > 2 || len(order) < 12 {
		t.Errorf("the answers: %v; %+v", order, rc)
	}
	f.equal()
}
