package sync

import (
	"context"
	"slices"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// reset retires the current generation: its UIDs mean nothing any more (I2). A
// row without body has nothing to be recognised by and nothing to lose; its
// message, if it is still there, arrives anew.
func (m *mailbox) reset(ctx context.Context) error {
	m.rematch = false
	if m.opt.DryRun {
		m.retired, m.gen = m.gen, nil
		return nil
	}
	bodiless, err := m.bodiless(ctx)
	if err != nil {
		return err
	}
	err = m.store.Update(ctx, func(tx *localstore.Tx) error {
		if err := tx.Vanish(m.run.id, bodiless); err != nil {
			return err
		}
		return tx.RetireGeneration(m.gen.ID, m.run.id)
	})
	m.gen = nil
	return err
}

func (m *mailbox) bodiless(ctx context.Context) ([]localstore.MessageID, error) {
	var ids []localstore.MessageID
	collect := func(r localstore.Row) error {
		if !r.HasBody {
			ids = append(ids, r.ID)
		}
		return nil
	}
	if err := m.store.Rows(ctx, m.gen.ID, collect); err != nil {
		return nil, err
	}
	err := m.store.Stale(ctx, m.id, collect)
	return ids, err
}

// olds are messages that look for their counterpart on the server.
type olds struct {
	list  []plan.Old
	flags map[int64][2]conflict.Flags // base and local
	lost  []int64                     // their bodies were found damaged: nothing to be recognised by
}

// left collects the messages that a UIDVALIDITY change left behind, in this run
// or an earlier one.
func (m *mailbox) left(ctx context.Context) (olds, error) {
	o := olds{flags: map[int64][2]conflict.Flags{}}
	gens, err := m.retiredGenerations(ctx)
	if err != nil {
		return o, err
	}
	err = m.store.Fingerprints(ctx, gens, func(f localstore.Fingerprint) error {
		id := int64(f.ID)
		if !f.HasBody {
			o.lost = append(o.lost, id)
			return nil
		}
		o.list = append(o.list, plan.Old{ID: id, Fixed: plan.Fixed{Size: f.Size, Date: f.Date.Unix()},
			Header: f.HeaderSHA256, Body: f.SHA256})
		o.flags[id] = [2]conflict.Flags{conflict.Flags(f.Base), conflict.Flags(f.Local)}
		return nil
	})
	return o, err
}

func (m *mailbox) retiredGenerations(ctx context.Context) ([]localstore.GenerationID, error) {
	var ids []localstore.GenerationID
	if m.id == 0 {
		return nil, nil
	}
	all, err := m.store.Generations(ctx, m.id)
	for _, g := range all {
		if g.Retired || m.retired != nil && g.ID == m.retired.ID {
			ids = append(ids, g.ID)
		}
	}
	return ids, err
}

// relinked takes in a listing whose messages may be known from before a
// UIDVALIDITY change. It needs the whole listing at once: a match is unique
// only when nothing else matches.
func (m *mailbox) relinked(ctx context.Context, c *remote.Conn, l *listing, o olds, in *plan.Input) (int, error) {
	var all []localstore.Arrival
	err := l.read(ctx, c, func(batch []localstore.Arrival) error {
		all = append(all, batch...)
		return nil
	})
	if err != nil || m.quarantined {
		return 0, err
	}
	slices.SortFunc(all, byUID) // a cursor must not pass what a kill keeps from being matched
	suspects, err := m.suspects(ctx, c, o.list, all)
	if err != nil {
		return 0, err
	}
	links := map[uint32]plan.Link{}
	for _, l := range plan.Relink(o.list, suspects) {
		links[l.UID] = l
	}
	m.noteNew(all)
	for len(all) > 0 && err == nil {
		n := min(len(all), arriveBatch)
		err = m.admitLinked(ctx, all[:n], links, o)
		all = all[n:]
	}
	in.Stale = o.unmatched(links)
	return l.count, err
}

// unmatched are the messages that found no counterpart.
func (o olds) unmatched(links map[uint32]plan.Link) []int64 {
	found := map[int64]bool{}
	for _, l := range links {
		found[l.ID] = true
	}
	ids := slices.Clone(o.lost)
	for _, old := range o.list {
		if !found[old.ID] {
			ids = append(ids, old.ID)
		}
	}
	return ids
}

// suspects are the arrivals that agree with an old message in size and date, with
// their headers, which are fetched for it.
func (m *mailbox) suspects(ctx context.Context, c *remote.Conn, old []plan.Old, arrivals []localstore.Arrival) ([]plan.New, error) {
	now := make([]plan.New, 0, len(arrivals))
	for _, a := range arrivals {
		now = append(now, plan.New{UID: a.UID, Fixed: plan.Fixed{Size: a.Size, Date: a.Date.Unix()}})
	}
	headers, err := m.headers(ctx, c, plan.Suspects(old, now))
	if err != nil {
		return nil, err
	}
	var suspects []plan.New
	for _, n := range now {
		if h, ok := headers[n.UID]; ok {
			n.Header = h
			suspects = append(suspects, n)
		}
	}
	return suspects, nil
}

// headers hashes the header blocks of messages.
func (m *mailbox) headers(ctx context.Context, c *remote.Conn, uids []uint32) (map[uint32][32]byte, error) {
	sums := make(map[uint32][32]byte, len(uids))
	if len(uids) == 0 {
		return sums, nil
	}
	err := c.Headers(ctx, uidSet(uids), func(uid imap.UID, header []byte) error {
		sums[uint32(uid)] = localstore.HeaderHash(header)
		return nil
	})
	return sums, err
}

func uidSet(uids []uint32) imap.UIDSet {
	var set imap.UIDSet
	for _, uid := range uids {
		set.AddNum(imap.UID(uid))
	}
	return set
}

// admitLinked commits a batch of arrivals: those that surely are an old message
// take its row, the others get a new one, with the body where that is known.
func (m *mailbox) admitLinked(ctx context.Context, batch []localstore.Arrival, links map[uint32]plan.Link, o olds) error {
	var moves []localstore.Rebind
	var fresh []localstore.Arrival
	bodies := map[uint32][32]byte{}
	for _, a := range batch {
		l, known := links[a.UID]
		switch {
		case l.ID != 0:
			was, now := o.flags[l.ID], conflict.Flags(a.Flags)
			moves = append(moves, localstore.Rebind{ID: localstore.MessageID(l.ID), UID: a.UID,
				Base: a.Flags, Local: string(conflict.Merge(was[0], was[1], now)), Identity: a.Identity, Labels: a.Labels})
			continue
		case known:
			bodies[a.UID] = l.Body
		}
		fresh = append(fresh, a)
	}
	m.rebound += len(moves)
	m.plan.New -= len(moves)
	m.plan.Linked += len(bodies)
	return m.admit(ctx, intake{fresh, moves, bodies})
}
