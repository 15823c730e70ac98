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
	hurry atomic.Int64 // how many bodies more are packed in a hurry
	wg    sync.WaitGroup
}

func startPackers() *packers {
	p := &packers{jobs: make(chan *body, plan.BatchMessages)}
	for range runtime.GOMAXPROCS(0) {
		p.wg.Go(p.work)
	}
	return p
}

// longHurry is how many bodies are packed in a hurry when the reader had to wait: when the
// processors are short, queues run dry now and then without anybody having time to spare.
const longHurry = 2 * plan.BatchMessages

// work packs what comes. In a hurry it takes more room on the disk and less of the
// processors.
func (p *packers) work() {
	packer := localstore.NewPacker()
	for x := range p.jobs {
		packer.Hurry = p.hurry.Add(-1) >= 0
		x.packed = packer.PackBytes(x.raw.b)
		close(x.ready)
	}
}

// press notes that the reader is about to wait, if it does so for the packers.
func (p *packers) press() {
	if p != nil && len(p.jobs) > 0 {
		p.hurry.Store(longHurry)
	}
}

func (p *packers) stop() {
	if p == nil {
		return
	}
	close(p.jobs)
	p.wg.Wait()
}
