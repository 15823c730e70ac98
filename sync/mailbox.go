package sync

import (
	"context"
	"errors"
	"slices"
	"time"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// mailbox is one mailbox on its way through a run. It outlives connections:
// what was committed before a loss is not done again.
type mailbox struct {
	*run
	info   remote.Mailbox
	id     localstore.MailboxID   // 0 in a dry run over one never synced
	gen    *localstore.Generation // nil before the first sync
	exempt bool                   // I26

	rematch     bool                   // the user wants UIDs forgotten
	listed      bool                   // metadata is complete in this run: only bodies are left
	archived    bool                   // UIDs mean nothing beyond a connection
	quarantined bool                   // left alone for the rest of this run
	failed      bool                   // has a problem of its own from this run
	shorts      int                    // listings that lacked messages
	lacks       string                 // why the server gave a listing only in part
	retired     *localstore.Generation // in a dry run: the one a reset would retire
	rebound     int                    // old messages that found their new UID
	got         tally                  // bodies stored, under counter.mu
	old         map[uint32]bool        // bodies that earlier runs left
	bound       map[uint32]bool        // messages that a push put there, not listed yet
	back        []uint32               // messages that a push deleted, and that are there
	asked       bool                   // bodies were asked for in this run
	announced   bool                   // the observer knows that it is looked at
	done        bool                   // nothing is left to be asked in this run
	settled     bool                   // and its outcome is noted
	labels      labels                 // of known messages, as heard of since it was opened
	plan        plan.MailboxPlan
	poison      poison
	whole       map[uint32]bool // messages that cannot be had in pieces
	headless    bool            // the connection was lost while headers were asked for
}

func (r *run) newMailbox(l remote.Mailbox, id localstore.MailboxID, gen *localstore.Generation) *mailbox {
	return &mailbox{
		run: r, info: l, id: id, gen: gen,
		exempt:  plan.Exempt(l.Role, l.Name, l.Delim),
		rematch: len(r.opt.Rematch) > 0 && plan.Selected(r.opt.Rematch, l.Name, l.Delim),
		poison:  newPoison(),
		bound:   map[uint32]bool{},
	}
}

// known is what the mirror remembers of the mailbox.
func (m *mailbox) known(owing bool) plan.Known {
	if m.gen == nil {
		return plan.Known{}
	}
	c := m.gen.Cursor
	return plan.Known{Exists: true, UIDValidity: m.gen.UIDValidity, UIDNext: c.UIDNext,
		Messages: c.Messages, HighestModSeq: c.HighestModSeq, MailboxID: c.MailboxID, Owing: owing}
}

// restlessRuns is after how many runs in a row with another UIDVALIDITY each a
// mailbox is kept by content alone.
const restlessRuns = 3

// history completes what is known by what earlier runs met.
func (m *mailbox) history(ctx context.Context, k plan.Known) (plan.Known, error) {
	if m.gen == nil || m.id == 0 {
		return k, nil
	}
	gens, err := m.store.Generations(ctx, m.id)
	if err != nil {
		return k, err
	}
	runs, err := m.recent(ctx)
	if err != nil {
		return k, err
	}
	k.Restless = restless(gens, runs)
	k.Archived, err = m.keepsNoUIDs(ctx)
	return k, err
}

// recent are the last runs before this one. They are read once: receipts can be
// large, and mailboxes many.
func (r *run) recent(ctx context.Context) ([]localstore.RunID, error) {
	if r.before != nil {
		return r.before, nil
	}
	runs, err := r.store.Runs(ctx, r.account, restlessRuns+1)
	r.before = []localstore.RunID{}
	for _, x := range runs {
		if x.ID != r.id && len(r.before) < restlessRuns {
			r.before = append(r.before, x.ID)
		}
	}
	return r.before, err
}

// restless reports whether every one of these runs opened a generation, each
// with a UIDVALIDITY of its own.
func restless(gens []localstore.Generation, runs []localstore.RunID) bool {
	values := map[uint32]bool{}
	for _, g := range gens {
		if slices.Contains(runs, g.Opened) {
			values[g.UIDValidity] = true
		}
	}
	return len(values) == restlessRuns
}

// keepsNoUIDs reports whether the current generation is an archive: it has
// messages and its cursor never moved. That of an empty mailbox moved, though no UID
// is listed; messages that were just put there are no archive.
func (m *mailbox) keepsNoUIDs(ctx context.Context) (bool, error) {
	if m.gen.Cursor.Listed > 0 || m.gen.Cursor.UIDNext > 0 {
		return false, nil
	}
	return found(m.store.Rows(ctx, m.gen.ID, stop))
}

// announce tells that the mailbox is looked at.
func (m *mailbox) announce() {
	if !m.announced {
		m.announced = true
		m.observe(Event{Kind: Opened, Mailbox: m.info.Name})
	}
}

// unchanged reports whether the list alone tells that nothing happened here.
func (m *mailbox) unchanged(owing bool) bool {
	st := m.info.Status
	if st == nil || m.gen == nil || m.rematch || m.opt.Full {
		return false
	}
	approach, _ := plan.Judge(m.known(owing), plan.Said{UIDValidity: st.UIDValidity,
		UIDNext: uint32(st.UIDNext), Messages: st.Messages, HighestModSeq: st.HighestModSeq,
		MailboxID: plan.ObjectID(st.MailboxID)})
	return approach == plan.Skip
}

// errFound ends a walk over rows at the first one.
var errFound = errors.New("found")

func stop(localstore.Row) error { return errFound }

// found reports whether a walk with stop met a row.
func found(err error) (bool, error) {
	if errors.Is(err, errFound) {
		return true, nil
	}
	return false, err
}

// due is the time up to which problems are tried again.
func (r *run) due() time.Time {
	if r.opt.Full {
		return time.Unix(1<<40, 0)
	}
	return r.opt.Now()
}

// sync brings the mailbox up to date on one connection. It may be called again
// after a loss and goes on from what is committed.
func (m *mailbox) sync(ctx context.Context, c *remote.Conn) error {
	if m.asked { // on a connection that was lost: what came is not missing
		if err := m.writer.flush(ctx); err != nil {
			return err
		}
	}
	sel, err := m.open(ctx, c)
	if err != nil || m.quarantined {
		return err
	}
	if m.archived || m.listed && m.gen != nil && sel.UIDValidity != m.gen.UIDValidity {
		m.listed = false // UIDs of the lost connection mean nothing on this one (row 13)
	}
	for !m.listed {
		if err := m.list(ctx, c, sel); err != nil || m.quarantined {
			return err
		}
		if m.listed {
			break
		}
		if sel, err = c.Examine(ctx, m.info.Raw); err != nil {
			return err
		}
	}
	if m.opt.DryRun {
		return nil
	}
	return m.bodies(ctx, c)
}

// list brings the metadata up to date, by the approach that the server's word
// allows.
func (m *mailbox) list(ctx context.Context, c *remote.Conn, sel remote.Selected) error {
	m.plan, m.labels.told = plan.MailboxPlan{Mailbox: m.info.Name}, nil
	known, err := m.history(ctx, m.known(true))
	if err != nil {
		return err
	}
	if m.renamedMeanwhile(known, said(sel)) {
		return m.leave(ctx, kindMailbox, "another mailbox got its name while the run was under way: the next run follows")
	}
	approach, why := plan.Judge(known, said(sel))
	if m.rematch && m.gen != nil && approach != plan.Archive {
		approach, why = plan.Reset, "UIDs forgotten on request"
	}
	m.archived = approach == plan.Archive // be it what it may on a connection before
	switch approach {
	case plan.Quarantine:
		return m.quarantine(ctx, why)
	case plan.Archive:
		m.note(m.info.Name, why)
		return m.archive(ctx, c, sel)
	case plan.Reset:
		m.plan.Why = why
		if err := m.reset(ctx); err != nil {
			return err
		}
	}
	return m.compare(ctx, c, sel)
}

// said is what EXAMINE tells.
func said(sel remote.Selected) plan.Said {
	return plan.Said{UIDValidity: sel.UIDValidity, UIDNext: uint32(sel.UIDNext), Messages: sel.Messages,
		HighestModSeq: sel.HighestModSeq, NotSticky: sel.UIDNotSticky, MailboxID: plan.ObjectID(sel.MailboxID)}
}

// renamedMeanwhile reports whether the mailbox was still the known one when the
// mailboxes were listed, and is another now.
func (m *mailbox) renamedMeanwhile(k plan.Known, s plan.Said) bool {
	return m.info.Status != nil && k.MailboxID != "" && s.MailboxID != "" && s.MailboxID != k.MailboxID &&
		m.info.Status.MailboxID == k.MailboxID
}

// quarantine leaves a mailbox alone until its server or its user settles the
// matter.
func (m *mailbox) quarantine(ctx context.Context, why string) error {
	return m.leave(ctx, kindQuarantine,
		why+"; nothing was changed: if the server was restored or the mailbox recreated, sync --rematch matches its mail by content")
}

// leave ends the work on a mailbox for this run.
func (m *mailbox) leave(ctx context.Context, kind, why string) error {
	m.quarantined = true
	return m.fail(ctx, m, localstore.Problem{Kind: kind, Reason: why})
}

// openGeneration starts the era of sel unless it runs already.
func (m *mailbox) openGeneration(ctx context.Context, uidvalidity uint32) error {
	if m.gen != nil || m.opt.DryRun {
		return nil
	}
	return m.store.Update(ctx, func(tx *localstore.Tx) error {
		id, err := tx.OpenGeneration(m.id, uidvalidity, m.run.id)
		m.gen = &localstore.Generation{ID: id, Mailbox: m.id, UIDValidity: uidvalidity}
		return err
	})
}
