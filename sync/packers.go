package sync

import (
	"runtime"
	"sync"
	"sync/atomic"

	"mailstow/localstore"
	"mailstow/sync/plan"
)

// packers compress and hash bodies on all processors, away from the goroutine
// that reads the socket.
type packers struct {
	jobs  chan *body
	hurry atomic.Bool // the server waits for the packers, not they for it
	wg    sync.WaitGroup
}

func startPackers() *packers {
	p := &packers{jobs: make(chan *body, plan.BatchMessages)}
	for range runtime.GOMAXPROCS(0) {
		p.wg.Go(p.work)
	}
	return p
}

// work packs what comes. In a hurry it takes more room on the disk and less of the
// processors, until nothing waits any more.
func (p *packers) work() {
	packer := localstore.NewPacker()
	for x := range p.jobs {
		if packer.Hurry = p.hurry.Load(); packer.Hurry && len(p.jobs) == 0 {
			p.hurry.Store(false)
		}
		x.packed = packer.PackBytes(x.raw)
		close(x.ready)
	}
}

// press notes that the reader is about to wait, if it does so for the packers.
func (p *packers) press() {
	if p != nil && len(p.jobs) > 0 {
		p.hurry.Store(true)
	}
}

func (p *packers) stop() {
	if p == nil {
		return
	}
	close(p.jobs)
	p.wg.Wait()
}
