package sync

import (
	"cmp"
	"context"
	"errors"

	"mailstow/sync/remote"
)

// tourRows bounds the known messages of a mailbox that is visited together with
// others: its rows wait in memory for the answer. What a larger one costs is not
// the round trip of its own.
const tourRows = 10_000

// together does for all mailboxes at once what takes one question each: one flight
// that lists and downloads, whatever their number. What needs more than that, and
// what had not come when the connection was lost, is left to a visit of its own,
// which knows how to deal with trouble.
func (r *run) together(ctx context.Context, boxes []*mailbox) error {
	others := r.newCrew(ctx)
	others.hire()
	err := r.survey(others.ctx, boxes, others)
	if err == nil {
		err = others.collect()
	}
	return others.dismiss(err)
}

// survey lists what changed in the mailboxes, stocks what is missing there, and begins
// to download it.
func (r *run) survey(ctx context.Context, boxes []*mailbox, w *crew) error {
	_, err := r.once(ctx, func(ctx context.Context, c *remote.Conn) error { return r.look(ctx, c, boxes, w) })
	for _, m := range boxes {
		if err == nil && !m.done && !m.listed {
			err = r.mailbox(ctx, m)
		}
	}
	return err
}

// once runs f on a connection, and not again when that is lost. whole reports
// whether it came to its end.
func (r *run) once(ctx context.Context, f func(context.Context, *remote.Conn) error) (whole bool, err error) {
	begun := false
	err = r.session.do(ctx, func(ctx context.Context, c *remote.Conn) error {
		if begun {
			return nil
		}
		begun = true
		err := f(ctx, c)
		whole = err == nil
		return err
	})
	if err != nil && !r.ends(ctx, err) {
		err = nil
	}
	return whole, err
}

// look is survey on one connection, in one flight: what the first mailboxes lack is
// asked for while the answers of the others are still to come.
func (r *run) look(ctx context.Context, c *remote.Conn, boxes []*mailbox, w *crew) error {
	var failed error
	l := r.newLane(c, w.stock)
	l.crew = w
	err := c.ExamineAll(ctx, func(yield func(remote.Visit) bool) {
		for _, m := range boxes {
			v, err := m.visit(ctx, l)
			l.alone = l.alone || v == nil
			if failed = err; failed != nil || v != nil && !yield(*v) {
				return
			}
		}
	}, func(yield func(*remote.BodyVisit) bool) {
		for failed == nil && !l.over() && yield(l.next(ctx)) {
		}
	})
	return l.end(ctx, cmp.Or(failed, err))
}

// visit is the question to a mailbox; nil when one does not suffice.
func (m *mailbox) visit(ctx context.Context, l *lane) (*remote.Visit, error) {
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	able, err := m.resumable(ctx)
	if err != nil || !able || m.cursor().Messages > tourRows {
		return nil, err
	}
	m.announce()
	r, err := m.newResync(ctx)
	if err != nil {
		return nil, err
	}
	l.listing++
	return &remote.Visit{Raw: m.info.Raw, Known: r.known, Want: everything,
		Fn: func(x remote.Meta) error { return r.hear(ctx, x) },
		Done: func(sel remote.Selected, changes remote.Changes, err error) error {
			if err := r.heard(ctx, sel, changes, err); err != nil {
				return err
			}
			err = l.crew.offer(ctx, m)
			l.listing, l.alone = l.listing-1, l.alone || !m.done && !m.listed
			return err
		}}, nil
}

// heard takes the answer of a mailbox among others.
func (r *resync) heard(ctx context.Context, sel remote.Selected, changes remote.Changes, err error) error {
	if err == nil && !r.m.quarantined {
		err = r.conclude(ctx, nil, sel, changes)
	}
	m := r.m
	if m.done = m.quarantined || m.listed && m.opt.DryRun; m.done {
		m.counter.nothing(m)
	}
	if errors.Is(err, remote.ErrAlone) {
		return nil
	}
	return err
}
