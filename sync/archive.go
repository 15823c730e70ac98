package sync

import (
	"context"
	"fmt"
	"slices"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// archive keeps what is new by content alone, where UIDs do not last (I3, row
// 13). Nothing is ever taken for vanished here, and flags stay as they were
// when a message arrived. Each run has a generation of its own; messages of
// equal size, date, and header are one.
func (m *mailbox) archive(ctx context.Context, c *remote.Conn, sel remote.Selected) error {
	m.lacks = ""
	m.fact(m.id).aside = "kept by content alone, since its UIDs do not last"
	if err := m.retire(ctx); err != nil {
		return err
	}
	o, err := m.left(ctx)
	if err != nil {
		return err
	}
	var all []localstore.Arrival
	l := &listing{m: m}
	err = l.read(ctx, c, func(batch []localstore.Arrival) error {
		all = append(all, batch...)
		return nil
	})
	if err != nil {
		return err
	}
	suspects, err := m.suspects(ctx, c, o.list, all)
	if err != nil {
		return err
	}
	kept := plan.Kept(o.list, suspects)
	fresh := slices.DeleteFunc(all, func(a localstore.Arrival) bool { return kept[a.UID] })
	m.noteNew(fresh)
	m.planned(m.plan)
	m.listed = true
	if err := m.keep(ctx, fresh, sel); err != nil || m.lacks == "" {
		return err
	}
	return m.shortfall(ctx, sel, len(all))
}

// retire ends the generation whose UIDs died with their connection.
func (m *mailbox) retire(ctx context.Context) error {
	if m.gen == nil {
		return nil
	}
	return m.reset(ctx)
}

// keep opens a generation for what is new; its cursor never moves.
func (m *mailbox) keep(ctx context.Context, fresh []localstore.Arrival, sel remote.Selected) error {
	if err := m.openGeneration(ctx, sel.UIDValidity); err != nil {
		return fmt.Errorf("mailbox %q: %w", m.info.Raw, err)
	}
	for len(fresh) > 0 {
		n := min(len(fresh), arriveBatch)
		if err := m.admit(ctx, intake{fresh: fresh[:n]}); err != nil {
			return err
		}
		fresh = fresh[n:]
	}
	return nil
}
