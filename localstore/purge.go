package localstore

import "context"

// Purged is what was removed for good.
type Purged struct {
	Messages, Bodies int64
	Bytes            int64 // of the bodies
}

// purgeBatch is how many messages go in one transaction.
const purgeBatch = 500

// Purge removes messages that have vanished, and bodies that no other message has,
// for good: their bytes are overwritten in the file. What is present, or something
// waits for, stays. What history says of them, but for their content, stays too.
// Interrupted, it has removed whole messages; Compact then still cleans up.
func (s *Store) Purge(ctx context.Context, ids []MessageID, progress func(done int)) (all Purged, err error) {
	if s.writer == nil {
		return all, &Error{Kind: ErrReadOnly, Path: s.path}
	}
	if _, err := s.writer.ExecContext(ctx, "PRAGMA secure_delete = ON"); err != nil {
		return all, s.wrap(canceled(ctx, err))
	}
	for first := 0; first < len(ids); first += purgeBatch {
		last := min(first+purgeBatch, len(ids))
		var batch Purged
		err := s.Update(ctx, func(tx *Tx) (err error) {
			batch, err = tx.purge(ids[first:last])
			return err
		})
		if err != nil {
			return all, err
		}
		all.Messages, all.Bodies, all.Bytes = all.Messages+batch.Messages, all.Bodies+batch.Bodies, all.Bytes+batch.Bytes
		progress(last)
	}
	return all, nil
}

func (tx *Tx) purge(ids []MessageID) (all Purged, err error) {
	for _, id := range ids {
		var body int64
		if _, err := tx.get("SELECT ifnull(body, 0) FROM message WHERE id = ?", []any{id}, &body); err != nil {
			return all, err
		}
		n, err := tx.exec(`DELETE FROM message WHERE id = ?1 AND vanished_run IS NOT NULL
			AND NOT EXISTS (SELECT 1 FROM intent WHERE message = ?1) AND NOT EXISTS (SELECT 1 FROM intent WHERE result = ?1)`, id)
		if err != nil {
			return all, err
		}
		all.Messages += n
		if n == 0 || body == 0 {
			continue
		}
		size, gone, err := tx.purgeBody(body)
		if err != nil {
			return all, err
		}
		if gone {
			all.Bodies++
			all.Bytes += size
		}
	}
	return all, nil
}

// purgeBody removes a body that no message has any more; its envelope goes along.
func (tx *Tx) purgeBody(id int64) (size int64, gone bool, err error) {
	gone, err = tx.get("SELECT size FROM body WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM message WHERE body = ?1)", []any{id}, &size)
	if err != nil || !gone {
		return 0, false, err
	}
	if _, err := tx.exec("DELETE FROM chunk WHERE id >= ?1 << 20 AND id < (?1 + 1) << 20", id); err != nil {
		return 0, false, err
	}
	_, err = tx.exec("DELETE FROM body WHERE id = ?", id)
	return size, true, err
}

// Compact empties the log beside the file, and before that writes the file anew,
// without what was freed, where that is wanted: it needs as much free space again as
// the file has. left: another program reads, so that the log stays for now.
func (s *Store) Compact(ctx context.Context, anew bool) (left bool, err error) {
	if s.writer == nil {
		return false, &Error{Kind: ErrReadOnly, Path: s.path}
	}
	s.ahead.wg.Wait() // of a checkpoint under way SQLite would say that another program reads
	if anew {
		if _, err := s.writer.ExecContext(ctx, "VACUUM"); err != nil {
			return false, s.wrap(canceled(ctx, err))
		}
	}
	var pages, moved int64
	err = s.writer.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&left, &pages, &moved)
	return left, s.wrap(canceled(ctx, err))
}
