package killpoints

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"

	"mailstow/localstore"
	"mailstow/sync/testkit/faultfile"
	"mailstow/sync/testkit/model/proto"
)

// Fault is what may be wrong with a disk.
type Fault struct {
	Name  string
	Kinds []faultfile.Kind                  // what it keeps from happening
	Do    func(faultfile.Op) faultfile.Code // what happens instead
	Lasts bool                              // not once, but from then on
	Says  []error                           // one of these is told
}

// disk is one with a fault at the n-th thing that it is asked for.
type disk struct {
	Fault
	mu    sync.Mutex
	at    int // from 1; 0: never
	seen  int
	where string // the fault was
}

func (d *disk) hook(op faultfile.Op) faultfile.Code {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Contains(d.Kinds, op.Kind) {
		return op.Do()
	}
	d.seen++
	if d.seen != d.at && (d.where == "" || !d.Lasts) {
		return op.Do()
	}
	if d.where == "" {
		d.where = fmt.Sprintf("%s at %s %s %d+%d", d.Name, op.Kind, op.File, op.At, len(op.Data))
	}
	return d.Do(op)
}

// Chances is how often a fault can be met.
func (m *Machine) Chances(f Fault) int {
	m.Helper()
	d := &disk{Fault: f}
	dir, err := m.lifeOn(d, m.servers())
	if err != nil {
		m.Fatalf("%s: %v", m.Name, err)
	}
	os.RemoveAll(dir)
	return d.seen
}

// lifeOn is a life on a disk.
func (m *Machine) lifeOn(d *disk, servers map[string]*proto.Server) (dir string, err error) {
	m.Helper()
	dir = m.fresh()
	defer faultfile.Watch(dir, d.hook)()
	err = m.life(context.Background(), dir, servers, 1, nil, m.does)
	wait(servers)
	return dir, err
}

// Fail lets a process meet a fault at the n-th chance. It must say what is wrong and
// what to do, unless the fault costs nothing; without the fault, the next process
// comes to the right end.
func (m *Machine) Fail(f Fault, n int) {
	m.Helper()
	d := &disk{Fault: f, at: n}
	servers := m.servers()
	dir, err := m.lifeOn(d, servers)
	if err != nil {
		m.Told++
		m.explained(d, err)
	}
	m.compare(m.resume(dir, servers, d.where), fmt.Sprintf("%d, %s", n, d.where))
}

// explained: the error tells what is wrong, and what its owner can do about it.
func (m *Machine) explained(d *disk, err error) {
	m.Helper()
	var own *localstore.Error
	told := slices.ContainsFunc(d.Says, func(kind error) bool { return errors.Is(err, kind) })
	if !told || !errors.As(err, &own) || own.Hint == "" {
		m.Errorf("%s: %s: it says %v", m.Name, d.where, err)
	}
}
