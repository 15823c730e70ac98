package localstore

import (
	"context"
	"database/sql"
	"sync"
)

// maxKept bounds the statements that stay prepared: some have a text for every number
// of rows.
const maxKept = 256

// kept are the statements of transactions that stay prepared from one to the next:
// to read their text takes longer than to carry most of them out.
type kept struct {
	mu    sync.Mutex
	again []string             // wanted by a second transaction
	seen  map[string]bool      // prepared by some transaction
	ready map[string]*sql.Stmt // of the writer's connection
}

// prepare makes ready what was wanted again. The connection must be free for it.
func (k *kept) prepare(ctx context.Context, writer *sql.DB) error {
	k.mu.Lock()
	again := k.again
	k.again = nil
	k.mu.Unlock()
	for _, q := range again {
		st, err := writer.PrepareContext(ctx, q)
		if err != nil {
			return err
		}
		k.mu.Lock()
		k.ready[q] = st
		k.mu.Unlock()
	}
	return nil
}

// in gives a statement to a transaction, prepared by it at first.
func (k *kept) in(tx *sql.Tx, q string) (*sql.Stmt, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if st := k.ready[q]; st != nil {
		return tx.Stmt(st), nil
	}
	if k.seen == nil {
		k.seen, k.ready = map[string]bool{}, map[string]*sql.Stmt{}
	}
	switch {
	case k.seen[q]:
		k.again = append(k.again, q)
	case len(k.seen) < maxKept:
		k.seen[q] = true
	}
	return tx.Prepare(q)
}
