package localstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Passing tells that the file is the state of migrations: bodies pass through it and
// are dropped.
func (s *Store) Passing() bool { return s.passing }

// passingVersion is the schema that first knew of such files.
const passingVersion = 7

// checkKind refuses a file of another kind than is asked for. Whoever reads may read
// both.
func (s *Store) checkKind(o Options) error {
	switch {
	case o.Passing && !s.passing:
		return &Error{Kind: ErrKeeping, Path: s.path, Hint: "name another file, which mailstow then makes; or migrate with this store, without --no-store"}
	case s.passing && !o.Passing && !o.ReadOnly:
		return &Error{Kind: ErrPassing, Path: s.path, Hint: "only mailstow migrate --no-store writes to it; name a store with --store"}
	}
	return nil
}

// SetDue makes the bodies of these messages, if they are not held, the only ones that
// are missing; what came to mailboxes while something waits to come there stays due,
// since only its bytes tell what became of that (I19). Only in the state of a migration.
func (tx *Tx) SetDue(ids []MessageID) error {
	if err := tx.onlyPassing(); err != nil {
		return err
	}
	if _, err := tx.exec(`DELETE FROM due WHERE message NOT IN (SELECT m.id FROM due d CROSS JOIN message m ON m.id = d.message
		JOIN generation g ON g.id = m.generation JOIN intent i ON i.target = g.mailbox
		WHERE m.body IS NULL AND m.id > i.result AND i.state <> 'parked')`); err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := tx.exec("UPDATE message SET body = NULL WHERE id = ?1 AND EXISTS (SELECT 1 FROM body b WHERE b.id = body AND b.dropped = 1)", id); err != nil {
			return err
		}
		if _, err := tx.exec("INSERT INTO due(message) VALUES (?) ON CONFLICT DO NOTHING", id); err != nil {
			return err
		}
	}
	return nil
}

// dueArrived makes due what arrived in a generation while something waits to come
// there, or may have come. What is parked is not looked for.
func (tx *Tx) dueArrived(gen GenerationID) error {
	if !tx.s.passing {
		return nil
	}
	_, err := tx.exec(`INSERT INTO due(message) SELECT m.id FROM message m
		WHERE m.generation = ?1 AND m.uid > 0 AND m.body IS NULL AND m.vanished_run IS NULL
		AND m.id > (SELECT min(i.result) FROM generation g JOIN intent i ON i.target = g.mailbox
			WHERE g.id = ?1 AND i.state <> 'parked') ON CONFLICT DO NOTHING`, gen)
	return err
}

// Drop lets go of the bytes of all bodies but those that wait to be sent, or may have
// to be sent again. What tells them from others is kept. Only in the state of a
// migration. It gives how many bytes are left: of bodies, not of what they take when
// packed, and not of those begun, which take what their messages announce.
func (tx *Tx) Drop() (left int64, err error) {
	if err := tx.onlyPassing(); err != nil {
		return 0, err
	}
	ids, err := tx.idle()
	if err != nil {
		return 0, err
	}
	for some := range slices.Chunk(ids, linkRows) {
		if _, err := tx.exec(fmt.Sprintf(dropBodies, values("(?)", len(some))), some...); err != nil {
			return 0, err
		}
		for _, id := range some {
			if err := tx.deleteChunks(id.(int64)); err != nil {
				return 0, err
			}
		}
	}
	if _, err := tx.exec(dropHeadings); err != nil {
		return 0, err
	}
	_, err = tx.get("SELECT ifnull(sum(size), 0) FROM chunk c WHERE NOT EXISTS (SELECT 1 FROM staging s WHERE s.body = c.id >> 20)", nil, &left)
	return left, err
}

const dropBodies = "UPDATE body SET damaged = 1, dropped = 1 WHERE id IN (%s)"

// dropHeadings lets go of the headings of what was dropped. Those stay of what is on its
// way, and of what came to its mailbox since: they tell whether one is the other where
// the server wrote it differently (I20). Envelopes are few: the others have gone before.
const dropHeadings = `DELETE FROM envelope WHERE EXISTS (SELECT 1 FROM body b WHERE b.id = envelope.body AND b.dropped = 1)
	AND NOT EXISTS (SELECT 1 FROM message m CROSS JOIN generation g ON g.id = m.generation CROSS JOIN intent i ON i.target = g.mailbox
		WHERE m.body = envelope.body AND m.id >= i.result AND i.state <> 'parked')`

// idle are the bodies of which nothing waits to be sent. Without chunks there is
// nothing to let go of.
func (tx *Tx) idle() (ids []any, err error) {
	var after int64
	for {
		var id int64
		var waits bool
		ok, err := tx.get(idleQuery, []any{after}, &id, &waits)
		if err != nil || !ok {
			return ids, err
		}
		if after = id; !waits {
			ids = append(ids, id)
		}
	}
}

const idleQuery = `SELECT b.id, EXISTS (SELECT 1 FROM message r JOIN intent i ON i.result = r.id WHERE r.body = b.id AND i.state IN ('queued', 'sent'))
	FROM chunk c CROSS JOIN body b ON b.id = c.id >> 20 WHERE c.id >= (?1 + 1) << 20 ORDER BY c.id LIMIT 1`

func (tx *Tx) onlyPassing() error {
	if tx.s.passing {
		return nil
	}
	return tx.fail(fmt.Errorf("%s: %w", tx.s.path, ErrKeeping))
}

// Shrink gives the room back that bodies took on their way, when it is a good part
// of the file.
func (s *Store) Shrink(ctx context.Context) error {
	if s.writer == nil {
		return &Error{Kind: ErrReadOnly, Path: s.path}
	}
	var all, free int64
	for pragma, n := range map[string]*int64{"page_count": &all, "freelist_count": &free} {
		if err := s.writer.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(n); err != nil {
			return s.wrap(canceled(ctx, err))
		}
	}
	_, err := s.Compact(ctx, free > all/8)
	if errors.Is(err, ErrFull) {
		return nil // it needs room once more for what is left; as it is, nothing is lost
	}
	return err
}

// ofMissing says among which messages a query looks for missing bodies.
func (s *Store) ofMissing(query string) string {
	from := "message m WHERE"
	if s.passing {
		from = "due d CROSS JOIN message m ON m.id = d.message WHERE"
	}
	return fmt.Sprintf(query, from)
}

// MadeOf says, as a problem would, of which message RestoreWith made another one. No
// message: nobody knows, or it is gone.
func (tx *Tx) MadeOf(id MessageID) (p Problem, err error) {
	_, err = tx.get(`SELECT x.account, x.id, o.id FROM event e CROSS JOIN message o ON o.id = CAST(e.old AS INTEGER)
		CROSS JOIN generation g ON g.id = o.generation CROSS JOIN mailbox x ON x.id = g.mailbox
		WHERE e.message = ? AND e.kind = 'arrived' AND e.uid IS NULL AND e.old IS NOT NULL AND o.vanished_run IS NULL`,
		[]any{id}, &p.Account, &p.Mailbox, &p.Message)
	return p, err
}
