package sync

import (
	"context"
	"sync"

	"mailstow/sync/remote"
)

// Ahead begins to connect at once, so that the caller can open its store
// meanwhile: the first Dial of the result gets that connection. Nor does Pull wait
// for the server's goodbye then: stop does, when the store is closed. It gives the
// connection up if nobody wanted it.
func Ahead(ctx context.Context, acct Account) (ahead Account, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var conn *remote.Conn
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err = acct.Dial(ctx)
	}()
	giveUp := func() {
		cancel()
		if <-done; conn != nil {
			conn.Close()
		}
	}
	var taken sync.Once
	ahead = acct
	ahead.goodbye = new(sync.WaitGroup)
	ahead.Dial = func(ctx context.Context) (*remote.Conn, error) {
		first := false
		taken.Do(func() { first = true })
		if !first {
			return acct.Dial(ctx)
		}
		select {
		case <-done:
			return conn, err
		case <-ctx.Done():
			ahead.goodbye.Go(giveUp)
			return nil, ctx.Err()
		}
	}
	return ahead, func() {
		taken.Do(giveUp)
		ahead.goodbye.Wait()
		cancel()
	}
}
