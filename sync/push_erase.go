package sync

import (
	"context"

	"github.com/emersion/go-imap/v2"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// verify looks at the copies that were made in place of moves: the source goes only
// when the server shows a message of its size where it said that it put it (I18).
func (p *pushing) verify(ctx context.Context, c *remote.Conn) error {
	for _, s := range p.steps(plan.OpCopy) {
		if !s.Verify {
			continue
		}
		if err := p.verifyStep(ctx, c, s); err != nil {
			return err
		}
	}
	return nil
}

func (p *pushing) verifyStep(ctx context.Context, c *remote.Conn, s plan.Step) error {
	want := map[imap.UID]int64{}
	var lo, hi imap.UID
	for _, id := range s.Intents {
		if to := imap.UID(p.found[id]); to != 0 {
			want[to] = id
			hi = max(hi, to)
			if lo == 0 || to < lo {
				lo = to
			}
		}
	}
	if len(want) == 0 {
		return nil
	}
	target := p.boxes[localstore.MailboxID(s.Target)]
	sel, err := c.Examine(ctx, target.Raw)
	if err == nil && target.Generation != nil && sel.UIDValidity == target.Generation.UIDValidity {
		err = c.Metadata(ctx, lo, hi, remote.Want{Size: true}, func(m remote.Meta) error {
			if id, ok := want[m.UID]; ok && m.HasSize && m.Size == p.intents[id].Message.Size {
				delete(want, m.UID)
			}
			return nil
		})
	}
	for _, id := range want {
		delete(p.found, id) // looked for in the next round
	}
	if remote.ClassOf(err) == remote.Refused {
		return nil
	}
	return err
}

// erases deletes for good: what the owner deleted, and the sources of moves whose
// copies are there.
func (p *pushing) erases(ctx context.Context, c *remote.Conn) error {
	var steps []plan.Step
	for _, s := range p.steps(plan.OpErase) {
		if s = p.erasable(s); len(s.Intents) > 0 {
			steps = append(steps, s)
		}
	}
	groups := byMailbox(steps)
	edits := make([]remote.Edits, len(groups))
	for i, steps := range groups {
		edits[i] = p.erasure(steps)
	}
	if len(edits) == 0 {
		return nil
	}
	out, lost := c.Edit(ctx, edits, nil)
	for i, steps := range groups {
		if err := p.erased(ctx, steps, out[i]); err != nil {
			return err
		}
	}
	return lost
}

// erasable leaves out the sources of moves whose copies were not found.
func (p *pushing) erasable(s plan.Step) plan.Step {
	if !s.Verified {
		return s
	}
	kept := s
	kept.Intents, kept.UIDs = nil, imap.UIDSet{}
	for _, id := range s.Intents {
		if p.found[id] != 0 && !p.failed[id] {
			kept.Intents = append(kept.Intents, id)
			kept.UIDs.AddNum(uid(p.intents[id].Message))
		}
	}
	return kept
}

func (p *pushing) erasure(steps []plan.Step) remote.Edits {
	box := p.boxes[localstore.MailboxID(steps[0].Mailbox)]
	e := remote.Edits{Raw: box.Raw}
	if box.Generation != nil {
		e.UIDValidity = box.Generation.UIDValidity
	}
	for _, s := range steps {
		e.Store = append(e.Store, remote.Change{UIDs: s.UIDs, Add: true, Flags: []imap.Flag{imap.FlagDeleted}})
		if s.Expunge {
			e.Expunge = append(e.Expunge, s.UIDs...)
		}
	}
	return e
}

// erased notes what is gone. Without UIDPLUS a message stays, marked \Deleted: the
// next look shows it so.
func (p *pushing) erased(ctx context.Context, steps []plan.Step, e remote.Edited) error {
	if e.Err != nil {
		return p.unopened(ctx, steps, e.Err)
	}
	return p.commit(ctx, func(tx *localstore.Tx) error {
		for i, s := range steps {
			gone := e.Stored[i].Outcomes
			if s.Expunge {
				gone = e.Expunged
			}
			for _, id := range s.Intents {
				if err := p.erasedOne(tx, id, gone); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (p *pushing) erasedOne(tx *localstore.Tx, id int64, gone remote.Outcomes) error {
	in := p.intents[id]
	switch {
	case gone.Done.Contains(uid(in.Message)):
		return p.end(tx, id, localstore.Outcome{UID: p.found[id], Flags: string(p.flags(in.Message))})
	case gone.NotDone.Contains(uid(in.Message)) && in.Kind == localstore.IntentExpunge:
		return p.refuse(tx, id, gone.Err)
	}
	p.failed[id] = true
	return nil
}
