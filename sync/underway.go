package sync

import (
	"sync"

	"mailstow/sync/plan"
)

// underway counts what was asked for and is not stored yet, by what makes others
// wait for it.
type underway struct {
	mu sync.Mutex
	n  map[plan.Content]int
}

func (u *underway) add(due []plan.Due)    { u.change(due, 1) }
func (u *underway) remove(due []plan.Due) { u.change(due, -1) }

func (u *underway) change(due []plan.Due, by int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, d := range due {
		if d.Content == (plan.Content{}) {
			continue
		}
		if u.n == nil {
			u.n = map[plan.Content]int{}
		}
		if u.n[d.Content] += by; u.n[d.Content] == 0 {
			delete(u.n, d.Content)
		}
	}
}

func (u *underway) has(c plan.Content) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.n[c] > 0
}
