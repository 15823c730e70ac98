package sync

import (
	"cmp"
	"context"
	"slices"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// open opens the mailbox. One that the mirror knows is brought up to date in
// the same flight, by the best that the server offers, and a new one is listed in
// it; m.listed tells whether that sufficed.
func (m *mailbox) open(ctx context.Context, c *remote.Conn) (remote.Selected, error) {
	if err := m.begin(ctx); err != nil {
		return remote.Selected{}, err
	}
	able, err := m.resumable(ctx)
	if err != nil {
		return remote.Selected{}, err
	}
	if !able {
		return c.Examine(ctx, m.info.Raw)
	}
	return m.resync(ctx, c)
}

// begin opens the generation of a mailbox never synced, by the UIDVALIDITY that
// the list told.
func (m *mailbox) begin(ctx context.Context) error {
	st := m.info.Status
	if m.gen != nil || m.retired != nil || m.opt.DryRun || m.archived || st == nil || st.UIDValidity == 0 {
		return nil
	}
	if gens, err := m.store.Generations(ctx, m.id); err != nil || len(gens) > 0 {
		return err
	}
	return m.openGeneration(ctx, st.UIDValidity)
}

// resumable reports whether the mirror's cursor means something: nothing was
// forgotten on request, no generation waits for its counterparts.
func (m *mailbox) resumable(ctx context.Context) (bool, error) {
	if m.gen == nil || m.listed || m.archived || m.rematch || m.opt.Full || m.shorts > 0 {
		return false, nil
	}
	if archive, err := m.keepsNoUIDs(ctx); archive || err != nil {
		return false, err
	}
	stale, err := found(m.store.Stale(ctx, m.id, stop))
	return !stale, err
}

// resync asks what changed since the cursor (RFC 7162 section 3, or a scan where
// the server has none of it). What it cannot settle is left to a listing.
func (m *mailbox) resync(ctx context.Context, c *remote.Conn) (remote.Selected, error) {
	r, err := m.newResync(ctx)
	if err != nil {
		return remote.Selected{}, err
	}
	sel, changes, err := c.ExamineChanged(ctx, m.info.Raw, r.known, everything, func(x remote.Meta) error {
		return r.hear(ctx, x)
	})
	if remote.ClassOf(err) == remote.Refused && !m.quarantined {
		return c.Examine(ctx, m.info.Raw) // a listing copes with the one message that is refused
	}
	if err != nil || m.quarantined {
		return sel, err
	}
	return sel, r.conclude(ctx, c, sel, changes)
}

// resync is what a mailbox hears of its changes.
type resync struct {
	m      *mailbox
	rows   []plan.Row
	known  remote.Known
	change plan.Changes
	l      *listing
	err    error
}

// newResync reads what the mirror holds. The last rows are listed anew, with
// size and date, to notice a mailbox recreated under its old UIDVALIDITY (row
// 15).
func (m *mailbox) newResync(ctx context.Context) (*resync, error) {
	m.plan, m.lacks, m.labels.told = plan.MailboxPlan{Mailbox: m.info.Name}, "", nil
	if err := m.owed(ctx); err != nil {
		return nil, err
	}
	r := &resync{m: m, change: plan.Changes{Flags: map[imap.UID]conflict.Flags{}}}
	if err := m.rows(ctx, &r.rows); err != nil {
		return nil, err
	}
	cursor := m.cursor()
	tail := r.rows[max(0, len(r.rows)-sampleRows):]
	last := imap.UID(cursor.Listed)
	if len(tail) > 0 {
		last = tail[0].UID - 1
	}
	r.change.Last = last
	r.known = remote.Known{UIDValidity: m.gen.UIDValidity, ModSeq: cursor.HighestModSeq, Last: last,
		UIDNext: imap.UID(cursor.UIDNext), MailboxID: cursor.MailboxID}
	for _, row := range r.rows {
		if row.UID <= last {
			r.known.UIDs.AddNum(row.UID)
		}
	}
	r.l = &listing{m: m, after: cursor.Listed, top: cursor.Listed, now: map[uint32]plan.Fixed{}, flags: flagTable{}}
	r.l.flush = func(batch []localstore.Arrival) error {
		m.noteNew(batch)
		return m.admit(ctx, intake{fresh: batch})
	}
	var err error
	r.l.sample, err = m.fixed(ctx, tail)
	return r, err
}

// hear takes one message of which the server tells.
func (r *resync) hear(ctx context.Context, x remote.Meta) error {
	if uint32(x.UID) <= r.l.after {
		r.m.labels.note(x)
	}
	switch {
	case x.UID <= r.change.Last:
		r.flags(x.UID, r.l.flags.set(x.Flags))
		return nil
	case uint32(x.UID) <= r.l.after:
		r.change.Above = append(r.change.Above, plan.Entry{UID: x.UID, Flags: r.l.flags.set(x.Flags)})
	}
	r.l.take(x)
	if !r.confirmed() {
		return nil
	}
	return r.l.hand(ctx, arriveBatch)
}

// flags keeps what differs from the mirror: a scan tells the flags of a million
// messages that kept theirs. The last word on a message counts.
func (r *resync) flags(uid imap.UID, now conflict.Flags) {
	i, held := slices.BinarySearchFunc(r.rows, uid, func(row plan.Row, uid imap.UID) int { return cmp.Compare(row.UID, uid) })
	if held && r.rows[i].Base.Equal(now) {
		delete(r.change.Flags, uid)
		return
	}
	r.change.Flags[uid] = now
}

// confirmed reports whether one of the known messages was seen again: without
// any, the mailbox may be another one.
func (r *resync) confirmed() bool { return len(r.l.sample) == 0 || len(r.l.now) > 0 }

// lasting reports whether the UIDs of the mailbox mean what they did.
func (r *resync) lasting(ctx context.Context, sel remote.Selected) bool {
	var known plan.Known
	known, r.err = r.m.history(ctx, r.m.known(true))
	approach, _ := plan.Judge(known, said(sel))
	return r.err == nil && approach == plan.Scan && !r.m.renamedMeanwhile(known, said(sel))
}

// conclude brings the mirror up to date when what was heard suffices for it. c is
// nil when nothing more can be asked now.
func (r *resync) conclude(ctx context.Context, c *remote.Conn, sel remote.Selected, changes remote.Changes) error {
	if changes.Why != "" {
		r.m.observe(Event{Kind: Note, Mailbox: r.m.info.Name, Text: changes.Why})
	}
	if !changes.Exact || !r.confirmed() || !r.lasting(ctx, sel) {
		return r.err
	}
	return r.settle(ctx, c, sel, changes)
}

// settle takes in what is new, then applies the rest, as compare does.
func (r *resync) settle(ctx context.Context, c *remote.Conn, sel remote.Selected, changes remote.Changes) error {
	if err := r.l.hand(ctx, 0); err != nil || r.m.quarantined {
		return err
	}
	r.change.Vanished = changes.Vanished
	r.change.Above = ascending(r.change.Above)
	in := plan.Input{Rows: r.rows, Remote: r.change.Listing(r.rows)}
	return r.m.conclude(ctx, c, in, sel, max(int(sel.Messages), len(in.Remote)+r.l.count))
}

// rows reads the live messages of the current generation that were listed. What a
// push put there has a UID as well, and is listed as new.
func (m *mailbox) rows(ctx context.Context, into *[]plan.Row) error {
	flags := flagTable{}
	return m.store.Rows(ctx, m.gen.ID, func(r localstore.Row) error {
		if r.UID > m.gen.Cursor.Listed {
			m.bound[r.UID] = true
			return nil
		}
		*into = append(*into, plan.Row{ID: int64(r.ID), UID: imap.UID(r.UID),
			Base: flags.text(r.Base), Local: flags.text(r.Local)})
		return nil
	})
}

// fixed is what never changes of some rows at the end of the mailbox.
func (m *mailbox) fixed(ctx context.Context, rows []plan.Row) (map[uint32]plan.Fixed, error) {
	sample := map[uint32]plan.Fixed{}
	if len(rows) == 0 {
		return sample, nil
	}
	err := m.store.RowsFrom(ctx, m.gen.ID, uint32(rows[0].UID), func(r localstore.Row) error {
		if r.UID <= uint32(rows[len(rows)-1].UID) && r.Size >= 0 && !r.Date.IsZero() {
			sample[r.UID] = plan.Fixed{Size: r.Size, Date: r.Date.Unix()}
		}
		return nil
	})
	return sample, err
}
