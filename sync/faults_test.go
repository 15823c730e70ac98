package sync_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/emersion/go-imap/v2"

	mailsync "mailstow/sync"
	"mailstow/sync/testkit/faultconn"
)

// first gives the first connection faults, and none to those after it.
func first(opts ...faultconn.Option) func(int) []faultconn.Option {
	return func(n int) []faultconn.Option {
		if n == 0 {
			return opts
		}
		return nil
	}
}

// Row 1: a cut at any place costs a reconnection and nothing else.
func TestCutAnywhere(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Work")
	f.seed("INBOX", 80)
	f.seed("Work", 5)
	f.pull(0)
	in, _ := f.dialer.Bytes()
	step := in / 40
	if testing.Short() {
		step = in / 8
	}
	for cut := int64(100); cut < in; cut += step {
		f.fresh()
		f.dialer.Faults = first(faultconn.CutRead(cut))
		rc, err := mailsync.Pull(f.Context(), f.store, f.account(), f.opt)
		if f.dialer.Dials() == 1 && rc.Exit == mailsync.ExitConnect {
			continue // cut before the account was open: cron comes again
		}
		if rc.Exit != 0 || rc.New != 85 {
			t.Fatalf("cut after %d bytes: exit %d, %v, %+v", cut, rc.Exit, err, rc)
		}
		f.equal()
	}
}

// A link that dies every few kilobytes still gets there, as long as something
// is committed in between.
func TestEveryConnectionIsCut(t *testing.T) {
	f := newFixture(t)
	f.seed("INBOX", 200)
	f.dialer.Faults = func(int) []faultconn.Option { return []faultconn.Option{faultconn.CutRead(25_000)} }
	rc := f.pull(0)
	if rc.Reconnects == 0 {
		t.Fatal("no connection was cut")
	}
	f.equal()
}

// A server that dies on whatever is asked is given up, with its mail set aside
// and the run ending.
func TestServerThatDiesOnEveryBody(t *testing.T) {
	f := newFixture(t)
	f.seed("INBOX", 100)
	f.dialer.Faults = func(int) []faultconn.Option {
		return []faultconn.Option{faultconn.CutOnWrite("BODY.PEEK[]")}
	}
	rc := f.pull(3)
	if rc.New != 100 || rc.Bodies != 0 || len(rc.Failures) == 0 || rc.Reconnects > 40 {
		t.Fatalf("%+v", rc)
	}
	f.fresh()
	f.pull(0)
	f.equal()
}

// A server that dies on every mailbox used to get all the patience for each.
func TestServerThatDiesOnEveryMailbox(t *testing.T) {
	f := newFixture(t)
	for i := range 8 {
		f.user.Create(fmt.Sprint("M", i))
	}
	f.dialer.Faults = func(int) []faultconn.Option { return []faultconn.Option{faultconn.CutOnWrite("EXAMINE")} }
	if rc := f.pull(3); len(rc.Failures) != 9 || f.dialer.Dials() > 5+8*2 {
		t.Fatalf("%d connections, %+v", f.dialer.Dials(), rc)
	}
	f.reconnect()
	f.pull(0)
	f.equal()
}

func TestServerNotReached(t *testing.T) {
	f := newFixture(t)
	f.dialer.Refuse = func(int) error { return syscall.ECONNREFUSED }
	rc := f.pull(5)
	if f.dialer.Dials() != 1 || rc.Error == "" {
		t.Fatalf("%d dials, %+v", f.dialer.Dials(), rc)
	}
}

// The server goes away in the middle and does not come back.
func TestServerGoesAway(t *testing.T) {
	f := newFixture(t)
	f.seed("INBOX", 100)
	f.dialer.Faults = first(faultconn.CutOnWrite("BODY.PEEK[]"))
	f.dialer.Refuse = func(n int) error {
		if n > 0 {
			return syscall.ECONNREFUSED
		}
		return nil
	}
	if rc := f.pull(5); rc.New != 100 {
		t.Fatalf("%+v", rc)
	}
	f.reconnect()
	f.pull(0)
	f.equal()
}

// Row 12: one try, exit 4.
func TestWrongPassword(t *testing.T) {
	f := newFixture(t)
	f.server.Password = "wrong"
	rc := f.pull(4)
	if f.dialer.Dials() != 1 || strings.Contains(rc.Error, "wrong\"") {
		t.Fatalf("%d dials, %+v", f.dialer.Dials(), rc)
	}
}

// An interrupted run keeps what it committed, and the next one goes on.
func TestInterrupt(t *testing.T) {
	f := newFixture(t)
	f.seed("INBOX", 200)
	ctx, cancel := context.WithCancel(f.Context())
	defer cancel()
	f.dialer.Faults = first(faultconn.OnWrite("BODY.PEEK[]", cancel))
	rc, err := mailsync.Pull(ctx, f.store, f.account(), f.opt)
	if rc.Exit != mailsync.ExitInterrupted || !errors.Is(err, context.Canceled) || rc.New != 200 {
		t.Fatalf("%v, %+v", err, rc)
	}
	first := rc.Bodies
	rc = f.pull(0)
	if rc.New != 0 || rc.Bodies != 200-first {
		t.Fatalf("%d bodies before, then %+v", first, rc)
	}
	f.equal()
}

// Row 16: expunged between the listing and the FETCH.
func TestExpungedBeforeFetch(t *testing.T) {
	f := newFixture(t)
	uids := f.seed("INBOX", 10)
	f.dialer.Faults = first(faultconn.OnWrite("BODY.PEEK[]", func() { f.user.Expunge("INBOX", uids[3:5]...) }))
	rc := f.pull(0)
	if rc.New != 10 || rc.Bodies < 8 {
		t.Fatalf("%+v", rc)
	}
	f.pull(0)
	f.equal()
}

// Row 14: deleted while the run is under way.
func TestMailboxDeletedMidRun(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Work")
	f.seed("Work", 3)
	f.seed("INBOX", 3)
	f.pull(0)
	f.user.Append("Work", nil, day(9), message("Work", 9))
	f.user.Append("INBOX", nil, day(9), message("INBOX", 9))
	f.reconnect()
	f.dialer.Faults = first(faultconn.OnWrite("EXAMINE", func() { f.user.Delete("Work") }))
	rc := f.pull(3)
	if rc.Failures[0].Mailbox != "Work" || rc.Vanished != 0 {
		t.Fatalf("%+v", rc)
	}
	f.reconnect()
	f.pull(6)
	f.opt.MaxDeletes = limit(t, "off")
	f.pull(0)
	f.equal()
}

// Row 13: UIDVALIDITY changes between two connections of one run.
func TestUIDValidityChangesMidRun(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Work")
	f.seed("Work", 3)
	f.pull(0)
	f.user.Append("Work", nil, day(9), message("Work", 9))
	f.reconnect()
	f.dialer.Faults = first(faultconn.OnWrite("BODY.PEEK[]", func() {
		f.server.Renumber(t, f.name, "Work")
		f.dialer.Conns()[0].Cut()
	}))
	rc := f.pull(0)
	if rc.Reconnects != 1 || rc.Rebound != 3 || rc.Bodies != 1 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
}

// A flag set while the listing runs is not lost: the cursor is the one from
// before (I8).
func TestFlagsChangeDuringListing(t *testing.T) {
	f := newFixture(t)
	uids := f.seed("INBOX", 10)
	f.pull(0)
	f.user.Append("INBOX", nil, day(20), message("INBOX", 20))
	f.reconnect()
	f.dialer.Faults = first(faultconn.OnWrite("BODY.PEEK[]", func() {
		f.user.AddFlags("INBOX", []imap.Flag{imap.FlagFlagged}, uids[2])
	}))
	f.pull(0)
	f.pull(0)
	f.equal()
}

// fresh starts the mirror and the connections over.
func (f *fixture) fresh() {
	f.Helper()
	f.close()
	f.path += "x"
	f.open()
	f.reconnect()
}

// reconnect starts the connections over.
func (f *fixture) reconnect() { f.dialer = &faultconn.Dialer{} }

// Failures name what the server said, and no run calls itself good with them.
func TestReceiptOutcomes(t *testing.T) {
	f := newFixture(t)
	f.seed("INBOX", 1)
	f.pull(0)
	f.dialer.Refuse = func(int) error { return syscall.ECONNREFUSED }
	f.pull(5)
	accounts, _ := f.store.Accounts(f.Context())
	runs, err := f.store.Runs(f.Context(), accounts[0].ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range runs {
		got = append(got, fmt.Sprint(r.Outcome, r.Exit))
	}
	if !slices.Equal(got, []string{"failed5", "ok0"}) {
		t.Fatal(got)
	}
}

// A server that asks to be left alone for a moment is; for longer than a run can
// wait, the run ends and says so.
func TestServerAsksForPatience(t *testing.T) {
	for text, want := range map[string]int{"300 milliseconds": 0, "3600000 milliseconds": mailsync.ExitConnect} {
		f := newFixture(t)
		f.seed("INBOX", 5)
		throttled, waited := false, ""
		f.through(func(line []byte) []byte {
			if !throttled && bytes.Contains(line, []byte(" OK Fetch completed")) {
				throttled = true
				tag, _, _ := bytes.Cut(line, []byte(" "))
				return append(tag, " NO [THROTTLED] Suggested Backoff Time: "+text+"\r\n"...)
			}
			return line
		})
		f.opt.Observer = mailsync.ObserverFunc(func(e mailsync.Event) {
			if e.Kind == mailsync.Waiting {
				waited += e.Text
			}
		})
		rc := f.pull(want)
		if want == 0 && (rc.Reconnects != 1 || !strings.HasSuffix(waited, "again in 300ms")) || want != 0 && rc.Reconnects != 0 {
			t.Errorf("%s: waited %q, %+v", text, waited, rc)
		}
		if want == 0 {
			f.equal()
		}
	}
}
