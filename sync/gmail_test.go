package sync_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/localstore"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/faultconn"
)

// gmailCaps is what Google offers, as far as Dovecot can stand in for it.
var gmailCaps = dovecot.Capability("IMAP4rev1 ENABLE UIDPLUS UNSELECT MOVE CONDSTORE ESEARCH LIST-EXTENDED LIST-STATUS LITERAL- SPECIAL-USE X-GM-EXT-1")

// gmail makes a Google of a Dovecot: X-GM-MSGID tells the content of a message
// apart, whatever the mailbox, and X-GM-LABELS gives labels to some.
type gmail struct {
	*fixture
	labels map[string]map[imap.UID]string // by mailbox: as on the wire
	said   bytes.Buffer                   // all that the client sent
}

func newGmail(t *testing.T) *gmail {
	g := &gmail{fixture: newFixture(t, gmailCaps), labels: map[string]map[imap.UID]string{}}
	plain := &faultconn.Dialer{}
	g.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := plain.Dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		x := &gmailConn{g: g, Conn: c, opening: map[string]string{}, ids: map[string]map[string]uint64{}}
		x.lying = &lying{Conn: c, lines: bufio.NewReader(c), lie: x.answer}
		return x, nil
	}
	return g
}

// gmailConn is one connection to it.
type gmailConn struct {
	net.Conn
	g       *gmail
	lying   *lying
	opening map[string]string            // mailboxes by the tag of their EXAMINE
	box     string                       // open
	ids     map[string]map[string]uint64 // of messages, by mailbox and UID
}

func (c *gmailConn) Read(p []byte) (int, error) { return c.lying.Read(p) }

var examine = regexp.MustCompile(`(\S+) EXAMINE "([^"]*)"`)

func (c *gmailConn) Write(p []byte) (int, error) {
	c.g.said.Write(p)
	for _, m := range examine.FindAllSubmatch(p, -1) {
		box := string(m[2])
		c.opening[string(m[1])] = box
		c.ids[box] = map[string]uint64{}
		for _, msg := range c.g.user.Messages(box) {
			var id uint64
			fmt.Sscanf(msg.SHA256[:15], "%x", &id)
			c.ids[box][fmt.Sprint(msg.UID)] = id
		}
	}
	q := strings.NewReplacer(" X-GM-MSGID", "", " X-GM-LABELS", "").Replace(string(p))
	if _, err := c.Conn.Write([]byte(q)); err != nil {
		return 0, err
	}
	return len(p), nil
}

var fetched = regexp.MustCompile(`^\* \d+ FETCH \(UID (\d+) `)

func (c *gmailConn) answer(line []byte) []byte {
	tag, _, _ := bytes.Cut(line, []byte(" "))
	if box, ok := c.opening[string(tag)]; ok {
		c.box = box
	}
	m := fetched.FindSubmatchIndex(line)
	if m == nil || !bytes.Contains(line, []byte("FLAGS")) {
		return line
	}
	uid := string(line[m[2]:m[3]])
	var n imap.UID
	fmt.Sscan(uid, &n)
	extra := fmt.Sprintf("X-GM-MSGID %d X-GM-LABELS (%s) ", c.ids[c.box][uid], c.g.labels[c.box][n])
	return append([]byte(string(line[:m[1]])+extra), line[m[1]:]...)
}

// label gives a message its labels, as they come over the wire.
func (g *gmail) label(box string, uid imap.UID, labels string) {
	if g.labels[box] == nil {
		g.labels[box] = map[imap.UID]string{}
	}
	g.labels[box][uid] = labels
}

// labelled are the labels of a mailbox in the mirror, by UID.
func (g *gmail) labelled(box string) map[uint32]string {
	out := map[uint32]string{}
	err := g.store.List(g.Context(), localstore.ListQuery{Mailbox: g.box(box).ID}, func(m localstore.Mail) error {
		out[m.UID] = m.Labels
		return nil
	})
	if err != nil {
		g.Fatal(err)
	}
	return out
}

// All Mail and every label hold the same messages: each is downloaded once, in the
// first sync, too, and when it gets another label.
func TestGmailDownloadsOnce(t *testing.T) {
	g := newGmail(t)
	g.user.Create("All Mail")
	g.user.Create("Work")
	uids := g.seed("INBOX", 150)
	g.user.Copy("INBOX", "All Mail", uids...)
	g.user.Copy("INBOX", "Work", uids[:20]...)
	if rc := g.pull(0); rc.Bodies != 150 || rc.Linked != 170 || rc.New != 320 {
		t.Fatalf("%+v", rc)
	}
	g.equal()
	g.said.Reset()
	g.user.Copy("INBOX", "Work", uids[20:60]...)
	g.user.Move("INBOX", "Work", uids[60:80]...)
	if rc := g.pull(0); rc.Bodies != 0 || rc.Linked != 60 || strings.Contains(g.said.String(), "BODY.PEEK") {
		t.Fatalf("%+v\n%s", rc, g.said.String())
	}
	g.equal()
}

// Labels are kept as they come, in all the ways a server writes them, and follow
// the server as far as it tells.
func TestGmailLabels(t *testing.T) {
	g := newGmail(t)
	uids := g.seed("INBOX", 4)
	g.label("INBOX", uids[0], `"\\Inbox" \Starred "Work/a b" Work "\\Inbox"`)
	g.label("INBOX", uids[1], `"&BB8EQAQ4-" "&- <x>"`)
	g.pull(0)
	want := map[uint32]string{1: `["Work","Work/a b","\\Inbox","\\Starred"]`, 2: `["& <x>","При"]`, 3: `[]`, 4: `[]`}
	check := func() {
		t.Helper()
		if got := g.labelled("INBOX"); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("labels are %v, want %v", got, want)
		}
	}
	check()
	g.label("INBOX", uids[0], `later`)
	g.user.AddFlags("INBOX", []imap.Flag{"told"}, uids[0]) // which raises the mod-sequence, as a label does at Google
	if rc := g.pull(0); rc.New != 0 || rc.Flags != 1 {
		t.Fatalf("%+v", rc)
	}
	want[1] = `["later"]`
	check()
	g.label("INBOX", uids[3], `\Important`)
	g.opt.Full = true
	if rc := g.pull(0); rc.New+rc.Flags != 0 {
		t.Fatalf("%+v", rc)
	}
	want[4] = `["\\Important"]`
	check()
	g.server.Renumber(t, g.name, "INBOX")
	g.label("INBOX", 8, `renumbered`)
	g.opt.Full = false
	if rc := g.pull(0); rc.Rebound != 4 {
		t.Fatalf("%+v", rc)
	}
	want = map[uint32]string{5: `[]`, 6: `[]`, 7: `[]`, 8: `["renumbered"]`}
	check()
}
