package histories

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Ground is where histories are run, one after the other. Stores are not made anew for
// each, which would cost more than most of them: what is in them is.
type Ground struct {
	dir    string
	places []*place
}

// NewGround is one in a directory, which is its own.
func NewGround(dir string) *Ground { return &Ground{dir: dir} }

// Run carries a history out, and returns what is wrong.
func (g *Ground) Run(h History, log io.Writer) (wrong []string) {
	t := &finds{}
	defer func() {
		if r := recover(); r != nil && r != giveUp {
			panic(fmt.Sprint(r, " in ", h))
		}
		if wrong = t.list; len(wrong) > 0 {
			g.Close() // in what state nobody knows
		}
	}()
	g.prepare(t, h)
	g.run(t, h, log)
	return
}

// Close closes the stores.
func (g *Ground) Close() {
	for _, p := range g.places {
		p.close()
	}
	g.places = nil
}

// prepare makes a store that others begin with, if there is none yet: one that has
// synced what World.furnish makes.
func (g *Ground) prepare(t TB, h History) {
	t.Helper()
	path := g.begun(h)
	if _, err := os.Stat(path); err == nil {
		return
	}
	w := newWorld(t, History{Caps: h.Caps, Quirks: h.Quirks, Small: h.Small}, nil)
	p := newPlace(t, filepath.Join(g.dir, "first.db"), "")
	defer p.close()
	w.machine(p, 0).run()
	p.save(path)
	w.server.Wait()
}

// begun is the name of such a store. What the server can do shows in it.
func (g *Ground) begun(h History) string {
	has := func(name string) bool { return slices.Contains(h.Caps, name) }
	return filepath.Join(g.dir, fmt.Sprintf("begun_%v_%v_%v_%v.db", h.Small, has("CONDSTORE") || has("QRESYNC"), has("OBJECTID"), slices.Contains(h.Quirks, "wrong-sizes")))
}

func (g *Ground) run(t TB, h History, log io.Writer) {
	t.Helper()
	w, begun := newWorld(t, h, log), g.begun(h)
	defer w.server.Wait()
	for i := range max(h.Machines, 1) {
		if i == len(g.places) {
			g.places = append(g.places, newPlace(t, filepath.Join(g.dir, fmt.Sprint("mail", i, ".db")), begun))
		}
		m := w.machine(g.places[i], i)
		m.begin(begun)
		m.held = m.bodies()
		w.machines = append(w.machines, m)
	}
	for _, s := range h.Steps {
		w.logf("%+v", s)
		w.step(s)
		if t.Failed() {
			return
		}
	}
	w.over()
}
