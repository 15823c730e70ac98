package sync_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/localstore"
	"mailstow/sync/testkit/cyrus"
	"mailstow/sync/testkit/dovecot"
	"mailstow/sync/testkit/faultconn"
)

// large is a message whose header is worth asking for; equal n, equal message.
func large(n int) []byte {
	head := fmt.Sprintf("From: a@example.org\r\nMessage-ID: <%d@large.example.org>\r\n", n)
	return append([]byte(head), noise(n, 2*localstore.LargeSize)...)
}

// Large messages that other clients moved or copied cost their metadata and
// headers, whichever mailbox comes first and whether the move was seen or not.
func TestMovedMailIsLinked(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"Archive", "Zoo", "Later"} {
		f.user.Create(name)
	}
	var uids []imap.UID
	for i := range 20 {
		uids = append(uids, f.user.Append("INBOX", nil, day(i), large(i)))
	}
	f.pull(0)
	f.user.Move("INBOX", "Archive", uids[:5]...)
	f.user.Move("INBOX", "Zoo", uids[5:10]...)
	f.user.Copy("INBOX", "Zoo", uids[10:15]...)
	rc := f.pull(0)
	if rc.Bodies != 0 || rc.Linked != 15 || rc.New != 15 || rc.Vanished != 10 || rc.BytesIn > 15*2000 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
	f.user.Expunge("INBOX", uids[15:]...)
	if rc := f.pull(0); rc.Vanished != 5 {
		t.Fatalf("%+v", rc)
	}
	for i := 15; i < 20; i++ { // back from the dead: what vanished is still held
		f.user.Append("Later", nil, day(i), large(i))
	}
	if rc := f.pull(0); rc.Bodies != 0 || rc.Linked != 5 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
}

// Copies within one first sync, in the same and in other mailboxes, are downloaded
// once, wherever the connection is cut meanwhile.
func TestCopiesInAFirstSync(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user.Create("Copies")
	var uids []imap.UID
	for i := range 12 {
		uids = append(uids, f.user.Append("INBOX", nil, day(i), large(i)))
	}
	f.user.Copy("INBOX", "INBOX", uids[:6]...)
	f.user.Copy("INBOX", "Copies", uids...)
	f.user.Copy("INBOX", "Copies", uids...)
	if rc := f.pull(0); rc.Bodies != 12 || rc.Linked != 30 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
	in, _ := f.dialer.Bytes()
	for i := range int64(8) {
		f.fresh()
		f.dialer.Faults = first(faultconn.CutRead(in * (i + 2) / 10))
		rc := f.pull(0)
		if rc.Bodies != 12 || rc.Bodies+int64(rc.Linked) != 42 {
			t.Errorf("cut after %d octets: %+v", in*(i+2)/10, rc)
		}
		f.equal()
	}
}

// Size and date alone prove nothing, nor does a header without a Message-ID; small
// messages are not asked about.
func TestUnprovenMailIsFetched(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Other")
	body := large(7)[len(large(7))-1000:]
	for name, build := range map[string]func(i int) []byte{
		"other header":  func(i int) []byte { return fmt.Appendf(nil, "Message-ID: <%d@x>\r\n\r\n%s", i, bytes.Repeat(body, 50)) },
		"no Message-ID": func(i int) []byte { return fmt.Appendf(nil, "Subject: x\r\n\r\n%d%s", i, bytes.Repeat(body, 50)) },
		"small":         func(i int) []byte { return fmt.Appendf(nil, "Message-ID: <x@x>\r\n\r\n%d%s", i, body) },
	} {
		f.user.Append("INBOX", nil, day(1), build(1))
		f.pull(0)
		f.user.Append("Other", nil, day(1), build(2))
		if rc := f.pull(0); rc.Bodies != 1 || rc.Linked != 0 {
			t.Errorf("%s: %+v", name, rc)
		}
		f.equal()
	}
}

// A server that dies when it is asked for headers costs a connection, not the mail.
func TestServerThatDiesOnHeaders(t *testing.T) {
	f := newFixture(t)
	f.user.Create("Other")
	uid := f.user.Append("INBOX", nil, day(1), large(1))
	f.pull(0)
	f.user.Copy("INBOX", "Other", uid)
	f.dialer.Faults = func(int) []faultconn.Option { return []faultconn.Option{faultconn.CutOnWrite("BODY.PEEK[HEADER]")} }
	if rc := f.pull(0); rc.Bodies != 1 || rc.Reconnects != 1 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
}

// Cyrus tells by EMAILID what a message is: small ones need no header either.
func TestCyrusIdentities(t *testing.T) {
	server := cyrus.Start(t)
	f := newFixture(t)
	f.server = &dovecot.Server{Host: server.Host, Port: server.Port, Addr: server.Addr, Password: server.Password}
	f.user = server.User(t, f.name)
	f.user.Create("Other")
	uids := f.seed("INBOX", 30)
	f.user.Copy("INBOX", "Other", uids[:10]...)
	if rc := f.pull(0); rc.Bodies != 30 || rc.Linked != 10 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
	f.user.Move("INBOX", "Other", uids[20:]...)
	if rc := f.pull(0); rc.Bodies != 0 || rc.Linked != 10 || rc.Vanished != 10 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
}
