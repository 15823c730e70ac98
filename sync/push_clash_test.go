package sync_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/testkit/dovecot"
)

// clash is a row of the conflict table: what the owner did offline, what happened on
// the server meanwhile, and what the server has in the end, by policy.
//
// The start is INBOX with messages 0 to 3, of which 1 and 3 are seen; X, with message
// 50; Y, empty; and M with 60 and 61.
type clash struct {
	name  string
	rule  string // "": nothing is recorded
	here  func(f *fixture)
	there func(f *fixture)
	// want: under server, local and both; "" is as under server.
	want  [3]string
	parks bool   // something waits for its owner
	also  string // recorded too, but under local
}

const begun = "INBOX=0 1S 2 3S; M=60 61S; X=50; Y="

var clashes = []clash{
	{name: "flags, other flags",
		here:  func(f *fixture) { f.flag(1, `\Flagged work`, `\Seen`) },
		there: func(f *fixture) { f.user.AddFlags("INBOX", []imap.Flag{`\Answered`, "home"}, f.at("INBOX", 1)) },
		want:  [3]string{"INBOX=0 1AFhomework 2 3S; M=60 61S; X=50; Y="}},
	{name: "flags, the same flags",
		here:  func(f *fixture) { f.flag(1, `\Flagged`, `\Seen`) },
		there: func(f *fixture) { f.user.SetFlags("INBOX", []imap.Flag{`\Flagged`}, f.at("INBOX", 1)) },
		want:  [3]string{"INBOX=0 1F 2 3S; M=60 61S; X=50; Y="}},
	{name: "flags, expunged", rule: "flags-expunged",
		here:  func(f *fixture) { f.flag(1, `\Flagged`, "") },
		there: func(f *fixture) { f.user.Expunge("INBOX", f.at("INBOX", 1)) },
		want:  [3]string{"INBOX=0 2 3S; M=60 61S; X=50; Y=", "INBOX=0 1FS 2 3S; M=60 61S; X=50; Y="}},
	{name: "flags, moved",
		here:  func(f *fixture) { f.flag(1, `\Flagged`, "") },
		there: func(f *fixture) { f.user.Move("INBOX", "Y", f.at("INBOX", 1)) },
		want:  [3]string{"INBOX=0 2 3S; M=60 61S; X=50; Y=1FS"}},
	{name: "flags, moved twice", // the second time between two looks
		here: func(f *fixture) { f.flag(1, `\Flagged`, "") },
		there: func(f *fixture) {
			f.user.Move("INBOX", "Y", f.at("INBOX", 1))
			f.user.Move("Y", "M", f.at("Y", 1))
		},
		want: [3]string{"INBOX=0 2 3S; M=1FS 60 61S; X=50; Y="}},
	{name: "deleted, flags", rule: "delete-flags",
		here:  func(f *fixture) { f.expunge(1) },
		there: func(f *fixture) { f.user.AddFlags("INBOX", []imap.Flag{`\Answered`}, f.at("INBOX", 1)) },
		want:  [3]string{"INBOX=0 2 3S; M=60 61S; X=50; Y="}},
	{name: "deleted, deleted",
		here:  func(f *fixture) { f.expunge(1) },
		there: func(f *fixture) { f.user.Expunge("INBOX", f.at("INBOX", 1)) },
		want:  [3]string{"INBOX=0 2 3S; M=60 61S; X=50; Y="}},
	{name: "deleted, moved", rule: "delete-moved",
		here:  func(f *fixture) { f.expunge(1) },
		there: func(f *fixture) { f.user.Move("INBOX", "Y", f.at("INBOX", 1)) },
		want:  [3]string{"INBOX=0 2 3S; M=60 61S; X=50; Y=", "", "INBOX=0 2 3S; M=60 61S; X=50; Y=1S"}},
	{name: "deleted, gone and something like it twice elsewhere", rule: "delete-lookalike",
		here: func(f *fixture) { f.expunge(1) },
		there: func(f *fixture) {
			f.user.Copy("INBOX", "X", f.at("INBOX", 1))
			f.user.Copy("INBOX", "Y", f.at("INBOX", 1))
			f.user.Expunge("INBOX", f.at("INBOX", 1))
		},
		want: [3]string{"INBOX=0 2 3S; M=60 61S; X=1S 50; Y=1S"}},
	{name: "moved, flags",
		here:  func(f *fixture) { f.move(1, "X") },
		there: func(f *fixture) { f.user.AddFlags("INBOX", []imap.Flag{`\Answered`}, f.at("INBOX", 1)) },
		want:  [3]string{"INBOX=0 2 3S; M=60 61S; X=1AS 50; Y="}},
	{name: "moved and flagged, flags",
		here:  func(f *fixture) { f.move(1, "X"); f.flag(1, "work", `\Seen`) },
		there: func(f *fixture) { f.user.AddFlags("INBOX", []imap.Flag{`\Answered`}, f.at("INBOX", 1)) },
		want:  [3]string{"INBOX=0 2 3S; M=60 61S; X=1Awork 50; Y="}},
	{name: "moved, expunged", rule: "move-expunged",
		here:  func(f *fixture) { f.move(1, "X"); f.flag(1, `\Flagged`, "") },
		there: func(f *fixture) { f.user.Expunge("INBOX", f.at("INBOX", 1)) },
		want:  [3]string{"INBOX=0 2 3S; M=60 61S; X=50; Y=", "INBOX=0 2 3S; M=60 61S; X=1FS 50; Y=", "INBOX=0 2 3S; M=60 61S; X=1FS 50; Y="}},
	{name: "moved, moved elsewhere", rule: "move-moved",
		here:  func(f *fixture) { f.move(1, "X") },
		there: func(f *fixture) { f.user.Move("INBOX", "Y", f.at("INBOX", 1)) },
		want:  [3]string{"INBOX=0 2 3S; M=60 61S; X=50; Y=1S", "INBOX=0 2 3S; M=60 61S; X=1S 50; Y=", "INBOX=0 2 3S; M=60 61S; X=1S 50; Y=1S"}},
	{name: "moved and flagged, moved elsewhere", rule: "move-moved",
		here:  func(f *fixture) { f.move(1, "X"); f.flag(1, `\Flagged`, "") },
		there: func(f *fixture) { f.user.Move("INBOX", "Y", f.at("INBOX", 1)) },
		want:  [3]string{"INBOX=0 2 3S; M=60 61S; X=50; Y=1FS", "INBOX=0 2 3S; M=60 61S; X=1FS 50; Y=", "INBOX=0 2 3S; M=60 61S; X=1FS 50; Y=1FS"}},
	{name: "moved, moved there as well",
		here:  func(f *fixture) { f.move(1, "X"); f.flag(1, `\Flagged`, "") },
		there: func(f *fixture) { f.user.Move("INBOX", "X", f.at("INBOX", 1)) },
		want:  [3]string{"INBOX=0 2 3S; M=60 61S; X=1FS 50; Y="}},
	{name: "copied, expunged",
		here:  func(f *fixture) { f.copy(1, "X") },
		there: func(f *fixture) { f.user.Expunge("INBOX", f.at("INBOX", 1)) },
		want:  [3]string{"INBOX=0 2 3S; M=60 61S; X=1S 50; Y="}},
	{name: "copied, moved",
		here:  func(f *fixture) { f.copy(1, "X") },
		there: func(f *fixture) { f.user.Move("INBOX", "Y", f.at("INBOX", 1)) },
		want:  [3]string{"INBOX=0 2 3S; M=60 61S; X=1S 50; Y=1S"}},
	{name: "copied and moved, moved elsewhere", rule: "move-moved",
		here:  func(f *fixture) { f.copy(1, "X"); f.move0(1, "M") },
		there: func(f *fixture) { f.user.Move("INBOX", "Y", f.at("INBOX", 1)) },
		want:  [3]string{"INBOX=0 2 3S; M=60 61S; X=1S 50; Y=1S", "INBOX=0 2 3S; M=1S 60 61S; X=1S 50; Y=", "INBOX=0 2 3S; M=1S 60 61S; X=1S 50; Y=1S"}},
	{name: "moved into M, M deleted", rule: "target-deleted",
		here:  func(f *fixture) { f.move(1, "M") },
		there: func(f *fixture) { f.user.Delete("M") },
		want:  [3]string{"INBOX=0 2 3S; M=1S; X=50; Y="}},
	{name: "copied into M, M deleted", rule: "target-deleted",
		here:  func(f *fixture) { f.copy(1, "M") },
		there: func(f *fixture) { f.user.Delete("M") },
		want:  [3]string{"INBOX=0 1S 2 3S; M=1S; X=50; Y="}},
	{name: "appended into M, M deleted", rule: "target-deleted",
		here:  func(f *fixture) { f.append("M", "Subject: 9 new\r\n\r\nnew\r\n", `\Draft`) },
		there: func(f *fixture) { f.user.Delete("M") },
		want:  [3]string{"INBOX=0 1S 2 3S; M=9T; X=50; Y="}},
	{name: "flags and moves in M, M deleted", rule: "move-expunged flags-expunged",
		here:  func(f *fixture) { f.flag(60, `\Flagged`, ""); f.move(61, "X") },
		there: func(f *fixture) { f.user.Delete("M") },
		want:  [3]string{"INBOX=0 1S 2 3S; X=50; Y=", "INBOX=0 1S 2 3S; M=60F; X=50 61S; Y=", "INBOX=0 1S 2 3S; X=50 61S; Y="}},
	{name: "mailbox renamed, deleted", rule: "rename-deleted",
		here:  func(f *fixture) { f.rename("M", "N") },
		there: func(f *fixture) { f.user.Delete("M") },
		want:  [3]string{"INBOX=0 1S 2 3S; X=50; Y=", "INBOX=0 1S 2 3S; N=60 61S; X=50; Y="}},
	{name: "mailbox renamed and mail put there, deleted", rule: "rename-deleted",
		here: func(f *fixture) {
			f.move(1, "M")
			f.append("M", "Subject: 9 new\r\n\r\nnew\r\n", "")
			f.rename("M", "N")
			f.copy(2, "N")
		},
		there: func(f *fixture) { f.user.Delete("M") },
		also:  "target-deleted",
		want:  [3]string{"INBOX=0 2 3S; M=1S 2 9; X=50; Y=", "INBOX=0 2 3S; N=1S 2 60 61S 9; X=50; Y="}},
	{name: "mailbox renamed, name taken", rule: "rename-taken", parks: true,
		here:  func(f *fixture) { f.rename("M", "N") },
		there: func(f *fixture) { f.user.Create("N") },
		want:  [3]string{"INBOX=0 1S 2 3S; M=60 61S; N=; X=50; Y="}},
	{name: "mailbox removed, mail arrived", rule: "remove-arrived",
		here:  func(f *fixture) { f.remove("M") },
		there: func(f *fixture) { f.user.Append("M", nil, day(8), message("M", 62)) },
		want:  [3]string{"INBOX=0 1S 2 3S; M=60 61S 62; X=50; Y=", "INBOX=0 1S 2 3S; X=50; Y="}},
	{name: "mailbox removed, removed",
		here:  func(f *fixture) { f.remove("M") },
		there: func(f *fixture) { f.user.Delete("M") },
		want:  [3]string{"INBOX=0 1S 2 3S; X=50; Y="}},
	{name: "mailbox made, made",
		here: func(f *fixture) {
			f.create("N")
			f.append("N", "Subject: 9 new\r\n\r\nnew\r\n", "")
		},
		there: func(f *fixture) { f.user.Create("N"); f.user.Append("N", nil, day(8), message("N", 70)) },
		want:  [3]string{"INBOX=0 1S 2 3S; M=60 61S; N=70 9; X=50; Y="}},
	{name: "subscribed, deleted", rule: "subscribe-deleted",
		here:  func(f *fixture) { f.subscribe("M", true) },
		there: func(f *fixture) { f.user.Delete("M") },
		want:  [3]string{"INBOX=0 1S 2 3S; X=50; Y="}},
	{name: "unsubscribed, deleted",
		here:  func(f *fixture) { f.subscribe("Y", false) },
		there: func(f *fixture) { f.user.Delete("Y") },
		want:  [3]string{"INBOX=0 1S 2 3S; M=60 61S; X=50"}},
	{name: "flags, UIDVALIDITY changed",
		here:  func(f *fixture) { f.flag(60, `\Flagged`, "") },
		there: func(f *fixture) { f.renumber("M") },
		want:  [3]string{"INBOX=0 1S 2 3S; M=60F 61S; X=50; Y="}},
	{name: "moved and deleted, UIDVALIDITY changed",
		here:  func(f *fixture) { f.move(60, "X"); f.expunge(61) },
		there: func(f *fixture) { f.renumber("M") },
		want:  [3]string{"INBOX=0 1S 2 3S; M=; X=50 60; Y="}},
	{name: "appended and moved, UIDVALIDITY of the target changed",
		here: func(f *fixture) {
			f.move(1, "M")
			f.append("M", "Subject: 9 new\r\n\r\nnew\r\n", `\Draft`)
		},
		there: func(f *fixture) { f.renumber("M") },
		want:  [3]string{"INBOX=0 2 3S; M=1S 60 61S 9T; X=50; Y="}},
	{name: "flags, UIDVALIDITY changed and gone", rule: "unmatched", parks: true,
		here: func(f *fixture) { f.flag(60, `\Flagged`, "") },
		there: func(f *fixture) {
			f.user.Expunge("M", f.at("M", 60))
			f.renumber("M")
		},
		want: [3]string{"INBOX=0 1S 2 3S; M=61S; X=50; Y="}},
	{name: "deleted, UIDVALIDITY changed and gone", rule: "delete-unmatched", parks: true,
		here: func(f *fixture) { f.expunge(60) },
		there: func(f *fixture) {
			f.user.Expunge("M", f.at("M", 60))
			f.renumber("M")
		},
		want: [3]string{"INBOX=0 1S 2 3S; M=61S; X=50; Y="}},
}

// move0 moves the message in INBOX even when it has copies.
func (f *fixture) move0(n int, to string) {
	f.Helper()
	for _, id := range f.seen("INBOX") {
		m, err := f.store.Message(f.Context(), id)
		if err != nil {
			f.Fatal(err)
		}
		if numberOf(m.Subject) == fmt.Sprint(n) {
			f.edit(func(tx *localstore.Tx) error {
				_, err := tx.MoveMessages([]localstore.MessageID{id}, f.box(to).ID)
				return err
			})
		}
	}
}

func (f *fixture) subscribe(name string, on bool) {
	f.Helper()
	f.edit(func(tx *localstore.Tx) error { return tx.WantSubscribed(f.box(name).ID, on) })
}

// begin is where every clash begins.
func (f *fixture) begin() {
	f.Helper()
	for _, name := range []string{"M", "X", "Y"} {
		f.user.Create(name)
	}
	f.user.Subscribe("Y")
	f.seed("INBOX", 4)
	for _, n := range []int{60, 61} {
		flags := []imap.Flag{}
		if n%2 == 1 {
			flags = append(flags, imap.FlagSeen)
		}
		f.user.Append("M", flags, day(n), message("M", n))
	}
	f.user.Append("X", nil, day(50), message("X", 50))
	f.noLimit()
	f.pull(0)
	f.equal()
}

// Whatever both sides did: the outcome is the one stated, on the server and in the
// mirror, nothing is lost that the rule does not name, and one run settles it.
func TestClashes(t *testing.T) {
	t.Parallel()
	policies := []conflict.Policy{conflict.Server, conflict.Local, conflict.Both}
	for able, opts := range abled {
		t.Run(able, func(t *testing.T) {
			t.Parallel()
			server := dovecot.Start(t, opts...)
			for _, policy := range policies {
				step := 1
				if testing.Short() { // else the whole table, where everything goes
					step = every(1)
				}
				if able != "full" || policy != conflict.Server {
					step = every(4)
				}
				for i := int(policy) % step; i < len(clashes); i += step {
					c := clashes[i]
					t.Run(fmt.Sprint(c.name, ", ", policy), func(t *testing.T) {
						f := newFixtureOn(t, server, fmt.Sprintf("u%d%s", i, policy))
						if hidesUIDs(able) {
							f.hideUIDs()
						}
						f.opt.Policy = policy
						f.clash(c, able)
					})
				}
			}
		})
	}
}

func (f *fixture) clash(c clash, able string) {
	f.Helper()
	f.begin()
	if state := f.state(); state != begun {
		f.Fatalf("begins with %s", state)
	}
	c.here(f)
	c.there(f)
	exit := 0
	if c.parks {
		exit = 3
	}
	f.pull(exit)
	want := c.want[f.opt.Policy]
	if want == "" {
		want = c.want[0]
	}
	got := f.state()
	if hidesUIDs(able) {
		got = marked.ReplaceAllString(got, "")
	}
	if got != want {
		f.Errorf("the server has\n%s, want\n%s", got, want)
	}
	f.equal()
	f.recorded(c)
	f.silent(exit)
}

// marked are messages with \Deleted: without UIDPLUS nothing is expunged.
var marked = regexp.MustCompile(` ?\b\d+A?D\w*`)

// recorded wants the conflicts that the rules name, with both sides and with their
// messages in the mirror.
func (f *fixture) recorded(c clash) {
	f.Helper()
	list, err := f.store.Conflicts(f.Context(), f.accountID(), true)
	if err != nil {
		f.Fatal(err)
	}
	got := map[string]bool{}
	for _, x := range list {
		got[x.Rule] = true
		var wanted, had map[string]any
		if json.Unmarshal([]byte(x.Wanted), &wanted) != nil || json.Unmarshal([]byte(x.Had), &had) != nil || wanted["edit"] == nil || len(had) == 0 {
			f.Errorf("%s: wanted %s, had %s", x.Rule, x.Wanted, x.Had)
		}
		if x.Message == 0 {
			continue
		}
		id := x.Message
		if row, _, err := f.store.MovedTo(f.Context(), id); err != nil {
			f.Fatal(err)
		} else if row.ID != 0 {
			id = row.ID
		}
		if m, err := f.store.Message(f.Context(), id); err != nil || m.SHA256 == "" {
			f.Errorf("%s: message %d: %+v, %v", x.Rule, x.Message, m, err)
		}
	}
	if f.opt.Policy != conflict.Local {
		c.rule += " " + c.also
	}
	for _, name := range strings.Fields(c.rule) {
		if !got[name] {
			f.Errorf("recorded are %v, not %s", got, name)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		f.Errorf("recorded are %v, too", got)
	}
}
