package sync_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"mailstow/sync/testkit/dovecot"
)

// gate stands between a child and its server. It counts what passes, and calls kill
// at a certain piece: before it passes, or behind it.
type gate struct {
	port int
	mu   sync.Mutex
	seen int
	at   int // the piece, from 1; 0: none
	late bool
	kill func()
}

func newGate(t *testing.T, server *dovecot.Server) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{port: l.Addr().(*net.TCPAddr).Port}
	var all sync.WaitGroup
	t.Cleanup(func() { l.Close(); all.Wait() })
	all.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", server.Addr)
			if err != nil {
				near.Close()
				continue
			}
			all.Go(func() { g.pass(far, near) })
			all.Go(func() { g.pass(near, far) })
		}
	})
	return g
}

func (g *gate) pass(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && g.piece(func() { to.Write(buf[:n]) }) {
			return
		}
		if err != nil {
			return
		}
	}
}

// piece lets one pass, and reports whether that was the last.
func (g *gate) piece(pass func()) (last bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seen++; g.at == 0 || g.seen < g.at {
		pass()
		return false
	}
	if g.seen == g.at {
		if g.late {
			pass()
		}
		g.kill()
	}
	return true
}

// killAt runs a push in a process of its own, which is killed at a piece of what it
// says or hears. It reports how many there were.
func (f *fixture) killAt(g *gate, at int, late bool, more ...string) int {
	f.Helper()
	cmd := exec.CommandContext(f.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %s %s %s", killEnv, f.path, g.port, f.name, f.server.Password, strings.Join(more, " ")))
	cmd.Stdout = io.Discard
	g.mu.Lock()
	g.seen, g.at, g.late, g.kill = 0, at, late, func() { _ = cmd.Process.Kill() }
	err := cmd.Start()
	g.mu.Unlock()
	if err != nil {
		f.Fatal(err)
	}
	_ = cmd.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.seen
}

// Row 3: killed between intent and command, command and answer, answer and commit:
// neither twice nor never.
func TestPushIsKilled(t *testing.T) {
	server := dovecot.Start(t)
	g := newGate(t, server)
	busy := func(t *testing.T, name string) *fixture {
		f := newFixtureOn(t, server, name)
		f.busy()
		f.store.Close()
		return f
	}
	f := busy(t, "u0")
	pieces := f.killAt(g, 0, false)
	f.open()
	f.settledAs(busied, "full")
	for at := 1; at <= pieces; at += every(6) {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprint("piece ", at, " late ", late), func(t *testing.T) {
				f := busy(t, fmt.Sprintf("u%d%v", at, late))
				f.killAt(g, at, late)
				f.open()
				f.whole()
				f.pull(0)
				f.settledAs(busied, "full")
				f.quiet()
			})
		}
	}
}
