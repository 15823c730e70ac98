package sync

import (
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// stored notes new flags. What others changed meanwhile was left alone (I15): the
// next look merges it, and the next round sends what is left.
func (p *pushing) stored(tx *localstore.Tx, s plan.Step, st remote.Stored) error {
	var changes []localstore.FlagChange
	for _, id := range s.Intents {
		row := p.intents[id].Message
		switch {
		case p.failed[id]: // its other half
		case st.Modified.Contains(uid(row)):
			if err := p.overtaken(tx, id); err != nil {
				return err
			}
		case st.NotDone.Contains(uid(row)):
			if err := p.refuse(tx, id, st.Err); err != nil {
				return err
			}
		case !st.Done.Contains(uid(row)):
			p.unknown(id, st.Err)
		default:
			changes = append(changes, p.changed(id, without(s.Add, st.Unkept), s.Remove))
		}
	}
	return tx.SetFlags(p.run.id, changes)
}

// changed is what a store has made of the flags of a message.
func (p *pushing) changed(id int64, add, remove []imap.Flag) localstore.FlagChange {
	row := p.intents[id].Message
	was := p.flags(row)
	now := conflict.Canonical(without(append(was.List(), add...), remove))
	p.base[row.ID] = now
	p.forward = p.forward || now != was
	if now.Equal(conflict.Flags(row.Local)) {
		p.receipt.pushed(localstore.IntentFlags)
	}
	return localstore.FlagChange{ID: row.ID, Base: string(now), Local: row.Local}
}

// overtaken: the flags of a message changed on the server before ours came. A few
// times that is somebody at work there.
func (p *pushing) overtaken(tx *localstore.Tx, id int64) error {
	p.failed[id] = true
	if p.modified[id]++; p.modified[id] < plan.MaxTries {
		return nil
	}
	return p.postpone(tx, p.intents[id], "the server says again and again that its flags have just changed")
}

// flags is what the server has on a message, as far as this round knows.
func (p *pushing) flags(row localstore.Row) conflict.Flags {
	if now, ok := p.base[row.ID]; ok {
		return now
	}
	return conflict.Flags(row.Base)
}

// relocated notes what became of copies and moves.
func (p *pushing) relocated(tx *localstore.Tx, s plan.Step, r remote.Relocated) error {
	for _, id := range s.Intents {
		in := p.intents[id]
		to, told := r.Map.To(uid(in.Message))
		var err error
		switch {
		case r.NotDone.Contains(uid(in.Message)):
			err = p.refuse(tx, id, r.Err)
		case !r.Done.Contains(uid(in.Message)): // looked for in the next round
			p.unknown(id, r.Err)
		case !told && len(r.Map) > 0: // it was not there any more
			p.failed[id] = true
			err = tx.IntentFailed(in.ID, "", time.Time{})
		case s.Verify:
			p.forward = true
			if told {
				p.found[id] = uint32(to)
			}
		default:
			err = p.end(tx, id, localstore.Outcome{UIDValidity: r.UIDValidity, UID: uint32(to), Flags: string(p.flags(in.Message))})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unknown leaves an intent to be looked for. A server that refuses a move may have
// moved some of the messages (RFC 6851 section 3.3).
func (p *pushing) unknown(id int64, cause error) {
	p.failed[id] = true
	if remote.ClassOf(cause) == remote.Refused {
		p.refusals[id] = cause
	} else {
		p.dying = append(p.dying, id)
	}
}

// without returns the flags that are not among others.
func without(flags, others []imap.Flag) []imap.Flag {
	no := conflict.Canonical(others)
	return slices.DeleteFunc(slices.Clone(flags), no.Has)
}
