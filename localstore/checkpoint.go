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
	// What comes behind the last one is moved when the store is closed, and waited for.
	checkpointBytes = 8 << 20
	// maxBehind is how many may be written during one before the writer waits for it.
	maxBehind = 64 << 20
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
// The WAL grows to walPages and twice behind at most, on the slowest disk.
type checkpointer struct {
	every    int64        // see checkpointBytes
	behind   int64        // see maxBehind
	walPages int64        // see maxWALPages
	grown    atomic.Int64 // bytes of bodies written since the last one began
	wg       sync.WaitGroup
	db       *sql.DB // one connection, from the first one on
	made     int     // how many there were

	mu     sync.Mutex
	pages  int64 // in the WAL when the last one ended
	busy   bool
	closed bool
}

func (c *checkpointer) pace(passing bool) {
	c.every, c.behind, c.walPages = checkpointBytes, maxBehind, maxWALPages
	if passing {
		c.every, c.walPages = math.MaxInt64, passingWALPages
	}
}

// checkpoint starts a checkpoint when it is time. Only a writer calls it, between two
// transactions.
func (s *Store) checkpoint() {
	c := &s.ahead
	grown := c.grown.Load()
	if grown < c.every {
		return
	}
	if grown >= c.behind {
		c.wg.Wait() // the disk takes longer than the mail
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy || c.closed {
		return
	}
	if c.pages >= c.walPages {
		c.pages = 0 // the next commit makes one, with nothing else under way
		return
	}
	c.busy = true
	c.grown.Store(0)
	unsettled := !s.fresh.settled()
	c.wg.Go(func() { c.ended(s.moveAhead(c, unsettled)) })
}

// moveAhead makes one checkpoint and tells how many pages the WAL has; 0: unknown.
func (s *Store) moveAhead(c *checkpointer, unsettled bool) (pages int64) {
	level := "NORMAL"
	if unsettled {
		level = "OFF"
	}
	if c.db == nil && s.openPool(context.Background(), &c.db, "mode=rw&_synchronous="+level) != nil {
		return 0
	}
	var blocked, moved int64
	if c.db.QueryRow("PRAGMA wal_checkpoint(PASSIVE)").Scan(&blocked, &pages, &moved) != nil {
		return 0
	}
	if c.made++; unsettled && c.made%freshFlush == 0 {
		_ = s.flushFresh() // settle hears of it
	}
	return pages
}

// restart waits for what is under way. What comes next has a connection of its own.
func (c *checkpointer) restart() error {
	c.wg.Wait()
	c.mu.Lock() // somebody may close the store while it is settled
	db := c.db
	c.db = nil
	c.mu.Unlock()
	if db == nil {
		return nil
	}
	return db.Close()
}

func (c *checkpointer) ended(pages int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy, c.pages = false, pages
}

// close waits for a checkpoint under way; none begins any more.
func (c *checkpointer) close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	return c.restart()
}
