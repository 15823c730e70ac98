package sync

import (
	"context"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// erases deletes for good: what the owner deleted, and the sources of moves whose
// copies are there.
func (p *pushing) erases(ctx context.Context, c *remote.Conn) error {
	var steps []plan.Step
	for _, s := range p.steps(plan.OpErase) {
		if s = p.erasable(s); len(s.Intents) > 0 {
			steps = append(steps, s)
		}
	}
	if len(steps) == 0 {
		return nil
	}
	return p.inMailboxes(ctx, c, steps, p.erasure, p.erased)
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
	e := p.within(steps)
	for _, s := range steps {
		e.Store = append(e.Store, remote.Change{UIDs: s.UIDs, Add: true, Flags: []imap.Flag{imap.FlagDeleted}})
		if s.Expunge {
			e.Expunge = append(e.Expunge, s.UIDs...)
		}
	}
	return e
}

// erased notes what is gone. Without UIDPLUS a message stays, marked \Deleted.
func (p *pushing) erased(tx *localstore.Tx, steps []plan.Step, e remote.Edited) error {
	p.opened(steps, e)
	if e.Err != nil {
		return p.unopened(tx, steps, e.Err)
	}
	for i, s := range steps {
		if s.Note != "" {
			p.note(s.Source, s.Note)
		}
		for _, id := range s.Intents {
			if err := p.erasedOne(tx, id, s.Expunge, e.Stored[i], e.Expunged); err != nil {
				return err
			}
		}
	}
	return nil
}

// erasedOne: a message is gone when both commands were carried out. One without
// \Deleted is not expunged, whatever the answer.
func (p *pushing) erasedOne(tx *localstore.Tx, id int64, expunge bool, marked remote.Stored, expunged remote.Outcomes) error {
	in := p.intents[id]
	last := marked.Outcomes
	if expunge && marked.Done.Contains(uid(in.Message)) {
		last = expunged
	}
	switch {
	case len(marked.Unkept) > 0:
		return p.refuse(tx, id, errNoDeleted)
	case last.NotDone.Contains(uid(in.Message)):
		return p.refuse(tx, id, last.Err)
	case !last.Done.Contains(uid(in.Message)):
		p.unknown(id, last.Err)
		return nil
	}
	flags := p.flags(in.Message)
	o := localstore.Outcome{UID: p.found[id], Flags: string(flags)}
	if !expunge {
		o.Kept = string(conflict.Canonical(append(flags.List(), imap.FlagDeleted)))
	}
	return p.end(tx, id, o)
}
