package killpoints

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"

	"mailstow/sync/testkit/faultfile"
)

// counter counts the points that a process passes. At one of them it dies.
type counter struct {
	mu     sync.Mutex
	at     int // the point, from 1; 0: it lives on
	points []string
	dead   bool
	die    func() // leaves the files as they are
	power  *power // nil: it stays on
	conns  []net.Conn
}

var errDead = errors.New("the process is dead")

// pass comes to a point.
func (c *counter) pass(name string) {
	c.points = append(c.points, name)
	if len(c.points) == c.at {
		c.kill()
	}
}

func (c *counter) kill() {
	c.dead = true
	if c.die != nil {
		c.die()
	}
	for _, conn := range c.conns {
		conn.Close()
	}
}

// effect does something that others see, unless the process dies before or halfway.
func (c *counter) effect(name string, half, whole func()) (done bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return false
	}
	c.pass("before " + name)
	if c.dead {
		return false
	}
	if half != nil {
		if len(c.points)+1 == c.at {
			half()
		}
		c.pass("amid " + name)
	}
	if c.dead {
		return false
	}
	whole()
	return true
}

// file is the Hook of the store's directory. What is read leaves nothing behind.
func (c *counter) file(op faultfile.Op) (code faultfile.Code) {
	if op.Kind == faultfile.Read {
		return op.Do()
	}
	half := func() { op.Half() }
	if op.Kind != faultfile.Write {
		half = nil
	}
	name := fmt.Sprintf("%s %s %d+%d", op.Kind, op.File, op.At, len(op.Data))
	whole := func() {
		c.note(op)
		code = op.Do()
	}
	if !c.effect(name, half, whole) {
		return op.Broken()
	}
	return code
}

// flush is what the store asks for beside SQLite.
func (c *counter) flush(f *os.File) error {
	if c == nil {
		return nil
	}
	whole := func() { c.note(faultfile.Op{Kind: faultfile.Sync, File: filepath.Base(f.Name())}) }
	if !c.effect("flush "+filepath.Base(f.Name()), nil, whole) {
		return errDead
	}
	return nil
}

// note remembers what would be lost.
func (c *counter) note(op faultfile.Op) {
	if c.power == nil || op.Kind == faultfile.Lock {
		return
	}
	if err := c.power.before(op); err != nil {
		panic(err)
	}
}

// dial opens connections that are counted, too; without a counter as they are.
func (c *counter) dial(to dialer) dialer {
	if c == nil {
		return to
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := to(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.dead {
			conn.Close()
			return nil, errDead
		}
		c.conns = append(c.conns, conn)
		return &wire{Conn: conn, counter: c}, nil
	}
}

// wire is a connection of a process that may die.
type wire struct {
	net.Conn
	*counter
}

func (w *wire) Write(p []byte) (n int, err error) {
	line, _, _ := bytes.Cut(p, []byte("\r\n"))
	half := func() { w.Conn.Write(p[:len(p)/2]) }
	if !w.effect(fmt.Sprintf("send %.60q", line), half, func() { n, err = w.Conn.Write(p) }) {
		return 0, errDead
	}
	return n, err
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	if n > 0 && !w.dead {
		line, _, _ := bytes.Cut(p[:n], []byte("\r\n"))
		w.pass(fmt.Sprintf("behind %.60q", line))
	}
	if w.dead {
		return 0, errDead
	}
	return n, err
}
