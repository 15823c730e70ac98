package sync_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"regexp"
	"slices"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/localstore"
	"mailstow/sync/testkit/faultconn"
)

// lying changes what the server says of UIDVALIDITY, line by line.
type lying struct {
	net.Conn
	lines *bufio.Reader
	lie   func(line []byte) []byte
	rest  []byte
}

func (l *lying) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		line, err := l.lines.ReadBytes('\n')
		if len(line) == 0 {
			return 0, err
		}
		l.rest = l.lie(line)
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

var uidvalidity = regexp.MustCompile(`UIDVALIDITY (\d+)`)

var announced = regexp.MustCompile(`RFC822.SIZE \d+`)

// lie puts another UIDVALIDITY into every answer.
func (f *fixture) lie(text func() string) {
	f.through(func(line []byte) []byte { return uidvalidity.ReplaceAll(line, []byte(text())) })
}

func (f *fixture) through(lie func([]byte) []byte) {
	plain := &faultconn.Dialer{}
	f.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := plain.Dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &lying{Conn: c, lines: bufio.NewReader(c), lie: lie}, nil
	}
}

// I3: without UIDVALIDITY mail is kept by content: nothing twice, nothing lost.
func TestNoUIDValidity(t *testing.T) {
	f := newFixture(t)
	uids := f.seed("INBOX", 5)
	f.lie(func() string { return "UIDVALIDITY 0" })
	if rc := f.pull(0); rc.New != 5 || len(rc.Notes) != 1 {
		t.Fatalf("%+v", rc)
	}
	f.user.Expunge("INBOX", uids[1])
	f.user.Append("INBOX", nil, day(9), message("INBOX", 9))
	rc := f.pull(0)
	if rc.New != 1 || rc.Bodies != 1 || rc.Vanished != 0 {
		t.Fatalf("%+v", rc)
	}
	if n := len(f.kept("INBOX")); n != 6 {
		t.Fatalf("%d messages kept", n)
	}
	f.pull(0)
	f.dial = nil // the server comes to its senses
	if rc := f.pull(0); rc.Rebound != 5 || rc.Bodies != 0 || rc.Vanished != 1 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
}

// A server whose UIDs lasted again on the second connection of a run left its
// messages without a cursor, and every later run of the account failed.
func TestUIDsLastAgainMidRun(t *testing.T) {
	f := newFixture(t)
	f.seed("INBOX", 5)
	dials := 0
	f.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if dials++; err != nil || dials > 1 {
			return c, err
		}
		none := func(line []byte) []byte { return uidvalidity.ReplaceAll(line, []byte("UIDVALIDITY 0")) }
		return &lying{Conn: faultconn.New(c, faultconn.CutOnWrite("BODY.PEEK[]")), lines: bufio.NewReader(c), lie: none}, nil
	}
	if rc := f.pull(0); rc.Reconnects == 0 {
		t.Fatalf("%+v", rc)
	}
	f.opt.Full = true
	f.pull(0)
	f.equal()
}

// Two messages that differ in nothing but the body's bytes were both kept again
// with every run.
func TestArchiveOfTwins(t *testing.T) {
	f := newFixture(t)
	twin := func(i int) {
		f.user.Append("INBOX", nil, day(1), fmt.Appendf(nil, "From: a@b\r\nSubject: x\r\n\r\n%d\r\n", i))
	}
	twin(0)
	twin(1)
	f.lie(func() string { return "UIDVALIDITY 0" })
	f.pull(0)
	if rc := f.pull(0); rc.New != 0 {
		t.Fatalf("%+v", rc)
	}
	twin(2)
	f.pull(0)
	if rc := f.pull(0); rc.New != 0 {
		t.Fatalf("%+v", rc)
	}
	kept := f.kept("INBOX")
	slices.Sort(kept)
	if n := len(slices.Compact(kept)); n != 3 {
		t.Fatalf("%d different messages kept, want 3", n)
	}
}

// UIDNOTSTICKY (RFC 4315 section 3): UIDs end with the session.
func TestUIDsThatDoNotLast(t *testing.T) {
	f := newFixture(t)
	f.seed("INBOX", 5)
	f.through(func(line []byte) []byte {
		if uidvalidity.Match(line) && line[0] == '*' && line[2] == 'O' {
			return append(line, "* NO [UIDNOTSTICKY] UIDs do not last\r\n"...)
		}
		return line
	})
	if rc := f.pull(0); rc.New != 5 || len(rc.Notes) != 1 {
		t.Fatalf("%+v", rc)
	}
	if rc := f.pull(0); rc.New+rc.Rebound+rc.Vanished != 0 {
		t.Fatalf("%+v", rc)
	}
}

// Row 13: another UIDVALIDITY every run. After some runs the mailbox is kept by
// content, with one warning per run; nothing is downloaded twice.
func TestUIDValidityChangesEveryRun(t *testing.T) {
	f := newFixture(t)
	f.seed("INBOX", 4)
	value, session := 1000, 0
	f.lie(func() string { return fmt.Sprintf("UIDVALIDITY %d", value+session) })
	for session = range 7 {
		rc := f.pull(0)
		if want := map[bool]int64{true: 4, false: 0}[session == 0]; rc.Bodies != want || rc.Vanished != 0 {
			t.Fatalf("session %d: %+v", session, rc)
		}
		if archive := session >= 3; len(rc.Notes) > 0 != archive {
			t.Fatalf("session %d: notes %v", session, rc.Notes)
		}
		if n := len(f.kept("INBOX")); n != 4 {
			t.Fatalf("session %d: %d messages", session, n)
		}
	}
	if rc := f.pull(0); rc.Rebound != 4 || rc.Bodies != 0 {
		t.Fatalf("steady again: %+v", rc)
	}
	f.equal()
}

// kept lists the hashes of the messages of a mailbox, whatever their generation.
func (f *fixture) kept(mailbox string) []string {
	f.Helper()
	var out []string
	err := f.store.List(f.Context(), localstore.ListQuery{Mailbox: f.box(mailbox).ID}, func(m localstore.Mail) error {
		out = append(out, f.hash(m.ID))
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	return out
}

// I10: a listing that lacks messages which the server had counted proves no
// deletion. The run says so, and the next one settles it.
func TestListingThatFallsShort(t *testing.T) {
	f := newFixture(t)
	uids := f.seed("INBOX", 6)
	f.pull(0)
	f.user.Expunge("INBOX", uids[2])
	f.user.AddFlags("INBOX", []imap.Flag{imap.FlagFlagged}, uids[4])
	f.through(func(line []byte) []byte { return bytes.Replace(line, []byte("* 5 EXISTS"), []byte("* 6 EXISTS"), 1) })
	rc := f.pull(3)
	if rc.Vanished != 0 || rc.Flags != 1 || len(rc.Failures) != 1 {
		t.Fatalf("%+v", rc)
	}
	f.dial = nil
	if rc := f.pull(0); rc.Vanished != 1 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
}
