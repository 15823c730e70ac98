package localstore

import (
	"context"
	"database/sql"
	"math"
	"sync"
	"sync/atomic"
)

const (
	// checkpointBytes is how many bytes of bodies are written between two checkpoints.
	checkpointBytes = 32 << 20
	// maxWALPages is from where on the writer makes one itself, the rule of SQLite: the
	// WAL can start anew only while nothing is added to it. 125 MiB.
	maxWALPages = 4000
	// passingWALPages is what SQLite does by default, 31 MiB: the state of a migration
	// is to be small, and what it holds is sent more slowly than written.
	passingWALPages = 1000
)

// checkpointer moves mail from the WAL into the file while more of it is written: to do
// both in turns, and wait for the disk, takes half of a writer's time. It does nothing
// that SQLite would not do by itself, later; so what goes wrong here is left to that.
// The WAL grows to walPages and four times every at most, on the slowest disk.
type checkpointer struct {
	every    int64        // see checkpointBytes
	walPages int64        // see maxWALPages
	grown    atomic.Int64 // bytes of bodies written since the last one began
	pages    atomic.Int64 // in the WAL when it ended
	busy     atomic.Bool
	wg       sync.WaitGroup
	db       *sql.DB // one connection, from the first one on
}

func (c *checkpointer) pace(passing bool) {
	c.every, c.walPages = checkpointBytes, maxWALPages
	if passing {
		c.every, c.walPages = math.MaxInt64, passingWALPages
	}
}

// checkpoint starts a checkpoint when it is time. Only a writer calls it, between two
// transactions.
func (s *Store) checkpoint() {
	c := &s.ahead
	switch grown := c.grown.Load(); {
	case grown < c.every:
		return
	case grown-c.every >= c.every:
		c.wg.Wait() // the disk takes longer than the mail
	case c.busy.Load():
		return
	}
	if c.pages.Swap(0) >= c.walPages {
		return // the next commit makes one, with nothing else under way
	}
	if c.busy.CompareAndSwap(false, true) {
		c.grown.Store(0)
		c.wg.Go(func() { s.moveAhead(c) })
	}
}

func (s *Store) moveAhead(c *checkpointer) {
	defer c.busy.Store(false)
	if c.db == nil && s.openPool(context.Background(), &c.db, "mode=rw&_synchronous=NORMAL") != nil {
		return
	}
	var blocked, pages, moved int64
	if c.db.QueryRow("PRAGMA wal_checkpoint(PASSIVE)").Scan(&blocked, &pages, &moved) == nil {
		c.pages.Store(pages)
	}
}

// close waits for a checkpoint under way; none begins any more.
func (c *checkpointer) close() error {
	for !c.busy.CompareAndSwap(false, true) {
		c.wg.Wait()
	}
	if c.db == nil {
		return nil
	}
	return c.db.Close()
}
