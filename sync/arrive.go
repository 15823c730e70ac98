package sync

import (
	"context"
	"math"
	"slices"

	"github.com/emersion/go-imap/v2"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

const (
	// arriveBatch is how many new rows share a transaction: a kill costs no
	// more than their metadata, a few kilobytes of wire.
	arriveBatch = 2000
	// sampleRows is how many known messages are looked at again with every
	// listing, to notice a mailbox recreated under its old UIDVALIDITY (row 15).
	sampleRows = 8
)

// arrive takes in the messages above the known range and reports how many the
// server listed there. Messages that a UIDVALIDITY change left behind find
// their counterpart here; what remains of them becomes in.Stale.
func (m *mailbox) arrive(ctx context.Context, c *remote.Conn, in *plan.Input) (int, error) {
	olds, err := m.left(ctx)
	if err != nil {
		return 0, err
	}
	l := &listing{m: m, after: m.cursor().Listed}
	if l.sample, err = m.sample(ctx, *in); err != nil {
		return 0, err
	}
	if len(olds.list)+len(olds.lost) > 0 {
		return m.relinked(ctx, c, l, olds, in)
	}
	err = l.read(ctx, c, func(batch []localstore.Arrival) error {
		m.noteNew(batch)
		return m.admit(ctx, intake{fresh: batch})
	})
	return l.count, err
}

// cursor is how far the current generation is mirrored.
func (m *mailbox) cursor() localstore.Cursor {
	if m.gen == nil {
		return localstore.Cursor{}
	}
	return m.gen.Cursor
}

// noteNew counts arrivals for the plan.
func (m *mailbox) noteNew(batch []localstore.Arrival) {
	m.plan.New += len(batch)
	for _, a := range batch {
		size := max(a.Size, 0)
		m.plan.NewBytes = min(m.plan.NewBytes, math.MaxInt64-size) + size // sizes may be absurd
	}
}

// intake is a batch of a listing, ready to be committed.
type intake struct {
	fresh  []localstore.Arrival
	moves  []localstore.Rebind // old rows that take their new place
	bodies map[uint32][32]byte // of fresh: held already
}

// admit commits an intake and the cursor in one transaction.
func (m *mailbox) admit(ctx context.Context, in intake) error {
	if m.opt.DryRun || len(in.fresh)+len(in.moves) == 0 {
		return nil
	}
	cursor := m.advanced(in)
	for i := range in.moves {
		in.moves[i].Generation = m.gen.ID
	}
	linked := 0
	err := m.store.Update(ctx, func(tx *localstore.Tx) (err error) {
		if err := tx.Rebind(m.run.id, in.moves); err != nil {
			return err
		}
		if linked, err = m.insert(tx, in); err != nil {
			return err
		}
		return tx.SetCursor(m.gen.ID, cursor)
	})
	if err != nil {
		return err
	}
	m.gen.Cursor = cursor
	m.receipt.New += m.foreign(in.fresh)
	m.undeleted()
	m.receipt.Rebound += len(in.moves)
	m.counter.link(linked)
	m.session.progress()
	return nil
}

// undeleted tells of messages that the server keeps although it said that it had
// expunged them: ones that its owner may mark, but not remove (RFC 4314 section 4).
func (m *mailbox) undeleted() {
	for _, uid := range m.back {
		m.receipt.New--
		m.receipt.Failures = append(m.receipt.Failures, Failure{Mailbox: m.info.Name, UID: uid,
			Reason: `delete: the server said that it was done, and keeps the message, marked \Deleted`})
	}
	m.back = nil
}

// foreign counts the messages that this mirror did not put there itself.
func (m *mailbox) foreign(fresh []localstore.Arrival) (n int) {
	for _, a := range fresh {
		if !m.bound[a.UID] {
			n++
		}
	}
	return n
}

// advanced is the cursor with an intake; UIDs of an archive are not tracked.
func (m *mailbox) advanced(in intake) localstore.Cursor {
	cursor := m.gen.Cursor
	if m.archived {
		return cursor
	}
	for _, r := range in.moves {
		cursor.Listed = max(cursor.Listed, r.UID)
	}
	for _, a := range in.fresh {
		cursor.Listed = max(cursor.Listed, a.UID)
	}
	return cursor
}

// insert adds the new rows and links the bodies known among them.
func (m *mailbox) insert(tx *localstore.Tx, in intake) (linked int, err error) {
	ids, err := tx.Arrive(m.run.id, m.gen.ID, in.fresh)
	if err != nil {
		return 0, err
	}
	for i, a := range in.fresh {
		if m.deleted[ids[i]] {
			m.back = append(m.back, a.UID)
		}
		sum, known := in.bodies[a.UID]
		if !known {
			continue
		}
		ok, err := tx.LinkBody(ids[i], sum)
		if err != nil {
			return linked, err
		}
		if ok {
			linked++
		}
	}
	return linked, nil
}

// unlistedGap is how many known messages in a row are listed needlessly rather
// than paid for with a round trip.
const unlistedGap = 1000

// unlisted takes in messages of the known range that have no row: a server
// that answered out of order before a kill, or one that shows again what it
// had hidden.
func (m *mailbox) unlisted(ctx context.Context, c *remote.Conn, uids []imap.UID) error {
	for len(uids) > 0 {
		only := map[uint32]bool{uint32(uids[0]): true}
		n := 1
		for n < len(uids) && uids[n]-uids[n-1] <= unlistedGap {
			only[uint32(uids[n])] = true
			n++
		}
		l := &listing{m: m, after: uint32(uids[0]) - 1, to: uids[n-1], only: only}
		err := l.read(ctx, c, func(batch []localstore.Arrival) error {
			m.noteNew(batch)
			return m.admit(ctx, intake{fresh: batch})
		})
		if err != nil {
			return err
		}
		uids = uids[n:]
	}
	return nil
}

// sample picks messages that both sides know from the end of the known range:
// they come for free at the head of the listing of what is new.
func (m *mailbox) sample(ctx context.Context, in plan.Input) (map[uint32]plan.Fixed, error) {
	uids := lastShared(in, sampleRows)
	if len(uids) == 0 {
		return nil, nil
	}
	sample := map[uint32]plan.Fixed{}
	err := m.store.RowsFrom(ctx, m.gen.ID, uint32(slices.Min(uids)), func(r localstore.Row) error {
		if r.Size >= 0 && !r.Date.IsZero() && slices.Contains(uids, imap.UID(r.UID)) {
			sample[r.UID] = plan.Fixed{Size: r.Size, Date: r.Date.Unix()}
		}
		return nil
	})
	return sample, err
}

// lastShared are the last n UIDs that both mirror and server have.
func lastShared(in plan.Input, n int) (uids []imap.UID) {
	rows, there := in.Rows, in.Remote
	for len(uids) < n && len(rows) > 0 && len(there) > 0 {
		row, now := rows[len(rows)-1].UID, there[len(there)-1].UID
		if row == now {
			uids = append(uids, row)
		}
		if row >= now {
			rows = rows[:len(rows)-1]
		}
		if now >= row {
			there = there[:len(there)-1]
		}
	}
	return uids
}
