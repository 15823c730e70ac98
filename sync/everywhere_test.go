package sync_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"

	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/testkit/courier"
	"mailstow/sync/testkit/cyrus"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/imapuser"
	"mailstow/sync/testkit/model/proto"
)

// site is an account somewhere, and how its mailboxes are called there.
type site struct {
	*fixture
	delim, prefix string
}

// at is a mailbox, by the name it has in this test.
func (p site) at(name string) string {
	if name == "INBOX" {
		return name
	}
	return p.prefix + strings.ReplaceAll(name, "/", p.delim)
}

// called is the name in this test of a mailbox.
func (p site) called(name string) string {
	return strings.ReplaceAll(strings.TrimPrefix(name, p.prefix), p.delim, "/")
}

// steps are what is taken from a Dovecot, one after the other.
var steps = []string{"LIST-STATUS", "QRESYNC", "CONDSTORE", "ESEARCH", "UIDPLUS", "LITERAL+", "LIST-EXTENDED"}

// abilities is all that Dovecot 2.3 can.
const abilities = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS THREAD=ORDEREDSUBJECT " +
	"MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES " +
	"WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE"

type everywhere struct {
	name  string
	start func(t *testing.T) site
}

func sites() (all []everywhere) {
	on := func(name string, opts ...dovecot.Option) {
		all = append(all, everywhere{name, func(t *testing.T) site { return site{newFixture(t, opts...), "/", ""} }})
	}
	on("dovecot")
	on("dovecot sdbox", dovecot.SDBox())
	words, without := strings.Fields(abilities), ""
	for _, step := range steps {
		words = slices.DeleteFunc(words, func(word string) bool { return word == step })
		without += " " + step
		on("dovecot without"+without, dovecot.Capability(strings.Join(words, " ")))
	}
	on("dovecot that can nothing", dovecot.Capability("IMAP4rev1"))
	foreign := func(t *testing.T, host string, port int, addr, password string, u *imapuser.User) *fixture {
		return fixtureAt(t, &dovecot.Server{Host: host, Port: port, Addr: addr, Password: password}, u)
	}
	model := func(t *testing.T, caps ...string) site {
		server, user := modelled(t, caps...)
		return site{fixtureAt(t, server, user), "/", ""}
	}
	return append(all,
		everywhere{"model", func(t *testing.T) site { return model(t, proto.Everything...) }},
		everywhere{"model that can little", func(t *testing.T) site { return model(t, "UIDPLUS") }},
		everywhere{"cyrus", func(t *testing.T) site {
			s := cyrus.Start(t)
			return site{foreign(t, s.Host, s.Port, s.Addr, s.Password, s.User(t, "ann")), "/", ""}
		}},
		everywhere{"cyrus without QRESYNC CONDSTORE", func(t *testing.T) site {
			s := cyrus.Start(t, cyrus.SuppressCapabilities("QRESYNC CONDSTORE"))
			return site{foreign(t, s.Host, s.Port, s.Addr, s.Password, s.User(t, "ann")), "/", ""}
		}},
		everywhere{"courier", func(t *testing.T) site { // no CONDSTORE, MOVE, ENABLE
			s := courier.Start(t)
			return site{foreign(t, s.Host, s.Port, s.Addr, s.Password, s.User(t, "ann")), ".", "INBOX."}
		}})
}

// Whatever a server is and can, the same history ends in the same mirror: message
// by message what an independent client sees there, and what all others end in.
func TestSameEndEverywhere(t *testing.T) {
	t.Parallel()
	all := sites()
	first := live(all[0].start(t))
	for _, e := range all[1:] {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && strings.Contains(e.name, " without ") {
				t.Skip("the whole and the least of each are enough for a short run")
			}
			if d := cmp.Diff(first, live(e.start(t))); d != "" {
				t.Errorf("another end (-first +here):\n%s", d)
			}
		})
	}
}

// live goes through the history and returns its end.
func live(p site) string {
	p.Helper()
	p.opt.MaxDeletes = plan.NoLimit
	for _, name := range []string{"Work", "Work/Deep", "Old", "Tmp", "Empty"} {
		p.user.Create(p.at(name))
	}
	uids := map[string][]imap.UID{}
	for name, n := range map[string]int{"INBOX": 60, "Work": 10, "Work/Deep": 5, "Old": 6, "Tmp": 4} {
		uids[name] = p.fill(name, name, n)
	}
	p.step("first", mailsync.Receipt{New: 85, Bodies: 85})

	p.fill("INBOX", "later", 5)
	p.fill("Work/Deep", "later still", 3)
	p.user.AddFlags(p.at("INBOX"), []imap.Flag{imap.FlagFlagged, "$Fresh"}, uids["INBOX"][3], uids["INBOX"][17])
	p.user.RemoveFlags(p.at("INBOX"), []imap.Flag{imap.FlagSeen}, uids["INBOX"][5])
	p.user.AddFlags(p.at("Old"), []imap.Flag{imap.FlagAnswered}, uids["Old"][5])
	p.user.Expunge(p.at("INBOX"), uids["INBOX"][0], uids["INBOX"][30], uids["INBOX"][31])
	p.user.Expunge(p.at("Work"), uids["Work"][9]) // the last one
	p.step("changes", mailsync.Receipt{New: 8, Bodies: 8, Flags: 4, Vanished: 4})

	p.user.Expunge(p.at("Work/Deep"), p.user.UIDs(p.at("Work/Deep"))...)
	p.step("emptied", mailsync.Receipt{Vanished: 8})

	p.user.Rename(p.at("Old"), p.at("Older"))
	p.recreate("Tmp")
	p.fill("Tmp", "another", 3)
	p.user.Create(p.at("New"))
	p.fill("New", "New", 2)
	p.pull(0) // what is new and vanished in a renamed mailbox depends on its having an identity
	p.equal()
	p.step("nothing", mailsync.Receipt{})
	return p.end()
}

// fill appends n messages of one kind.
func (p site) fill(name, kind string, n int) (uids []imap.UID) {
	p.Helper()
	for i := range n {
		flags := [][]imap.Flag{nil, {imap.FlagSeen}, {imap.FlagSeen, "work"}}[i%3]
		uids = append(uids, p.user.Append(p.at(name), flags, day(i), message(kind, i)))
	}
	return uids
}

// step syncs, and wants mirror and server to agree and these changes to be counted.
func (p site) step(name string, want mailsync.Receipt) {
	p.Helper()
	rc := p.pull(0)
	got := mailsync.Receipt{New: rc.New, Bodies: rc.Bodies, Flags: rc.Flags, Vanished: rc.Vanished}
	if d := cmp.Diff(want, got); d != "" {
		p.Fatalf("%s (-want +got):\n%s", name, d)
	}
	p.equal()
}

// recreate deletes a mailbox and makes it again, until its UIDVALIDITY is another:
// Courier's has seconds.
func (p site) recreate(name string) {
	p.Helper()
	was := p.user.Selected(p.at(name)).UIDValidity
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) { // a foreign clock: there is nothing to wait on
		p.user.UIDs("INBOX") // where nothing is closed, the mailbox is still open
		p.user.Delete(p.at(name))
		p.user.Create(p.at(name))
		now := p.user.Selected(p.at(name)).UIDValidity
		p.user.UIDs("INBOX")
		if now != was {
			return
		}
		if time.Now().After(deadline) {
			p.Fatal("the server knows one UIDVALIDITY only")
		}
	}
}

// end is all mail of the mirror but for its UIDs, and what was ever there.
func (p site) end() string {
	p.Helper()
	var out strings.Builder
	ever := map[string]bool{}
	for _, box := range p.boxes() {
		if box.Detached || !box.Selectable {
			continue
		}
		list := p.mirrored(box.Name)
		fmt.Fprintf(&out, "%s: %d messages\n", p.called(box.Name), len(list))
		for _, m := range list {
			fmt.Fprintln(&out, p.called(box.Name), m.Flags, m.Date, m.SHA256)
		}
	}
	lines := strings.SplitAfter(out.String(), "\n")
	slices.Sort(lines)
	err := p.store.List(p.Context(), localstore.ListQuery{Deleted: true}, func(m localstore.Mail) error {
		ever[m.SHA256] = true
		return nil
	})
	if err != nil {
		p.Fatal(err)
	}
	return fmt.Sprintf("%s%d messages were ever there", strings.Join(lines, ""), len(ever))
}
