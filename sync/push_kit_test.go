package sync_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"
	gocmp "github.com/google/go-cmp/cmp"

	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/testkit/dovecot"
)

// abilities are servers of all ages, as far as it matters to what is sent.
var abled = map[string][]dovecot.Option{
	"full":       nil,
	"no-move":    {dovecot.Capability("IMAP4rev1 LITERAL+ ENABLE UIDPLUS UNSELECT ESEARCH LIST-EXTENDED LIST-STATUS CONDSTORE QRESYNC SPECIAL-USE")},
	"no-uidplus": {dovecot.Capability("IMAP4rev1 LITERAL+ ENABLE MOVE UNSELECT ESEARCH LIST-EXTENDED LIST-STATUS CONDSTORE QRESYNC MULTIAPPEND")},
	"no-modseq":  {dovecot.Capability("IMAP4rev1 LITERAL- UIDPLUS MOVE UNSELECT LIST-EXTENDED LIST-STATUS")},
	"bare":       {dovecot.Capability("IMAP4rev1 UNSELECT")},
}

// hidesUIDs: Dovecot tells UIDs of what it was given whatever its capabilities say.
func hidesUIDs(able string) bool { return able == "no-uidplus" || able == "bare" }

// commands are those that a run has sent.
type commands struct {
	mu   sync.Mutex
	sent []string
}

func (c *commands) add(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, line)
}

// changing are those that change something on the server, or may.
func (c *commands) changing() (all []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, line := range c.sent {
		if !reading.MatchString(line) {
			all = append(all, line)
		}
	}
	return all
}

var reading = regexp.MustCompile(`^(CAPABILITY|ID|LOGIN|AUTHENTICATE|ENABLE|NAMESPACE|LIST|LSUB|STATUS|EXAMINE|UID FETCH|UID SEARCH|NOOP|LOGOUT|COMPRESS|UNSELECT)\b`)

// spying notes the commands that go over a connection.
type spying struct {
	net.Conn
	to   *commands
	rest []byte
	skip int64 // of a literal
}

var literal = regexp.MustCompile(`\{(\d+)[+-]?\}\r\n$`)

func (s *spying) Write(p []byte) (int, error) {
	s.rest = append(s.rest, p...)
	for {
		if s.skip > 0 {
			n := min(s.skip, int64(len(s.rest)))
			s.rest, s.skip = s.rest[n:], s.skip-n
		}
		i := bytes.Index(s.rest, []byte("\r\n"))
		if s.skip > 0 || i < 0 {
			return s.Conn.Write(p)
		}
		line := s.rest[:i+2]
		if m := literal.FindSubmatch(line); m != nil {
			fmt.Sscan(string(m[1]), &s.skip)
		}
		if _, text, ok := strings.Cut(strings.TrimSpace(string(line)), " "); ok && line[0] != ' ' {
			s.to.add(text)
		}
		s.rest = s.rest[i+2:]
	}
}

// spy notes all commands from now on.
func (f *fixture) spy() *commands {
	c := &commands{}
	dial := f.dial
	f.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		next := dial
		if next == nil {
			next = f.dialer.Dial
		}
		conn, err := next(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &spying{Conn: conn, to: c}, nil
	}
	return c
}

var uidCodes = regexp.MustCompile(`\[(APPENDUID|COPYUID) [^]]*\] `)

// hideUIDs lets the server say nothing of where it puts things.
func (f *fixture) hideUIDs() {
	f.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := f.dialer.Dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &lying{Conn: c, lines: bufio.NewReader(c), lie: func(line []byte) []byte { return uidCodes.ReplaceAll(line, nil) }}, nil
	}
}

// quiet wants that nothing waits, that both sides agree, and that a further run
// changes nothing and sends nothing that could.
func (f *fixture) quiet() {
	f.Helper()
	f.equal()
	f.silent(0)
}

// silent wants a further run to send nothing that could change anything, and to write
// nothing.
func (f *fixture) silent(exit int) mailsync.Receipt {
	f.Helper()
	was := f.dial
	defer func() { f.dial = was }()
	c := f.spy()
	before := f.rows()
	rc := f.pull(exit)
	if sent := c.changing(); len(sent) > 0 || exit == 0 && rc.Pending != 0 {
		f.Errorf("not quiet: sent %q; %+v", sent, rc)
	}
	if after := f.rows(); after != before {
		f.Errorf("a further run wrote:\n%s", gocmp.Diff(strings.Split(before, "\n"), strings.Split(after, "\n")))
	}
	return rc
}

// edit does something offline.
func (f *fixture) edit(fn func(*localstore.Tx) error) {
	f.Helper()
	if err := f.store.Edit(f.Context(), fn); err != nil {
		f.Fatal(err)
	}
}

// seen are the messages of a mailbox as people see them.
func (f *fixture) seen(mailbox string) (ids []localstore.MessageID) {
	f.Helper()
	err := f.store.List(f.Context(), localstore.ListQuery{Mailbox: f.box(mailbox).ID}, func(m localstore.Mail) error {
		ids = append(ids, m.ID)
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	return ids
}

func (f *fixture) append(mailbox, text, flags string) {
	f.Helper()
	packed, err := localstore.NewPacker().Pack(strings.NewReader(text))
	if err != nil {
		f.Fatal(err)
	}
	f.edit(func(tx *localstore.Tx) error {
		_, err := tx.AppendMessage(f.box(mailbox).ID, packed, flags, day(77))
		return err
	})
}

// Offline edits of messages that are known by their number.

func (f *fixture) flag(n int, add, remove string) {
	f.Helper()
	f.edit(func(tx *localstore.Tx) error { return tx.EditFlags(f.numbered(n), add, remove) })
}

func (f *fixture) move(n int, to string) {
	f.Helper()
	f.edit(func(tx *localstore.Tx) error { _, err := tx.MoveMessages(f.numbered(n), f.box(to).ID); return err })
}

func (f *fixture) copy(n int, to string) {
	f.Helper()
	f.edit(func(tx *localstore.Tx) error { _, err := tx.CopyMessages(f.numbered(n), f.box(to).ID); return err })
}

func (f *fixture) expunge(n int) {
	f.Helper()
	f.edit(func(tx *localstore.Tx) error { return tx.ExpungeMessages(f.numbered(n)) })
}

func (f *fixture) create(name string) {
	f.Helper()
	f.edit(func(tx *localstore.Tx) error {
		_, err := tx.CreateMailbox(f.accountID(), localstore.MailboxInfo{Raw: f.wire(name), Name: f.wire(name), Delim: cmp.Or(f.delim, "/"), Selectable: true})
		return err
	})
}

func (f *fixture) rename(from, to string) {
	f.Helper()
	f.edit(func(tx *localstore.Tx) error { return tx.WantName(f.box(from).ID, f.wire(to), f.wire(to)) })
}

func (f *fixture) remove(name string) {
	f.Helper()
	f.edit(func(tx *localstore.Tx) error { _, err := tx.RemoveMailbox(f.box(name).ID); return err })
}

// numbered is the message with a number, as its owner sees it.
func (f *fixture) numbered(n int) (ids []localstore.MessageID) {
	f.Helper()
	err := f.store.List(f.Context(), localstore.ListQuery{Account: f.accountID()}, func(m localstore.Mail) error {
		if numberOf(m.Subject) == fmt.Sprint(n) {
			ids = []localstore.MessageID{m.ID}
		}
		return nil
	})
	if err != nil || len(ids) == 0 {
		f.Fatalf("message %d: %v", n, err)
	}
	return ids
}

func numberOf(subject string) string {
	n, _, _ := strings.Cut(subject, " ")
	return n
}

// at is the UID of the message with a number on the server.
func (f *fixture) at(mailbox string, n int) imap.UID {
	f.Helper()
	for _, m := range f.user.Messages(mailbox) {
		if numberOf(subject(m.Data)) == fmt.Sprint(n) {
			return m.UID
		}
	}
	f.Fatalf("message %d is not in %s", n, mailbox)
	return 0
}

func subject(data []byte) string {
	for line := range strings.Lines(string(data)) {
		if text, ok := strings.CutPrefix(line, "Subject: "); ok {
			return strings.TrimSpace(text)
		}
	}
	return ""
}

func (f *fixture) accountID() localstore.AccountID {
	f.Helper()
	accounts, err := f.store.Accounts(f.Context())
	if err != nil || len(accounts) != 1 {
		f.Fatal(accounts, err)
	}
	return accounts[0].ID
}

// short are flags in one letter.
var short = strings.NewReplacer(`\Seen`, "S", `\Flagged`, "F", `\Answered`, "A", `\Deleted`, "D", `\Draft`, "T", " ", "")

// state is what the server has, as the independent client sees it: each mailbox with
// the numbers of its messages and their flags.
func (f *fixture) state() string {
	f.Helper()
	f.another() // an old session may trip over mailboxes made anew
	var all []string
	for _, name := range f.user.Mailboxes() {
		var there []string
		for _, m := range f.user.Messages(name) {
			flags := make([]string, len(m.Flags))
			for i, flag := range m.Flags {
				flags[i] = string(flag)
			}
			there = append(there, numberOf(subject(m.Data))+short.Replace(strings.Join(flags, " ")))
		}
		slices.Sort(there)
		all = append(all, strings.TrimSpace(name+"="+strings.Join(there, " ")))
	}
	return strings.Join(all, "; ")
}

// newFixtureOn is newFixture on a server that others use as well, as a user of its
// own.
func newFixtureOn(t *testing.T, server *dovecot.Server, name string) *fixture {
	t.Helper()
	f := fixtureAt(t, server, server.User(t, name))
	f.name = name
	return f
}

// another is a new session of the independent client.
func (f *fixture) another() {
	f.Helper()
	f.user = f.server.User(f.T, f.name)
	f.user.Wire, f.user.Back = f.wire, f.back
}

// renumber gives a mailbox another UIDVALIDITY, and all in it new UIDs.
func (f *fixture) renumber(name string) {
	f.Helper()
	if f.server.Dir != "" {
		f.server.Renumber(f.T, f.name, name)
		return
	}
	was, all := f.user.Selected(name).UIDValidity, f.user.Messages(name)
	for f.user.Selected(name).UIDValidity == was { // Courier's has seconds: there is nothing to wait on
		f.user.UIDs("INBOX")
		f.user.Delete(name)
		f.user.Create(name)
	}
	for _, m := range all {
		f.user.Append(name, m.Flags, m.Date, m.Data)
	}
}

// noLimit lets everything be deleted.
func (f *fixture) noLimit() { f.opt.MaxDeletes = plan.NoLimit }

// every is the stride through places that are all alike: a run with
// MAILSTOW_TEST_EVERYTHING set visits all of them, others a sample, to end in minutes.
func every(sample int) int {
	switch {
	case os.Getenv("MAILSTOW_TEST_EVERYTHING") != "":
		return 1
	case testing.Short():
		return 3 * sample
	}
	return sample
}
