package remote_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mailstow/sync/remote"
)

// silence is the silence timeout of scripted connections: short where a test
// waits for it, long enough for a busy machine where it does not.
const (
	short = 60 * time.Millisecond
	long  = 20 * time.Second
)

// peer is a scripted server, in its own goroutine.
type peer struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
}

// play returns a Config whose connections are served by scripts on loopback, one
// each. Whatever else happens, no goroutine of a connection may outlive the test.
func play(t testing.TB, scripts ...func(p *peer)) remote.Config {
	t.Helper()
	checkLeaks(t)
	var dials atomic.Int32
	return remote.Config{
		Host: "imap.example.org", Port: 143, Security: remote.Plain, User: "joe",
		Password: func(context.Context) (string, error) { return "se cret", nil },
		Timeout:  long,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			n := int(dials.Add(1))
			if n > len(scripts) {
				return nil, fmt.Errorf("dial number %d", n)
			}
			client, server, err := loopback()
			if err != nil {
				return nil, err
			}
			done := make(chan struct{})
			t.Cleanup(func() {
				server.Close()
				<-done
			})
			go func() {
				defer close(done)
				defer server.Close()
				scripts[n-1](&peer{t: t, conn: server, r: bufio.NewReader(server)})
			}()
			return client, nil
		},
	}
}

// loopback is a pair of TCP connections: a pipe without buffers would block a
// script that answers while the client still sends.
func loopback() (client, server net.Conn, err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer ln.Close()
	if client, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		return nil, nil, err
	}
	server, err = ln.Accept()
	return client, server, err
}

// session is a connection to a script that begins after the greeting (PREAUTH,
// with these capabilities) and the ID command.
func session(t testing.TB, caps string, script func(p *peer)) *remote.Conn {
	t.Helper()
	return dial(t, play(t, func(p *peer) {
		p.send("* PREAUTH [CAPABILITY IMAP4rev1 %s] hello\r\n", caps)
		script(p)
	}))
}

// send writes to the client; a client that has gone is no concern of the script.
func (p *peer) send(format string, args ...any) {
	fmt.Fprintf(p.conn, format, args...)
}

func (p *peer) raw(s string) { p.conn.Write([]byte(s)) }

// command reads one command line, which must begin with want behind its tag.
func (p *peer) command(want string) (tag string) {
	line, err := p.r.ReadString('\n')
	if err != nil {
		p.t.Errorf("no command %q: %v", want, err)
		runtime.Goexit()
	}
	tag, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
	if !strings.HasPrefix(rest, want) {
		p.t.Errorf("command %q, want %q", rest, want)
	}
	return tag
}

// answer reads one command and sends data, then OK.
func (p *peer) answer(want, data string) {
	tag := p.command(want)
	p.raw(data + tag + " OK done\r\n")
}

// wait waits until the client goes, and fails if it says anything more.
func (p *peer) wait() {
	if line, err := p.r.ReadString('\n'); err == nil {
		p.t.Errorf("unexpected command %q", line)
	}
}

var checked sync.Map

// ours are what the goroutines of a connection run.
var ours = []string{"imapclient.(*Client)", "sync/wire.(*", "sync/remote.(*", "crypto/tls.(*Conn)"}

// checkLeaks fails the test when goroutines of a connection are left at its end.
func checkLeaks(t testing.TB) {
	if _, again := checked.LoadOrStore(t, true); again {
		return // the first one runs last, when every connection is closed
	}
	t.Cleanup(func() {
		checked.Delete(t)
		buf := make([]byte, 1<<20)
		for range 400 {
			stacks := string(buf[:runtime.Stack(buf, true)])
			if !slices.ContainsFunc(ours, func(name string) bool { return strings.Contains(stacks, name) }) {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
		t.Errorf("goroutines left:\n%s", buf[:runtime.Stack(buf, true)])
	})
}

// wantClass checks class and text of an error.
func wantClass(t testing.TB, err error, class remote.Class, text string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %v %q", class, text)
	}
	if remote.ClassOf(err) != class || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v: %v; want %v: %q", remote.ClassOf(err), err, class, text)
	}
}
