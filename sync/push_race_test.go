package sync_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/faultconn"
)

// race is what another client does at the very moment when a command leaves.
type race struct {
	name string
	here func(f *fixture)
	when string // the command
	then func(f *fixture)
	want string
	rule string
	exit int
}

var races = []race{
	{name: "another flag", when: "UID STORE",
		here: func(f *fixture) { f.flag(1, `\Flagged`, `\Seen`) },
		then: func(f *fixture) { f.user.AddFlags("INBOX", []imap.Flag{`\Answered`}, f.at("INBOX", 1)) },
		want: "INBOX=0 1AF 2 3S; M=60 61S; X=50; Y="},
	{name: "the same flag", when: "UID STORE",
		here: func(f *fixture) { f.flag(1, `\Flagged`, `\Seen`) },
		then: func(f *fixture) { f.user.SetFlags("INBOX", []imap.Flag{`\Flagged`}, f.at("INBOX", 1)) },
		want: "INBOX=0 1F 2 3S; M=60 61S; X=50; Y="},
	{name: "flags of many", when: "UID STORE",
		here: func(f *fixture) {
			for n := range 4 {
				f.flag(n, "work", "")
			}
		},
		then: func(f *fixture) {
			f.user.AddFlags("INBOX", []imap.Flag{`\Answered`}, f.at("INBOX", 1), f.at("INBOX", 2))
		},
		want: "INBOX=0work 1ASwork 2Awork 3Swork; M=60 61S; X=50; Y="},
	{name: "expunged before its flags", when: "UID STORE", rule: "flags-expunged",
		here: func(f *fixture) { f.flag(1, `\Flagged`, "") },
		then: func(f *fixture) { f.user.Expunge("INBOX", f.at("INBOX", 1)) },
		want: "INBOX=0 2 3S; M=60 61S; X=50; Y="},
	{name: "moved before its flags", when: "UID STORE",
		here: func(f *fixture) { f.flag(1, `\Flagged`, "") },
		then: func(f *fixture) { f.user.Move("INBOX", "Y", f.at("INBOX", 1)) },
		want: "INBOX=0 2 3S; M=60 61S; X=50; Y=1FS"},
	{name: "expunged before it moves", when: "UID MOVE", rule: "move-expunged",
		here: func(f *fixture) { f.move(1, "X") },
		then: func(f *fixture) { f.user.Expunge("INBOX", f.at("INBOX", 1)) },
		want: "INBOX=0 2 3S; M=60 61S; X=50; Y="},
	{name: "one of several expunged before they move", when: "UID MOVE", rule: "move-expunged",
		here: func(f *fixture) { f.move(1, "X"); f.move(2, "X") },
		then: func(f *fixture) { f.user.Expunge("INBOX", f.at("INBOX", 1)) },
		want: "INBOX=0 3S; M=60 61S; X=2 50; Y="},
	{name: "moved elsewhere before it moves", when: "UID MOVE", rule: "move-moved",
		here: func(f *fixture) { f.move(1, "X") },
		then: func(f *fixture) { f.user.Move("INBOX", "Y", f.at("INBOX", 1)) },
		want: "INBOX=0 2 3S; M=60 61S; X=50; Y=1S"},
	{name: "expunged before it is copied", when: "UID COPY",
		here: func(f *fixture) { f.copy(1, "X") },
		then: func(f *fixture) { f.user.Expunge("INBOX", f.at("INBOX", 1)) },
		want: "INBOX=0 2 3S; M=60 61S; X=1S 50; Y="},
	{name: "moved before it is deleted", when: "UID EXPUNGE",
		here: func(f *fixture) { f.expunge(1) },
		then: func(f *fixture) { f.user.Move("INBOX", "Y", f.at("INBOX", 1)) },
		want: "INBOX=0 2 3S; M=60 61S; X=50; Y=1S"}, // it may as well be a copy
	{name: "target deleted before an append", when: "APPEND", rule: "target-deleted",
		here: func(f *fixture) { f.append("M", "Subject: 9 new\r\n\r\nnew\r\n", "") },
		then: func(f *fixture) { f.user.Delete("M") },
		want: "INBOX=0 1S 2 3S; M=9; X=50; Y="},
	{name: "target deleted before a move", when: "UID MOVE", rule: "target-deleted",
		here: func(f *fixture) { f.move(1, "M") },
		then: func(f *fixture) { f.user.Delete("M") },
		want: "INBOX=0 2 3S; M=1S; X=50; Y="},
	{name: "source deleted before a move", when: "SELECT", rule: "move-expunged",
		here: func(f *fixture) { f.move(60, "X") },
		then: func(f *fixture) { f.user.Delete("M") },
		want: "INBOX=0 1S 2 3S; X=50; Y="},
	{name: "renumbered before its flags", when: "SELECT",
		here: func(f *fixture) { f.flag(60, `\Flagged`, ""); f.expunge(61) },
		then: func(f *fixture) { f.renumber("M") },
		want: "INBOX=0 1S 2 3S; M=60F; X=50; Y="},
	{name: "target renumbered before a move", when: "UID MOVE",
		here: func(f *fixture) { f.move(1, "M"); f.append("M", "Subject: 9 new\r\n\r\nnew\r\n", "") },
		then: func(f *fixture) { f.renumber("M") },
		want: "INBOX=0 2 3S; M=1S 60 61S 9; X=50; Y="},
	{name: "mailbox made before it is made", when: "CREATE",
		here: func(f *fixture) { f.create("N"); f.move(1, "N") },
		then: func(f *fixture) { f.user.Create("N"); f.user.Append("N", nil, day(70), message("N", 70)) },
		want: "INBOX=0 2 3S; M=60 61S; N=1S 70; X=50; Y="},
	{name: "name taken before a renaming", when: "RENAME", rule: "rename-taken", exit: 3,
		here: func(f *fixture) { f.rename("M", "N") },
		then: func(f *fixture) { f.user.Create("N") },
		want: "INBOX=0 1S 2 3S; M=60 61S; N=; X=50; Y="},
	{name: "deleted before a renaming", when: "RENAME", rule: "rename-deleted",
		here: func(f *fixture) { f.rename("M", "N") },
		then: func(f *fixture) { f.user.Delete("M") },
		want: "INBOX=0 1S 2 3S; X=50; Y="},
	{name: "mail arrives before a removal", when: `EXAMINE "M"`, rule: "remove-arrived",
		here: func(f *fixture) { f.remove("M") },
		then: func(f *fixture) { f.user.Append("M", nil, day(62), message("M", 62)) },
		want: "INBOX=0 1S 2 3S; M=60 61S 62; X=50; Y="},
	{name: "removed before it is removed", when: "DELETE",
		here: func(f *fixture) { f.remove("M") },
		then: func(f *fixture) { f.user.Delete("M") },
		want: "INBOX=0 1S 2 3S; X=50; Y="},
	{name: "deleted before a subscription", when: "SUBSCRIBE", rule: "subscribe-deleted",
		here: func(f *fixture) { f.subscribe("M", true) },
		then: func(f *fixture) { f.user.Delete("M") },
		want: "INBOX=0 1S 2 3S; X=50; Y="},
}

// Row 18: what others do between the look and the command is met as if they had done
// it before.
func TestPushRaces(t *testing.T) {
	t.Parallel()
	for able, opts := range abled {
		if able != "full" && (able != "no-modseq" || testing.Short()) {
			continue // the others lack the commands
		}
		server := dovecot.Start(t, opts...)
		for i, c := range races {
			t.Run(able+" "+c.name, func(t *testing.T) {
				f := newFixtureOn(t, server, fmt.Sprint("u", i))
				f.begin()
				c.here(f)
				f.reconnect()
				met := false
				f.dialer.Faults = first(faultconn.OnWrite(c.when, func() {
					met = true
					f.another()
					c.then(f)
				}))
				f.pull(c.exit)
				f.reconnect()
				if got := f.state(); !met || got != c.want {
					t.Errorf("met %v, the server has\n%s, want\n%s", met, got, c.want)
				}
				f.equal()
				f.recorded(clash{rule: c.rule})
				f.silent(c.exit)
			})
		}
	}
}

// A server on which the flags of a message change at every moment gets ours in the
// end, or tells why not.
func TestPushFlagsNeverAtRest(t *testing.T) {
	f := newFixture(t)
	f.begin()
	f.flag(0, "work", "")
	f.flag(1, "work", "")
	n := 0
	f.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := f.dialer.Dial(ctx, network, addr)
		return &onStore{Conn: c, do: func() {
			n++
			f.user.AddFlags("INBOX", []imap.Flag{imap.Flag(fmt.Sprint("k", n))}, f.at("INBOX", 1))
		}}, err
	}
	rc := f.pull(3)
	if len(rc.Failures) != 1 || !strings.Contains(rc.Failures[0].Reason, "again and again") || rc.Pushed.Flags != 1 || n > 8 {
		t.Errorf("%d times, %+v", n, rc)
	}
	f.dial = nil
	f.later(3600e9)
	f.pull(0)
	f.quiet()
}

// onStore does something before each STORE.
type onStore struct {
	net.Conn
	do func()
}

func (c *onStore) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("UID STORE")) {
		c.do()
	}
	return c.Conn.Write(p)
}

// A server that tells nothing of where it put things, and rewrites what it gets: what
// it took is known by what it looks like, and its bytes are taken for true.
func TestPushToServerThatRewrites(t *testing.T) {
	f := newFixture(t)
	f.begin()
	f.append("X", "Message-ID: <9@x>\r\nSubject: 9 new\r\n\r\nmine\r\n", `\Seen`)
	f.rewrites()
	rc := f.pull(0)
	if rc.Pushed.Appended != 1 || rc.Pending != 0 || rc.New != 0 {
		t.Errorf("%+v", rc)
	}
	if got := f.state(); got != "INBOX=0 1S 2 3S; M=60 61S; X=50 9S; Y=" {
		t.Error(got)
	}
	if body := f.bodyOf(9); body != "Message-ID: <9@x>\r\nSubject: 9 new\r\n\r\nMINE\r\n" {
		t.Errorf("the mirror has %q", body)
	}
	before := f.rows()
	if f.pull(0); f.rows() != before {
		t.Error("a further run wrote")
	}
}

// When the answer is lost as well, nobody knows whether what looks like it is it: it
// is not sent again, and its owner is told.
func TestPushToServerThatRewritesWithoutAnswer(t *testing.T) {
	f := newFixture(t)
	f.begin()
	f.append("X", "Message-ID: <9@x>\r\nSubject: 9 new\r\n\r\nmine\r\n", `\Seen`)
	f.rewrites()
	cutOnce := false
	dial := f.dial
	f.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		return &lostAnswer{Conn: c, to: "Append completed", done: &cutOnce}, err
	}
	rc := f.pull(3)
	if !cutOnce || rc.Conflicts != 1 || rc.Pending != 1 || !strings.Contains(rc.Failures[0].Reason, "not sent again") {
		t.Errorf("%+v", rc)
	}
	f.dial = dial
	f.silent(3)
	if got := f.state(); got != "INBOX=0 1S 2 3S; M=60 61S; X=50 9S; Y=" {
		t.Error(got)
	}
	f.recorded(clash{rule: "append-ambiguous"})
}

// lostAnswer ends the connection instead of an answer, once.
type lostAnswer struct {
	net.Conn
	to   string
	done *bool
}

func (c *lostAnswer) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !*c.done && bytes.Contains(p[:n], []byte(c.to)) {
		*c.done = true
		c.Conn.Close()
		return 0, io.EOF
	}
	return n, err
}

// rewrites lets the server keep other bytes than it got, and say nothing of UIDs.
func (f *fixture) rewrites() {
	f.through(func(line []byte) []byte {
		line = uidCodes.ReplaceAll(line, nil)
		return bytes.Replace(line, []byte("mine\r\n"), []byte("MINE\r\n"), 1)
	})
}

func (f *fixture) bodyOf(n int) string {
	f.Helper()
	r, _, err := f.store.OpenBody(f.Context(), f.numbered(n)[0])
	if err != nil {
		f.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		f.Fatal(err)
	}
	return string(text)
}

// Equal messages are told apart by their number: two that were sent are two there.
func TestPushOfTwins(t *testing.T) {
	for able, opts := range abled {
		t.Run(able, func(t *testing.T) {
			f := newFixture(t, opts...)
			f.begin()
			if hidesUIDs(able) {
				f.hideUIDs()
			}
			for range 3 {
				f.append("X", "Subject: 9 new\r\n\r\nnew\r\n", "")
			}
			for range 2 {
				f.copy(0, "Y")
			}
			f.user.Append("INBOX", nil, day(0), message("INBOX", 0)) // one that was there before
			f.pull(0)
			if got := f.state(); got != "INBOX=0 0 1S 2 3S; M=60 61S; X=50 9 9 9; Y=0 0" {
				t.Error(got)
			}
			f.quiet()
		})
	}
}
