package killpoints

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"mailstow/sync/testkit/faultfile"
	"mailstow/sync/testkit/model/proto"
)

// prepare makes the store that every try begins with.
func (m *Machine) prepare() {
	m.Helper()
	if err := os.MkdirAll(m.base, 0o700); err != nil {
		m.Fatalf("%v", err)
	}
	servers := m.servers()
	defer wait(servers)
	err := m.life(context.Background(), m.base, servers, 0, nil, func(o *Owner) error {
		m.Prepare(o)
		return nil
	})
	if err != nil {
		m.Fatalf("%s: %v", m.Name, err)
	}
	files, _ := os.ReadDir(m.base)
	if len(files) > 3 {
		m.Fatalf("%s: %v", m.Name, files)
	}
	for _, f := range files {
		if m.Bare {
			os.Remove(filepath.Join(m.base, f.Name()))
		}
	}
}

// reference is a life to its end; what comes of it is what must come of all.
func (m *Machine) reference() {
	m.Helper()
	c := &counter{}
	dir, servers := m.live(c, m.does)
	m.Points = c.points
	m.want = m.resume(dir, servers, "nobody dies")
	if m.want.server != m.Want || m.want.conflicts != m.Conflicts {
		m.Errorf("%s: nobody dies, and the server has\n     %s, with %d conflicts\nwant %s, with %d", m.Name, m.want.server, m.want.conflicts, m.Want, m.Conflicts)
	}
}

// Kill lets a process die at the n-th point, and looks at what comes of it.
func (m *Machine) Kill(n int) {
	m.Helper()
	m.end(n, &counter{at: n})
}

// PowerCut lets the whole machine die with it.
func (m *Machine) PowerCut(n int) {
	m.Helper()
	m.end(n, &counter{at: n, power: newPower("", n)})
}

func (m *Machine) end(n int, c *counter) {
	m.Helper()
	dir, servers := m.live(c, m.does)
	where := "past its end"
	if c.dead {
		where = c.points[n-1]
	}
	m.compare(m.resume(dir, servers, where), fmt.Sprintf("point %d, %s", n, where))
}

// live is a life from the base on, in which points are counted. It returns where its
// files are, and the servers.
func (m *Machine) live(c *counter, do func(*Owner) error) (image string, servers map[string]*proto.Server) {
	m.Helper()
	dir := m.fresh()
	image = dir + "-left"
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var broken error
	c.die = func() {
		broken = copyFiles(dir, image)
		if c.power != nil {
			broken = errors.Join(broken, c.power.leave(image))
		}
		cancel()
	}
	if c.power != nil {
		c.power.dir = dir
	}
	servers = m.servers()
	stop := faultfile.Watch(dir, c.file)
	err := m.life(ctx, dir, servers, 1, c, do)
	stop()
	wait(servers)
	if !c.dead {
		if err != nil {
			m.Errorf("%s: nobody died, and %v", m.Name, err)
		}
		broken = copyFiles(dir, image)
	}
	if broken != nil {
		m.Fatalf("%v", broken)
	}
	return image, servers
}

// fresh is a directory with the store that everything begins with.
func (m *Machine) fresh() string {
	m.Helper()
	m.tries++
	dir := filepath.Join(m.dir, fmt.Sprint(m.tries))
	if err := copyFiles(m.base, dir); err != nil {
		m.Fatalf("%v", err)
	}
	return dir
}

func wait(servers map[string]*proto.Server) {
	for _, s := range servers {
		s.Wait()
	}
}
