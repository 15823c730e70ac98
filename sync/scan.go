package sync

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// compare lists the mailbox, takes in what is new, then applies what changed
// and vanished, in that order: nothing that the guard refuses keeps new mail
// from arriving.
func (m *mailbox) compare(ctx context.Context, c *remote.Conn, sel remote.Selected) error {
	if err := m.openGeneration(ctx, sel.UIDValidity); err != nil {
		return err
	}
	m.lacks = ""
	if err := m.owed(ctx); err != nil {
		return err
	}
	in, err := m.snapshot(ctx, c)
	if err != nil {
		return err
	}
	arrived, err := m.arrive(ctx, c, &in)
	if err != nil || m.quarantined {
		return err
	}
	counted := len(in.Remote) + arrived
	if m.short(sel, counted) && m.shorts == 0 {
		m.shorts++ // somebody may just have expunged: look once more
		return nil
	}
	return m.conclude(ctx, c, in, sel, counted)
}

// conclude plans and applies what is left once new mail is in. c is nil when
// nothing more can be asked now; then the mailbox may stay unlisted.
func (m *mailbox) conclude(ctx context.Context, c *remote.Conn, in plan.Input, sel remote.Selected, counted int) error {
	p := m.decide(in, sel, counted)
	if c == nil && len(p.Unlisted) > 0 {
		return nil // they must be asked for
	}
	if err := m.unlisted(ctx, c, p.Unlisted); err != nil {
		return err
	}
	m.plan.Plan = p
	m.planned(m.plan)
	if err := m.apply(ctx, p, sel, counted); err != nil {
		return err
	}
	m.listed = true
	return nil
}

// short reports whether a listing lacks messages, because the server refused
// part of it or had just counted more: it proves no deletion (I10).
func (m *mailbox) short(sel remote.Selected, counted int) bool {
	return m.lacks != "" || counted < int(sel.Messages)
}

// incomplete notes that a listing was refused in part. What came of it is true
// and is used (I12).
func (m *mailbox) incomplete(err error) bool {
	if remote.ClassOf(err) != remote.Refused {
		return false
	}
	m.lacks = reason(err)
	return true
}

// shortfall notes what a listing lacked as a problem of the mailbox.
func (m *mailbox) shortfall(ctx context.Context, sel remote.Selected, counted int) error {
	why := fmt.Sprintf("the server counted %d messages and listed %d: no deletion was believed", sel.Messages, counted)
	if m.lacks != "" {
		why = m.lacks + "; what was listed was mirrored, no deletion was believed"
	}
	return m.fail(ctx, m, localstore.Problem{Kind: kindMailbox, Reason: why})
}

// owed notes what earlier runs left to be downloaded: how much, for the plan, and
// which, as far as a page holds them.
func (m *mailbox) owed(ctx context.Context) error {
	m.old = map[uint32]bool{}
	if m.gen == nil {
		return nil
	}
	n, _, err := m.store.MissingTotal(ctx, m.gen.ID, m.due())
	m.plan.Due = int(n)
	if err != nil || n == 0 {
		return err
	}
	page, err := m.store.Missing(ctx, m.gen.ID, 0, m.due(), duePage)
	for _, r := range page {
		m.old[r.UID] = true
	}
	return err
}

// snapshot reads the known range on both sides.
func (m *mailbox) snapshot(ctx context.Context, c *remote.Conn) (plan.Input, error) {
	var in plan.Input
	if m.gen == nil {
		return in, nil
	}
	if err := m.rows(ctx, &in.Rows); err != nil || m.gen.Cursor.Listed == 0 {
		return in, err
	}
	flags := flagTable{}
	err := c.Metadata(ctx, 1, imap.UID(m.gen.Cursor.Listed), news, func(r remote.Meta) error {
		m.labels.note(r)
		in.Remote = append(in.Remote, plan.Entry{UID: r.UID, Flags: flags.set(r.Flags)})
		return nil
	})
	in.Remote = ascending(in.Remote)
	if m.incomplete(err) {
		err = nil
	}
	return in, err
}

// ascending puts a listing into UID order, each UID once. Servers answer in
// that order, but need not (RFC 9051 section 7.5.2); the last word on a
// message's flags counts.
func ascending(list []plan.Entry) []plan.Entry {
	byUID := func(a, b plan.Entry) int { return int(int64(a.UID) - int64(b.UID)) }
	if !slices.IsSortedFunc(list, byUID) {
		slices.SortStableFunc(list, byUID)
	}
	out := list[:0]
	for _, e := range list {
		if n := len(out); n > 0 && out[n-1].UID == e.UID {
			out[n-1] = e
			continue
		}
		out = append(out, e)
	}
	return out
}

// decide makes the plan of the mailbox.
func (m *mailbox) decide(in plan.Input, sel remote.Selected, counted int) plan.Plan {
	p := plan.Diff(in)
	if m.short(sel, counted) {
		p.Vanish = nil
	}
	own, others := m.parted(p.Vanish)
	p.Vanish = others
	guarded := plan.Guard(p, plan.Mailbox{
		Known: len(in.Rows) + len(in.Stale) + m.rebound - len(own), Remote: int(sel.Messages),
		Stale: len(in.Stale), Exempt: m.exempt,
	}, m.opt.MaxDeletes)
	if guarded.Held != nil && m.queued {
		m.doubt(others)
	}
	guarded.Vanish = append(own, guarded.Vanish...)
	return guarded
}

// parted tells what the owner wants gone from what else is gone: the first cannot
// surprise.
func (m *mailbox) parted(vanish []int64) (own, others []int64) {
	for _, id := range vanish {
		if m.own[localstore.MessageID(id)] {
			own = append(own, id)
		} else {
			others = append(others, id)
		}
	}
	return own, others
}

// doubt notes messages of which it is not believed that they are gone.
func (m *mailbox) doubt(ids []int64) {
	for _, id := range ids {
		m.doubted[localstore.MessageID(id)] = true
	}
}

// apply commits the plan and with it the cursor. HIGHESTMODSEQ is the one that
// EXAMINE gave before the listing, so that nothing up to it is missing (I8);
// while deletions are held back or in doubt it stays unknown, so that the next
// run looks again.
func (m *mailbox) apply(ctx context.Context, p plan.Plan, sel remote.Selected, counted int) error {
	short := m.short(sel, counted)
	if !short {
		gone, err := m.unshown(ctx)
		if err != nil {
			return err
		}
		p.Vanish = append(p.Vanish, gone...)
	}
	if !m.opt.DryRun {
		cursor := m.gen.Cursor
		cursor.UIDNext, cursor.Messages, cursor.MailboxID = uint32(sel.UIDNext), sel.Messages, m.mailboxID(sel)
		cursor.HighestModSeq = sel.HighestModSeq
		if short || p.Held != nil {
			cursor.HighestModSeq = 0
		}
		if err := m.commit(ctx, p, cursor); err != nil {
			return err
		}
	}
	if short {
		return m.shortfall(ctx, sel, counted)
	}
	return nil
}

// unshown are the messages that a push put here, and that the listing of all above the
// known range does not show: somebody took them away before they were ever listed.
func (m *mailbox) unshown(ctx context.Context) (ids []int64, err error) {
	if len(m.bound) == 0 || m.opt.DryRun {
		return nil, nil
	}
	lowest := slices.Min(slices.Collect(maps.Keys(m.bound)))
	err = m.store.Unlisted(ctx, m.gen.ID, lowest, func(r localstore.Row) error {
		if m.bound[r.UID] {
			ids = append(ids, int64(r.ID))
		}
		return nil
	})
	return ids, err
}

// commit applies a plan's flags and deletions in one transaction, and nothing
// at all when nothing changed.
func (m *mailbox) commit(ctx context.Context, p plan.Plan, cursor localstore.Cursor) error {
	if len(p.Flags) == 0 && len(p.Vanish) == 0 && len(m.labels.told) == 0 && cursor == m.gen.Cursor {
		return nil
	}
	changes := make([]localstore.FlagChange, len(p.Flags))
	for i, f := range p.Flags {
		changes[i] = localstore.FlagChange{ID: localstore.MessageID(f.ID), Base: string(f.Base), Local: string(f.Local)}
	}
	err := m.store.Update(ctx, func(tx *localstore.Tx) error {
		if err := tx.SetFlags(m.run.id, changes); err != nil {
			return err
		}
		if err := tx.SetLabels(m.gen.ID, m.labels.told); err != nil {
			return err
		}
		if err := tx.Vanish(m.run.id, messageIDs(p.Vanish)); err != nil {
			return err
		}
		return tx.SetCursor(m.gen.ID, cursor)
	})
	if err != nil {
		return err
	}
	m.gen.Cursor, m.labels.told = cursor, nil
	m.receipt.Flags += len(p.Flags)
	m.receipt.Vanished += len(p.Vanish)
	m.session.progress()
	return nil
}

// mailboxID is the identity from whichever response had it (RFC 8474 section 4).
func (m *mailbox) mailboxID(sel remote.Selected) string {
	id := plan.ObjectID(sel.MailboxID)
	if id == "" && m.info.Status != nil {
		id = plan.ObjectID(m.info.Status.MailboxID)
	}
	return id
}

// flagTable makes canonical sets and keeps each once: a mailbox of a million
// messages has some dozens of them.
type flagTable map[string]conflict.Flags

// maxFlagTable bounds it where every message has flags of its own.
const maxFlagTable = 4096

func (t flagTable) set(flags []imap.Flag) conflict.Flags {
	var key strings.Builder
	for _, f := range flags {
		key.WriteString(string(f))
		key.WriteByte(' ')
	}
	set, ok := t[key.String()]
	if !ok {
		set = t.keep(key.String(), conflict.Canonical(flags))
	}
	return set
}

// text shares what the store keeps in canonical form already.
func (t flagTable) text(s string) conflict.Flags {
	set, ok := t[s]
	if !ok {
		set = t.keep(s, conflict.Flags(s))
	}
	return set
}

func (t flagTable) keep(key string, set conflict.Flags) conflict.Flags {
	if len(t) < maxFlagTable {
		t[key] = set
	}
	return set
}
