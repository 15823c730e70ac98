package sync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// mailboxes brings the list of mailboxes up to date and returns the selected
// ones that can be opened, in the server's order.
func (r *run) mailboxes(ctx context.Context) ([]*mailbox, error) {
	var listed []remote.Mailbox
	var whole bool
	err := r.session.do(ctx, func(ctx context.Context, c *remote.Conn) (err error) {
		listed, whole, err = c.ListAll(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !whole && !r.again {
		r.receipt.Failures = append(r.receipt.Failures, Failure{Reason: hidden})
		r.observe(Event{Kind: Failed, Text: hidden})
	}
	held, err := r.held(ctx)
	if err == nil && !r.opt.DryRun {
		held, err = r.settleNames(ctx, listed, held, whole)
	}
	if err != nil {
		return nil, err
	}
	if err := r.renames(ctx, listed, held, whole); err != nil {
		return nil, err
	}
	return r.choose(ctx, listed, held)
}

// held returns the mirror's mailboxes by wire name.
func (r *run) held(ctx context.Context) (map[string]localstore.Mailbox, error) {
	byRaw := map[string]localstore.Mailbox{}
	if r.account == 0 {
		return byRaw, nil
	}
	all, err := r.store.Mailboxes(ctx, r.account)
	for _, m := range all {
		byRaw[m.Raw] = m
	}
	return byRaw, err
}

// hidden is why a list of mailboxes proves none of them gone.
const hidden = unreadable + ", and none was taken for gone"

const unreadable = "the server's list of mailboxes has lines that cannot be read: there may be mailboxes that are not mirrored"

// renames applies what DiffMailboxes finds: proven renames, and mailboxes that
// are gone, as far as the list is whole, or can no longer be opened.
func (r *run) renames(ctx context.Context, listed []remote.Mailbox, held map[string]localstore.Mailbox, whole bool) error {
	change := plan.DiffMailboxes(names(listed), attached(held))
	was := maps.Clone(held)
	if err := r.rename(ctx, change.Renamed, held); err != nil {
		return err
	}
	there := make(map[string]bool, len(listed))
	for _, l := range listed {
		there[l.Raw] = true
	}
	for _, g := range change.Gone {
		m := was[g.Raw]
		still := there[g.Raw] && held[g.Raw].ID == m.ID // listed, but as a name without mail
		if !still && !whole {
			continue
		}
		if err := r.gone(ctx, m, still); err != nil {
			return err
		}
	}
	return nil
}

func names(listed []remote.Mailbox) []plan.Listed {
	out := make([]plan.Listed, 0, len(listed))
	for _, l := range listed {
		if !l.Selectable {
			continue
		}
		n := plan.Listed{Raw: l.Raw}
		if l.Status != nil {
			n.MailboxID = plan.ObjectID(l.Status.MailboxID)
		}
		out = append(out, n)
	}
	return out
}

func attached(held map[string]localstore.Mailbox) []plan.Mirrored {
	var out []plan.Mirrored
	for _, m := range held {
		if m.Detached {
			continue
		}
		mirrored := plan.Mirrored{ID: int64(m.ID), Raw: m.Raw}
		if m.Generation != nil {
			mirrored.MailboxID = m.Generation.Cursor.MailboxID
		}
		out = append(out, mirrored)
	}
	slices.SortFunc(out, func(a, b plan.Mirrored) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// rename follows mailboxes to their new names (RFC 8474 section 4: MAILBOXID
// survives RENAME). All at once, since they may have swapped names.
func (r *run) rename(ctx context.Context, renamed []plan.Rename, held map[string]localstore.Mailbox) error {
	was := maps.Clone(held)
	for _, n := range renamed {
		r.note(was[n.From].Name, fmt.Sprintf("renamed on the server to %s", n.To))
		delete(held, n.From)
	}
	for _, n := range renamed {
		held[n.To] = was[n.From]
	}
	if r.opt.DryRun || len(renamed) == 0 {
		return nil
	}
	return r.store.Update(ctx, func(tx *localstore.Tx) error {
		for _, n := range renamed {
			if err := tx.RenameMailbox(localstore.MailboxID(n.ID), n.To, r.id); err != nil {
				return err
			}
		}
		return nil
	})
}

// gone takes a mailbox that the server no longer lists, or lists as a name
// without mail (RFC 9051 section 7.3.1, \NoSelect), out of use, unless the guard
// holds the loss of its messages back.
func (r *run) gone(ctx context.Context, m localstore.Mailbox, listed bool) error {
	if !r.selected(m.ID, m.Name, m.Delim) || r.concerns != nil && !r.concerns[m.ID] {
		return nil
	}
	ids, err := r.live(ctx, m)
	if err != nil {
		return err
	}
	if listed && m.Generation == nil && len(ids) == 0 {
		return r.clear(ctx, m.ID) // never was more than a name
	}
	why := "gone from the server"
	if listed {
		why = "can no longer be opened on the server"
	}
	p := plan.Guard(plan.Plan{Vanish: ids}, plan.Mailbox{Known: len(ids), Gone: true,
		Exempt: m.Leaving != 0 || plan.Exempt(m.Role, m.Name, m.Delim)}, r.opt.MaxDeletes)
	r.planned(plan.MailboxPlan{Mailbox: m.Name, Why: why, Plan: p})
	if p.Held != nil { // that it is gone explains what else was wrong with it
		r.fact(m.ID).aside = why + ", which is held back"
		return r.clear(ctx, m.ID)
	}
	if r.opt.DryRun {
		return nil
	}
	return r.detach(ctx, m, messageIDs(p.Vanish), listed)
}

// phantom reports whether a mailbox that could not be opened is there in the list
// alone: Dovecot 2.3 with Maildir++ goes on listing a deleted mailbox that has
// children, without \NoSelect but also without STATUS. It says so in words where
// others have a response code (RFC 5530 section 3).
func phantom(l remote.Mailbox, err error) bool {
	e, ok := errors.AsType[*remote.Error](err)
	return ok && l.Status == nil && e.Class == remote.Refused &&
		(e.Code == "NONEXISTENT" || strings.Contains(e.Error(), "Mailbox doesn't exist"))
}

// detach ends what the mirror has of a mailbox; one that is still listed keeps
// its place among the names.
func (r *run) detach(ctx context.Context, m localstore.Mailbox, vanish []localstore.MessageID, listed bool) error {
	err := r.store.Update(ctx, func(tx *localstore.Tx) error {
		if err := tx.Vanish(r.id, vanish); err != nil {
			return err
		}
		if m.Generation != nil {
			if err := tx.RetireGeneration(m.Generation.ID, r.id); err != nil {
				return err
			}
		}
		if err := tx.ClearMailboxProblems(m.ID); err != nil || listed {
			return err
		}
		return tx.DetachMailbox(m.ID, r.id)
	})
	if err == nil {
		r.receipt.Vanished += len(vanish)
	}
	return err
}

// live returns the ids of all messages of a mailbox that have not vanished.
func (r *run) live(ctx context.Context, m localstore.Mailbox) ([]int64, error) {
	var ids []int64
	collect := func(row localstore.Row) error {
		ids = append(ids, int64(row.ID))
		return nil
	}
	if m.Generation != nil {
		if err := r.store.Rows(ctx, m.Generation.ID, collect); err != nil {
			return nil, err
		}
	}
	err := r.store.Stale(ctx, m.ID, collect)
	return ids, err
}

// choose notes the listed mailboxes and returns those to sync.
func (r *run) choose(ctx context.Context, listed []remote.Mailbox, held map[string]localstore.Mailbox) ([]*mailbox, error) {
	ids, err := r.put(ctx, listed, held)
	if err != nil {
		return nil, err
	}
	var out []*mailbox
	for i, l := range listed {
		if !l.Selectable || !r.selected(ids[i], l.Name, l.Delim) {
			continue
		}
		if r.concerns != nil && !r.concerns[ids[i]] {
			continue
		}
		m := r.newMailbox(l, ids[i], held[l.Raw].Generation)
		r.counter.estimate(m)
		out = append(out, m)
	}
	if !r.again {
		r.receipt.Mailboxes = len(out)
	}
	return out, nil
}

// put brings the mirror's list of mailboxes up to date and returns their ids; in a
// dry run that of a new one is 0.
func (r *run) put(ctx context.Context, listed []remote.Mailbox, held map[string]localstore.Mailbox) ([]localstore.MailboxID, error) {
	ids := make([]localstore.MailboxID, len(listed))
	var news []int
	for i, l := range listed {
		m := held[l.Raw]
		if ids[i] = m.ID; m.ID == 0 || m.Detached || m.MailboxInfo != info(l) {
			news = append(news, i)
		}
	}
	if r.opt.DryRun || len(news) == 0 {
		return ids, nil
	}
	return ids, r.store.Update(ctx, func(tx *localstore.Tx) (err error) {
		for _, i := range news {
			if ids[i], err = tx.PutMailbox(r.account, info(listed[i]), r.id); err != nil {
				return err
			}
		}
		return nil
	})
}

// info is what is kept of a listed mailbox: not that it is \Marked just now, which
// comes and goes (RFC 9051 section 7.3.1).
func info(l remote.Mailbox) localstore.MailboxInfo {
	attrs := slices.DeleteFunc(slices.Clone(l.Attrs), func(a string) bool {
		return strings.EqualFold(a, `\Marked`) || strings.EqualFold(a, `\Unmarked`)
	})
	return localstore.MailboxInfo{
		Raw: l.Raw, Name: l.Name, Delim: l.Delim, Attrs: strings.Join(attrs, " "), Role: l.Role,
		Selectable: l.Selectable, Subscribed: l.Subscribed,
	}
}

func messageIDs(ids []int64) []localstore.MessageID {
	out := make([]localstore.MessageID, len(ids))
	for i, id := range ids {
		out[i] = localstore.MessageID(id)
	}
	return out
}
