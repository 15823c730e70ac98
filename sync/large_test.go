package sync_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"

	mailsync "mailstow/sync"
	"mailstow/sync/testkit/faultconn"
)

// huge is fetched in pieces.
const huge = 24 << 20

// thrifty wants little more read than the size of the message.
func thrifty(t *testing.T, in int64) {
	t.Helper()
	if in > huge*5/4 {
		t.Errorf("%d octets read for %d", in, huge)
	}
}

// Row 23: a large message goes on where the connection was lost, in the same run,
// as often as it is lost.
func TestLargeMessageOverALinkThatBreaks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user.Append("INBOX", nil, day(1), noise(1, huge))
	f.dialer.Faults = func(int) []faultconn.Option { return []faultconn.Option{faultconn.CutRead(11 << 20)} }
	rc := f.pull(0)
	if rc.Reconnects < 2 || rc.Bodies != 1 {
		t.Fatalf("%+v", rc)
	}
	in, _ := f.dialer.Bytes()
	thrifty(t, in)
	f.equal()
}

// The same over runs, of which each ends where its connection does.
func TestLargeMessageOverManyRuns(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user.Append("INBOX", nil, day(1), noise(1, huge))
	in := int64(0)
	for exit := mailsync.ExitConnect; exit != 0; f.open() {
		f.once(11 << 20)
		rc, _ := mailsync.Pull(f.Context(), f.store, f.account(), f.opt)
		read, _ := f.dialer.Bytes()
		if in += read; in > 10*huge {
			t.Fatal("it never ends")
		}
		exit = rc.Exit
		f.close()
	}
	thrifty(t, in)
	f.equal()
}

// once cuts the only connection after so many octets.
func (f *fixture) once(octets int64) {
	f.reconnect()
	f.dialer.Faults = first(faultconn.CutRead(octets))
	f.dialer.Refuse = func(n int) error {
		if n > 0 {
			return fmt.Errorf("no more")
		}
		return nil
	}
}

// Killed in the middle of a large message, a run leaves what had come to the next.
func TestKillInALargeMessage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user.Append("INBOX", nil, day(1), noise(1, huge))
	f.close()
	port, reached := f.stalling(20 << 20)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %s %s", killEnv, f.path, port, f.name, f.server.Password))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-reached
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	f.open()
	if rc := f.pull(0); rc.Bodies != 1 || rc.BytesIn > 12<<20 {
		t.Errorf("%+v", rc)
	}
	f.equal()
}

// stalling is a way to the server that falls silent after so many octets, and tells.
func (f *fixture) stalling(octets int64) (port int, reached chan struct{}) {
	f.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	reached = make(chan struct{})
	go func() {
		client, err := ln.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", f.server.Addr)
		if err != nil {
			return
		}
		f.Cleanup(func() { client.Close(); server.Close() })
		go func() { _, _ = io.Copy(server, client) }()
		_, _ = io.CopyN(client, server, octets)
		close(reached)
	}()
	f.Cleanup(func() { ln.Close() })
	return ln.Addr().(*net.TCPAddr).Port, reached
}

// A message that is another one when it is gone on with is fetched as a whole: no
// body is made of two.
func TestLargeMessageThatChanged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	msg := noise(1, huge)
	f.user.Append("INBOX", nil, day(1), msg)
	f.once(11 << 20)
	if rc := f.pull(mailsync.ExitConnect); rc.New != 1 {
		t.Fatalf("%+v", rc)
	}
	changed := func(b []byte) []byte {
		if len(b) > 70 && bytes.IndexByte(b, ' ') < 0 {
			return bytes.ReplaceAll(b, []byte("x"), []byte("y"))
		}
		return b
	}
	f.through(changed)
	f.pull(0)
	var want []byte
	for line := range bytes.Lines(msg) {
		want = append(want, changed(bytes.Clone(line))...)
	}
	if got := f.mirrored("INBOX"); got[0].SHA256 != f.sum(want) {
		t.Error("the body is none that the server ever had")
	}
}

// Servers that do not give messages in pieces, or announce wrong sizes, cost the
// pieces and no message.
func TestLargeMessageFromOddServers(t *testing.T) {
	t.Parallel()
	const large = 9 << 20
	size := fmt.Sprintf("RFC822.SIZE %d", large+2)
	for name, odd := range map[string]struct {
		from, to string
		whole    bool
	}{
		"without offset": {"BODY[]<", "BODY[] BODY<", true},
		"other offset":   {"BODY[]<", "BODY[]<9", true},
		"too small":      {size, "RFC822.SIZE 8500000", false},
		"too large":      {size, "RFC822.SIZE 12345678", false},
	} {
		if testing.Short() && name != "without offset" && name != "too small" {
			continue // one that gives no pieces, and one that announces a wrong size
		}
		f := newFixture(t)
		f.user.Append("INBOX", nil, day(1), noise(1, large))
		var pieces atomic.Int32
		f.through(func(line []byte) []byte {
			if bytes.Contains(line, []byte("BODY[]<")) {
				pieces.Add(1)
			}
			return bytes.Replace(line, []byte(odd.from), []byte(odd.to), 1)
		})
		rc := f.pull(0)
		if rc.Bodies != 1 || rc.Reconnects != 0 || odd.whole != (rc.BytesIn > large+100_000 && pieces.Load() < 10) {
			t.Errorf("%s: %d pieces, %+v", name, pieces.Load(), rc)
		}
		f.dial = nil
		f.equal()
	}
}

// Two copies of a large message, in mailboxes that are synced together, are one
// download; what was begun of a message that vanished is not kept for ever.
func TestLargeCopies(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user.Create("Work")
	msg := append([]byte("Message-ID: <1@x>\r\n"), noise(1, huge)...)
	uid := f.user.Append("INBOX", nil, day(1), msg)
	f.once(11 << 20)
	f.pull(mailsync.ExitConnect)
	if n := f.staged(); n == 0 {
		t.Fatal("nothing is kept")
	}
	f.user.Copy("INBOX", "Work", uid)
	f.user.Expunge("INBOX", uid)
	f.user.Copy("Work", "INBOX", f.user.UIDs("Work")...)
	f.reconnect()
	if rc := f.pull(0); rc.Bodies != 1 || rc.Linked != 1 {
		t.Fatalf("%+v", rc)
	}
	f.equal()
	f.close()
	f.open()
	if n := f.staged(); n != 0 {
		t.Errorf("%d bodies are still begun", n)
	}
}

// staged is how many bodies are begun.
func (f *fixture) staged() (n int) {
	f.Helper()
	db, err := sql.Open("sqlite", "file:"+f.path+"?mode=ro")
	if err != nil {
		f.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT count(*) FROM staging").Scan(&n); err != nil {
		f.Fatal(err)
	}
	return n
}
