package sync_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/faultconn"
)

// A dry run asks many mailboxes in one flight, tells a plan for each, and writes and
// downloads nothing.
func TestDryRunOverManyMailboxes(t *testing.T) {
	f := newFixture(t)
	f.opt.MaxDeletes, f.opt.DryRun = plan.NoLimit, true
	names := dozen(f)
	if rc := f.pull(0); len(rc.Plans) != 13 || rc.Plans[12].New != 3 || len(f.boxes()) > 0 {
		t.Fatalf("never synced: %+v", rc)
	}
	f.opt.DryRun = false
	f.pull(0)
	f.opt.DryRun = true
	for i, name := range names[1:] {
		f.user.AddFlags(name, []imap.Flag{imap.FlagFlagged}, 1)
		f.user.Expunge(name, 2)
		f.user.Append(name, nil, day(50+i), message(name, 50+i))
	}
	before := f.rows()
	rc := f.pull(0)
	if f.rows() != before {
		t.Error("a dry run wrote rows")
	}
	if rc.RoundTrips != 3 || len(rc.Plans) != 12 {
		t.Errorf("%d round trips, %d plans", rc.RoundTrips, len(rc.Plans))
	}
	for _, p := range rc.Plans {
		if p.New != 1 || len(p.Flags) != 1 || len(p.Vanish) != 1 {
			t.Errorf("%+v", p)
		}
	}
}

// Nor does it download what earlier runs left.
func TestDryRunOverWhatIsOwed(t *testing.T) {
	f := newFixture(t)
	names := dozen(f)
	f.tap(func(s said) []byte {
		if s.tagged && strings.Contains(s.cmd, "BODY.PEEK[]") {
			return s.refused("broken")
		}
		return s.line
	})
	f.pull(3)
	f.untap()
	for _, name := range names {
		f.user.AddFlags(name, []imap.Flag{imap.FlagFlagged}, 1)
	}
	f.opt.DryRun = true
	f.opt.Now = func() time.Time { return time.Now().AddDate(1, 0, 0) } // it is time to try again
	before := f.rows()
	if rc := f.pull(0); len(rc.Plans) != 13 || rc.Plans[3].Due != 3 || rc.Bodies > 0 || rc.RoundTrips != 3 {
		t.Errorf("%+v", rc)
	}
	if f.rows() != before {
		t.Error("a dry run wrote rows")
	}
}

// A mailbox of which the mirror holds very much is visited alone: its rows do not
// wait in memory for the answers of others.
func TestLargeMailboxIsVisitedAlone(t *testing.T) {
	f := newFixture(t)
	names := dozen(f)
	f.pull(0)
	f.sql("UPDATE generation SET messages = 10001 WHERE mailbox = ?", f.box("M05").ID)
	for _, name := range names {
		f.user.AddFlags(name, []imap.Flag{imap.FlagFlagged}, 1)
	}
	if rc := f.pull(0); rc.Flags != 13 || rc.RoundTrips != 4 { // login, list, tour, and M05
		t.Fatalf("%+v", rc)
	}
	f.equal()
}

// sql changes the store behind the engine's back.
func (f *fixture) sql(query string, args ...any) {
	f.Helper()
	db, err := sql.Open("sqlite", "file:"+f.path)
	if err != nil {
		f.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query, args...); err != nil {
		f.Fatal(err)
	}
}

// More than a page of missing mail in one of several mailboxes: all of it comes, in
// order, each once.
func TestManyMissingInATour(t *testing.T) {
	const many = 4096 + 300
	f := newFixture(t)
	names := dozen(f)
	f.deliver("M04", many)
	rc := f.pull(0)
	if rc.New != 39+many || rc.Bodies != 39+many || rc.Reconnects > 0 || len(rc.Failures) > 0 {
		t.Fatalf("%+v", rc)
	}
	for _, name := range names {
		if name != "M04" {
			f.agrees(name)
		}
	}
	if held, there := f.mirrored("M04"), f.user.UIDs("M04"); len(held) != len(there) || held[many].SHA256 == "" {
		t.Errorf("%d messages, the server has %d", len(held), len(there))
	}
	var last mailsync.Event
	for _, e := range f.events {
		if e.Kind == mailsync.Progress {
			last = e
		}
	}
	if last.Messages != 39+many || last.MessagesTotal != 39+many || last.Bytes != last.BytesTotal {
		t.Errorf("%+v", last)
	}
}

// deliver puts n small messages into a mailbox, as a delivery agent does.
func (f *fixture) deliver(mailbox string, n int) {
	f.Helper()
	dir := filepath.Join(f.server.MailDir(f.name, mailbox), "cur")
	for i := range n {
		path := filepath.Join(dir, fmt.Sprintf("%d.M%dP1.test:2,", 1_600_000_000+i, i))
		if err := os.WriteFile(path, message(mailbox, 10_000+i), 0o666); err != nil {
			f.Fatal(err)
		}
		at := day(0).Add(time.Duration(i) * time.Minute)
		if err := os.Chtimes(path, at, at); err != nil {
			f.Fatal(err)
		}
	}
}

// Nothing that came is asked for again, whatever else of its mailbox was refused or
// not answered: a visit of its own behind a download waits for what is being stored.
func TestNothingComesTwice(t *testing.T) {
	f := newFixture(t)
	f.user.Create("M04")
	f.seed("INBOX", 3)
	f.deliver("M04", 200) // four requests
	came, refused := map[string]int{}, false
	var visits atomic.Int32
	visited := make(chan struct{})
	f.tap(func(s said) []byte {
		if s.mail() {
			came[s.box]++
		}
		if s.box == "M04" && strings.HasPrefix(s.cmd, "EXAMINE") && s.tagged && visits.Add(1) == 3 {
			close(visited)
		}
		if s.box == "M04" && s.tagged && !refused && came["M04"] > 64 { // the second request, whose mail has come
			refused = true
			return s.refused("busy")
		}
		return s.line
	})
	var once sync.Once
	f.opt.Observer = mailsync.ObserverFunc(func(e mailsync.Event) {
		if e.Kind == mailsync.Progress {
			once.Do(func() { // storing is slow: until the visit, if that does not wait for it
				select {
				case <-visited:
				case <-time.After(200 * time.Millisecond):
				}
			})
		}
	})
	if rc := f.pull(0); rc.Bodies != 203 {
		t.Fatalf("%+v", rc)
	}
	if came["INBOX"] != 3 || came["M04"] != 200+64 {
		t.Errorf("came: %v", came)
	}
	f.equal()
}

// What could not be had in the middle of very many requests leaves those behind it to
// a visit of the mailbox, and the other mailboxes where they are.
func TestManyRequestsLeftInTheMiddle(t *testing.T) {
	refuse := func(s said) []byte {
		if s.tagged && strings.HasPrefix(s.cmd, "EXAMINE") {
			return s.refused("not now")
		}
		return s.line
	}
	sever := func(s said) []byte {
		if s.mail() {
			return severed
		}
		return s.line
	}
	for name, lie := range map[string]func(s said) []byte{"refused": refuse, "severed": sever, "renumbered": nil} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			names := dozen(f)
			f.deliver("M04", 100)
			opened, mail, done := 0, 0, false
			var mu sync.Mutex // there are several connections
			f.tap(func(s said) []byte {
				mu.Lock()
				defer mu.Unlock()
				s.line = announced.ReplaceAll(s.line, []byte("RFC822.SIZE 4000001")) // a request for each
				switch {
				case s.box != "M04" || done:
					return s.line
				case s.tagged && strings.HasPrefix(s.cmd, "EXAMINE"):
					opened++
				case s.mail():
					mail++
				}
				if lie != nil && opened >= 2 && (name == "refused" || mail == 20) {
					line := lie(s)
					done = !bytes.Equal(line, s.line)
					return line
				}
				return s.line
			})
			if lie == nil {
				f.opt.Connections = 1 // Dovecot fails when another session reads what is made anew
				f.dialer.Faults = first(faultconn.OnWrite("BODY.PEEK[]", func() { f.server.Renumber(f.T, f.name, "M04") }))
			}
			if rc := f.pull(0); rc.Bodies < 39+100 || rc.Reconnects > 1 {
				t.Fatalf("%+v", rc)
			}
			for _, name := range names {
				f.agrees(name)
			}
			f.untap()
			f.pull(0)
			f.equal()
		})
	}
}

// A message that comes to light among the known ones is listed by a visit of its own.
func TestMessageMissedBefore(t *testing.T) {
	for _, able := range capabilities {
		t.Run(able, func(t *testing.T) {
			var opts []dovecot.Option
			if able != "" {
				opts = append(opts, dovecot.Capability(able))
			}
			f := newFixture(t, opts...)
			for i := range 3 {
				f.user.Create(fmt.Sprint("M", i))
				f.seed(fmt.Sprint("M", i), 20)
			}
			status := regexp.MustCompile(`^\* STATUS M1 `)
			f.tap(func(s said) []byte {
				switch {
				case status.Match(s.line):
					return bytes.Replace(s.line, []byte("MESSAGES 20"), []byte("MESSAGES 19"), 1)
				case s.box != "M1":
					return s.line
				case bytes.Contains(s.line, []byte("(UID 2 ")):
					return nil
				}
				return bytes.Replace(s.line, []byte("* 20 EXISTS"), []byte("* 19 EXISTS"), 1)
			})
			if rc := f.pull(0); rc.New != 59 {
				t.Fatalf("%+v", rc)
			}
			f.untap()
			for i := range 3 {
				f.user.AddFlags(fmt.Sprint("M", i), []imap.Flag{imap.FlagFlagged}, 1)
			}
			if rc := f.pull(0); rc.New != 1 || rc.Bodies != 1 || rc.Flags != 3 {
				t.Fatalf("%+v", rc)
			}
			f.equal()
		})
	}
}

// What a run promises is what it does, whatever becomes of some mailboxes.
func TestProgressOfATour(t *testing.T) {
	f := newFixture(t)
	names := dozen(f)
	f.pull(0)
	for i, name := range names {
		for k := range 4 {
			f.user.Append(name, nil, day(50+k), message(name, 50+4*i+k))
		}
	}
	f.tap(inBoxes(map[string]func(s said) []byte{
		"M01": func(s said) []byte { // will not be opened
			if s.tagged {
				return s.refused("not now")
			}
			return s.line
		},
		"M02": func(s said) []byte { // gives nothing
			if s.tagged && s.cmd[:9] == "UID FETCH" {
				return s.refused("broken")
			}
			return s.line
		},
	}))
	f.events = nil
	f.pull(3)
	var last mailsync.Event
	var total int64
	for _, e := range f.events {
		if e.Kind == mailsync.Progress {
			if e.Messages < last.Messages || e.Messages > e.MessagesTotal || e.Bytes > e.BytesTotal {
				t.Errorf("%+v behind %+v", e, last)
			}
			last, total = e, max(total, e.MessagesTotal)
		}
	}
	if last.Messages != 11*4 || total > 13*4 || total < 11*4 {
		t.Errorf("%d at most; %+v", total, last)
	}
}

// inBoxes lies about some mailboxes.
func inBoxes(lies map[string]func(s said) []byte) func(s said) []byte {
	return func(s said) []byte {
		if lie := lies[s.box]; lie != nil {
			return lie(s)
		}
		return s.line
	}
}
