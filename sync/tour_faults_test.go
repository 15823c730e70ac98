package sync_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/faultconn"
)

// Row 1, over many mailboxes: wherever the connection is lost in the two flights,
// what is left is done one by one; nothing is lost, doubled or tried for long.
func TestToursCutAnywhere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.opt.MaxDeletes = plan.NoLimit
	names := dozen(f)
	f.pull(0)
	in, _ := f.dialer.Bytes()
	steps := int64(10)
	if testing.Short() {
		steps = 4
	}
	for n := range steps {
		f.fresh()
		f.faults(faultconn.CutRead(700 + n*(in-700)/steps)) // behind the list
		if rc := f.pull(0); rc.New != 39 || rc.Bodies != 39 || rc.Reconnects != 1 || len(rc.Failures) > 0 {
			t.Fatalf("cut %d: %+v", n, rc)
		}
		f.equal()
	}
	for n := range steps { // and with changes of every kind
		for i, name := range names {
			uids := f.user.UIDs(name)
			change := f.user.AddFlags
			if n%2 == 1 {
				change = f.user.RemoveFlags
			}
			change(name, []imap.Flag{imap.FlagFlagged}, uids[0])
			f.user.Expunge(name, uids[len(uids)-1])
			f.user.Append(name, nil, day(100+int(n)), message(name, 100*(1+int(n))+i))
		}
		f.faults(faultconn.CutRead(3000 + n*9000/steps))
		if rc := f.pull(0); rc.New != 13 || rc.Bodies != 13 || rc.Vanished != 13 || rc.Flags != 13 || rc.Reconnects > 1 {
			t.Fatalf("cut %d of the second: %+v", n, rc)
		}
		f.equal()
	}
}

// A link on which every connection dies goes on for as long as something comes of
// it, and not for ever.
func TestToursOnALinkThatAlwaysDies(t *testing.T) {
	f := newFixture(t)
	dozen(f)
	f.dialer.Faults = func(int) []faultconn.Option { return []faultconn.Option{faultconn.CutRead(6_000)} }
	if rc := f.pull(0); rc.New != 39 || rc.Bodies != 39 || rc.Reconnects < 2 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
	f.fresh()
	f.dialer.Faults = func(int) []faultconn.Option { return []faultconn.Option{faultconn.CutOnWrite("EXAMINE")} }
	if rc := f.pull(3); len(rc.Failures) != 13 || f.dialer.Dials() > 5+13*2 {
		t.Fatalf("%d connections, %+v", f.dialer.Dials(), rc)
	}
}

// among is what a run may meet in one mailbox among many good ones.
type among struct {
	name   string
	before func(f *fixture)    // the run; after a good one
	lie    func(s said) []byte // during it
	during func(f *fixture) faultconn.Option
	exit   int // of the run
	check  func(rc mailsync.Receipt) bool
	broken bool // the mailbox stays different in the mirror
}

// fourth is the mailbox that it is about; each of the others has got a message and
// lost one.
const fourth = "M03"

func inFourth(lie func(s said) []byte) func(s said) []byte {
	return func(s said) []byte {
		if s.box == fourth {
			return lie(s)
		}
		return s.line
	}
}

// One mailbox with trouble costs none of the others anything, whatever it is.
func TestOneBadMailboxAmongMany(t *testing.T) {
	t.Parallel()
	always := func(mailsync.Receipt) bool { return true }
	failed := func(text string) func(rc mailsync.Receipt) bool {
		return func(rc mailsync.Receipt) bool {
			return len(rc.Failures) == 1 && rc.Failures[0].Mailbox == fourth && strings.Contains(rc.Failures[0].Reason, text)
		}
	}
	once := func(lie func(s said) []byte) func(s said) []byte { // the first time that it changes something
		done := false
		return inFourth(func(s said) []byte {
			if done {
				return s.line
			}
			line := lie(s)
			done = !bytes.Equal(line, s.line)
			return line
		})
	}
	examined := func(s said) bool { return s.tagged && strings.HasPrefix(s.cmd, "EXAMINE") }
	refuse := func(s said) []byte {
		if examined(s) {
			return s.refused("[INUSE] not now")
		}
		return s.line
	}
	fetched := func(s said) bool { return s.tagged && strings.Contains(s.cmd, "BODY.PEEK[]") }
	for _, tc := range []among{
		{name: "refused once", lie: once(refuse), check: always},
		{name: "refused", lie: inFourth(refuse), exit: 3, check: failed("not now"), broken: true},
		{name: "not understood", lie: inFourth(func(s said) []byte {
			if examined(s) {
				return bytes.Replace(s.refused("what"), []byte(" NO "), []byte(" BAD "), 1)
			}
			return s.line
		}), exit: 3, check: failed("what"), broken: true},
		{name: "UIDNEXT went back", lie: inFourth(func(s said) []byte { return bytes.Replace(s.line, []byte("UIDNEXT 5]"), []byte("UIDNEXT 2]"), 1) }),
			exit: 3, check: failed("UIDNEXT went back"), broken: true},
		{name: "other messages under known UIDs", before: func(f *fixture) { f.recreated(fourth) }, exit: 3, check: func(rc mailsync.Receipt) bool {
			return failed("other messages stand under known UIDs")(rc) && rc.RoundTrips == 4 // and not looked at again
		}, broken: true},
		{name: "renumbered", before: func(f *fixture) { f.server.Renumber(f.T, f.name, fourth) }, check: func(rc mailsync.Receipt) bool { return rc.Rebound == 2 }},
		{name: "renumbered behind the list", during: func(f *fixture) faultconn.Option {
			return faultconn.OnWrite("EXAMINE", func() { f.server.Renumber(f.T, f.name, fourth) })
		}, check: func(rc mailsync.Receipt) bool { return rc.Rebound == 2 }},
		{name: "renumbered before the download", during: func(f *fixture) faultconn.Option {
			return faultconn.OnWrite("BODY.PEEK[]", func() { f.server.Renumber(f.T, f.name, fourth) })
		}, check: func(rc mailsync.Receipt) bool { return rc.Rebound == 2 }},
		{name: "deleted behind the list", during: func(f *fixture) faultconn.Option {
			return faultconn.OnWrite("EXAMINE", func() { f.user.Delete(fourth) })
		}, exit: 3, check: failed("Mailbox doesn't exist"), broken: true},
		{name: "deleted before the download", during: func(f *fixture) faultconn.Option {
			return faultconn.OnWrite("BODY.PEEK[]", func() { f.user.Delete(fourth) })
		}, exit: 3, check: failed("Mailbox doesn't exist"), broken: true},
		{name: "UIDs that do not last", lie: inFourth(func(s said) []byte {
			if examined(s) {
				return append([]byte("* NO [UIDNOTSTICKY] no\r\n"), s.line...)
			}
			return s.line
		}), check: func(rc mailsync.Receipt) bool { return len(rc.Notes) == 1 }, broken: true},
		{name: "a request refused once", lie: once(func(s said) []byte {
			if fetched(s) {
				return s.refused("busy")
			}
			return s.line
		}), check: always},
		{name: "a request always refused", lie: inFourth(func(s said) []byte {
			if fetched(s) {
				return s.refused("broken")
			}
			return s.line
		}), exit: 3, check: failed("broken"), broken: true},
		{name: "a message not answered once", lie: once(func(s said) []byte {
			if s.mail() {
				return bytes.Replace(s.line, []byte("UID "), []byte("UID 999"), 1)
			}
			return s.line
		}), check: always},
		{name: "a message never answered", lie: inFourth(func(s said) []byte {
			if s.mail() {
				return bytes.Replace(s.line, []byte("UID "), []byte("UID 999"), 1)
			}
			return s.line
		}), exit: 3, check: failed("without the message's bytes"), broken: true},
		{name: "a message that kills the connection", lie: inFourth(func(s said) []byte {
			if s.mail() {
				return severed
			}
			return s.line
		}), exit: 3, check: func(rc mailsync.Receipt) bool {
			return failed("the connection was lost 2 times")(rc) && rc.Reconnects <= 4
		}, broken: true},
		{name: "opening it kills the connection", lie: inFourth(func(s said) []byte {
			if strings.HasPrefix(s.cmd, "EXAMINE") {
				return severed
			}
			return s.line
		}), exit: 3, check: func(rc mailsync.Receipt) bool { return failed("given up")(rc) && rc.Reconnects <= 6 }, broken: true},
		{name: "listed in part", lie: inFourth(func(s said) []byte {
			if bytes.Contains(s.line, []byte("(UID 1 ")) || bytes.Contains(s.line, []byte("(UID 4 ")) {
				return nil
			}
			return s.line
		}), exit: 3, check: failed("the server counted"), broken: true},
		{name: "throttled once", lie: once(func(s said) []byte {
			if examined(s) {
				return s.refused("[THROTTLED] Suggested Backoff Time: 20 milliseconds")
			}
			return s.line
		}), check: func(rc mailsync.Receipt) bool { return rc.Reconnects == 1 }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFixture(t)
			f.opt.MaxDeletes = plan.NoLimit
			var names []string
			for i := range 8 {
				names = append(names, fmt.Sprintf("M%02d", i))
				f.user.Create(names[i])
				f.seed(names[i], 3)
			}
			f.pull(0)
			for i, name := range names {
				f.user.Expunge(name, 2)
				f.user.Append(name, nil, day(50+i), message(name, 50+i))
			}
			if tc.before != nil {
				tc.before(f)
			}
			if tc.lie != nil {
				f.tap(tc.lie)
			} else if tc.during != nil {
				f.faults(tc.during(f))
			}
			if rc := f.pull(tc.exit); !tc.check(rc) {
				t.Errorf("%+v", rc)
			}
			for _, name := range names {
				if name != fourth {
					f.agrees(name)
				}
			}
			if !tc.broken {
				f.agrees(fourth)
			}
			f.whole()
			f.untap()
			f.opt.Full, f.opt.Rematch = true, []string{fourth}
			if _, err := mailsync.Pull(f.Context(), f.store, f.account(), f.opt); err != nil {
				t.Error(err)
			}
			f.equal()
		})
	}
}

// recreated makes a mailbox anew, with other mail under the UIDs and UIDVALIDITY of
// before.
func (f *fixture) recreated(name string) {
	f.Helper()
	value := f.user.Selected(name).UIDValidity
	f.user.Delete(name)
	f.user.Create(name)
	for i := range 4 {
		f.user.Append(name, nil, day(700+i), append(message("other", i), "longer\r\n"...))
	}
	f.server.SetUIDValidity(f.T, f.name, name, value)
}

// agrees wants mirror and server to agree in one mailbox.
func (f *fixture) agrees(name string) {
	f.Helper()
	if got, want := fmt.Sprint(f.mirrored(name)), fmt.Sprint(f.served(name)); got != want {
		f.Errorf("%s: mirror %s\nserver %s", name, got, want)
	}
}

// A mere name among many mailboxes: deleted, with children, between two runs.
func TestNoSelectAmongMany(t *testing.T) {
	f := newFixture(t, dovecot.MaildirFS())
	f.opt.MaxDeletes = plan.NoLimit
	for _, name := range []string{"A", "B", "B/C", "D", "E"} {
		f.user.Create(name)
		f.seed(name, 3)
	}
	f.pull(0)
	for _, name := range []string{"A", "B/C", "D", "E"} {
		f.user.Append(name, nil, day(50), message(name, 50))
	}
	f.user.Delete("B")
	if rc := f.pull(0); rc.New != 4 || rc.Vanished != 3 || rc.RoundTrips != 4 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
}

// A store that fails amid a flight ends the run as what it is: not as an
// interruption, and not as a lost connection, again and again.
func TestToursWithoutAStore(t *testing.T) {
	f := newFixture(t)
	dozen(f)
	for _, at := range []string{"EXAMINE", "BODY.PEEK[]"} {
		f.fresh()
		f.faults(faultconn.OnWrite(at, func() { f.store.Close() }))
		rc, err := mailsync.Pull(t.Context(), f.store, f.account(), f.opt)
		if rc.Exit != mailsync.ExitFailed || err == nil || rc.Reconnects > 0 {
			t.Errorf("%s: %v, %+v", at, err, rc)
		}
		f.open()
		f.pull(0)
		f.equal()
	}
}

// Interrupted anywhere, a run keeps what it committed and says that it was.
func TestToursInterrupted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	dozen(f)
	f.pull(0)
	in, _ := f.dialer.Bytes()
	for n := range int64(8) {
		f.fresh()
		ctx, cancel := context.WithCancel(t.Context())
		f.faults(faultconn.OnRead(700+n*(in-800)/8, cancel))
		rc, err := mailsync.Pull(ctx, f.store, f.account(), f.opt)
		if cancel(); rc.Exit != mailsync.ExitInterrupted || !errors.Is(err, context.Canceled) {
			t.Fatalf("%d: %v, %+v", n, err, rc)
		}
		f.whole()
		next := f.again()
		if rc.New+next.New != 39 || rc.Bodies+next.Bodies != 39 {
			t.Fatalf("%d: %+v, then %+v", n, rc, next)
		}
		f.equal()
	}
}

// again is a run left in peace.
func (f *fixture) again() mailsync.Receipt {
	f.Helper()
	f.reconnect()
	return f.pull(0)
}
