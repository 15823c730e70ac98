package localstore

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// stageBatch is how many chunks of a staged body go into one transaction.
const stageBatch = 2

// Stage reads a whole body and writes its chunks into the store at once, in
// short transactions of its own, so that memory stays at a few MiB whatever the
// size. Nobody sees the body until PutBodies puts it. Before that, Discard removes
// it; so does the next Open when this process is killed, and Stage itself when r
// fails. Not to be called inside Update.
func (s *Store) Stage(ctx context.Context, p *Packer, r io.Reader) (*Packed, error) {
	st := &stager{s: s, ctx: ctx, id: s.nextBody.Add(1), bufs: &p.staged}
	packed, err := p.stream(r, st.add)
	if err == nil {
		err = st.flush()
	}
	if writeErr := st.wait(); err == nil {
		err = writeErr
	}
	if err != nil {
		// Not ctx: it may be the reason, and the chunks should go all the same.
		err = errors.Join(err, s.unstage(context.WithoutCancel(ctx), st.id))
		return nil, err
	}
	packed.staged = st.id
	return packed, nil
}

// Discard removes a staged body that was not put. It does nothing to any other.
func (s *Store) Discard(ctx context.Context, b *Packed) error {
	if b == nil || b.staged == 0 {
		return nil
	}
	return s.unstage(ctx, b.staged)
}

// stager gathers chunks for one transaction, while the one before is written.
type stager struct {
	s       *Store
	ctx     context.Context
	id      int64
	msg     MessageID // whose body it is; 0: nobody's, should the process end
	kept    []byte    // SHA-256 of the chunks that are to be gone on from; nil: none
	next    int       // number of the first chunk in batch
	batch   []chunk
	bufs    *[2][stageBatch][]byte // what the data of both batches sits in
	turn    int                    // the half of bufs that batch uses
	writing chan error             // of the transaction under way, nil without
}

func (st *stager) add(c chunk) error {
	buf := &st.bufs[st.turn][len(st.batch)]
	*buf = append((*buf)[:0], c.data...)
	c.data = *buf
	if st.batch = append(st.batch, c); len(st.batch) < stageBatch {
		return nil
	}
	return st.flush()
}

// flush starts writing a batch when the one before is written.
func (st *stager) flush() error {
	if err := st.wait(); err != nil {
		return err
	}
	batch, first, writing := st.batch, st.next, make(chan error, 1)
	st.batch, st.next, st.turn, st.writing = nil, first+len(batch), 1-st.turn, writing
	kept := st.kept
	go func() { writing <- st.write(batch, first, kept) }()
	return nil
}

// wait ends with the transaction under way.
func (st *stager) wait() error {
	if st.writing == nil {
		return nil
	}
	err := <-st.writing
	st.writing = nil
	return err
}

func (st *stager) write(batch []chunk, first int, kept []byte) error {
	return st.s.Update(st.ctx, func(tx *Tx) error {
		_, err := tx.exec(`INSERT INTO staging(body, message, sha256) VALUES (?, nullif(?, 0), ?)
			ON CONFLICT(body) DO UPDATE SET sha256 = excluded.sha256`, st.id, st.msg, kept)
		if err != nil {
			return err
		}
		for i, c := range batch {
			if err := tx.putChunk(st.id, first+i, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// unstage removes the chunks of a body if it is still staged.
func (s *Store) unstage(ctx context.Context, id int64) error {
	return s.Update(ctx, func(tx *Tx) error { return tx.unstage(id) })
}

func (tx *Tx) unstage(id int64) error {
	if id == 0 {
		return nil
	}
	n, err := tx.exec("DELETE FROM staging WHERE body = ?", id)
	if err != nil || n == 0 {
		return err
	}
	return tx.deleteChunks(id)
}

const leftover = `SELECT body FROM staging s WHERE NOT EXISTS (SELECT 1 FROM message m
	WHERE m.id = s.message AND m.uid IS NOT NULL AND m.body IS NULL AND m.vanished_run IS NULL) LIMIT 1`

// atOpening is the highest id of a body, and whether something is staged.
const atOpening = `SELECT max((SELECT ifnull(max(id), 0) FROM body), (SELECT ifnull(max(id), 0) >> 20 FROM chunk)),
	EXISTS (SELECT 1 FROM staging)`

// recoverStaging finds the first free body id, and removes what killed processes left
// staged, but for what a Partial can go on with. The lock is held: nobody is staging now.
func (s *Store) recoverStaging(ctx context.Context) error {
	var last int64
	var staged bool
	if err := s.writer.QueryRow(atOpening).Scan(&last, &staged); err != nil {
		return fmt.Errorf("last body: %w", err)
	}
	if s.nextBody.Store(last); !staged {
		return nil
	}
	return s.Update(ctx, func(tx *Tx) error {
		for {
			var id int64
			ok, err := tx.get(leftover, nil, &id)
			if !ok || err != nil {
				return err
			}
			if err := tx.unstage(id); err != nil {
				return err
			}
		}
	})
}
