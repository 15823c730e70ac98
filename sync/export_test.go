package sync

import (
	"context"
	"fmt"
	"sync/atomic"

	"mailstow/localstore"
	"mailstow/sync/remote"
)

// PullAudited is Pull, without pushing, that tells as well what its requests hold of
// the memory between socket and disk, and keep others waiting for, when all of them
// are over: "" for nothing.
func PullAudited(ctx context.Context, store *localstore.Store, acct Account, opt Options) (rc Receipt, held string, err error) {
	opt.PullOnly = true
	r := newRun(store, acct, opt)
	rc, err = r.do(ctx)
	if w := r.writer; w != nil {
		if w.open != 0 {
			held += fmt.Sprintf("%d octets of requests not answered; ", w.open)
		}
		if !w.memory.TryAcquire(heldInAll) {
			held += "memory; "
		}
		if n := len(r.underway.n); n != 0 {
			held += fmt.Sprintf("%d messages on their way", n)
		}
	}
	return rc, held, err
}

// SwiftOnce takes mail to come fast to whoever asks for the n-th request, and slowly to
// those behind it, or that is not known.
func (o Options) SwiftOnce(n int32, slow bool) Options {
	var asked atomic.Int32
	o.pace = func(*remote.Conn) (bool, bool) {
		i := asked.Add(1)
		return i == n, i > n && slow
	}
	return o
}
