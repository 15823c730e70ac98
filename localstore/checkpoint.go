package localstore

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
)

const (
	// checkpointBytes is how many bytes of bodies are written between two checkpoints.
	checkpointBytes = 32 << 20
	// maxWALPages is from where on the writer waits for one, the rule of SQLite itself:
	// the WAL can start anew only while nothing is added to it. 125 MiB.
	maxWALPages = 4000
)

// checkpointer moves mail from the WAL into the file while more of it is written: to do
// both in turns, and wait for the disk, takes half of a writer's time. It does nothing
// that SQLite would not do by itself, later; so what goes wrong here is left to that.
type checkpointer struct {
	every int64        // see checkpointBytes
	grown atomic.Int64 // bytes of bodies written since the last one began
	busy  atomic.Bool
	wg    sync.WaitGroup
	db    *sql.DB // one connection, from the first one on
}

// checkpoint starts a checkpoint when it is time. Only a writer calls it, between two
// transactions.
func (s *Store) checkpoint() {
	c := &s.ahead
	if c.grown.Load() < c.every || !c.busy.CompareAndSwap(false, true) {
		return
	}
	c.grown.Store(0)
	c.wg.Go(func() {
		defer c.busy.Store(false)
		if c.db == nil && s.openPool(context.Background(), &c.db, "mode=rw&_synchronous=NORMAL") != nil {
			return
		}
		c.db.Exec("PRAGMA wal_checkpoint(PASSIVE)")
	})
}

// close waits for a checkpoint under way.
func (c *checkpointer) close() error {
	c.wg.Wait()
	if c.db == nil {
		return nil
	}
	return c.db.Close()
}
