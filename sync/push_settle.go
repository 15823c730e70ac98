package sync

import (
	"context"
	"time"

	"mailstow/conflict"
	"mailstow/localstore"
)

// settle finds out what became of messages that were sent and whose place is not
// known: the answer was lost, or told no UID (I19, I20). What the target holds has
// just been listed and read, so that equal bytes tell; only what is proven absent
// is sent again.
func (p *pushing) settle(ctx context.Context) error {
	for _, box := range p.boxes {
		if box.Generation == nil || !p.looked[box.ID] || p.fact(box.ID).aside != "" {
			continue
		}
		var sent []localstore.SentResult
		err := p.store.SentResults(ctx, box.Generation.ID, func(s localstore.SentResult) error {
			sent = append(sent, s)
			return nil
		})
		if err != nil {
			return err
		}
		if len(sent) > 0 {
			if err := p.settleIn(ctx, box, sent); err != nil {
				return err
			}
		}
	}
	return nil
}

// candidates are the messages of a mailbox that may be what was sent.
type candidates struct {
	list    []localstore.Fingerprint
	taken   map[localstore.MessageID]bool
	unknown uint32 // the highest UID whose bytes are not known
}

func (p *pushing) settleIn(ctx context.Context, box localstore.Mailbox, sent []localstore.SentResult) error {
	all := candidates{taken: map[localstore.MessageID]bool{}}
	err := p.store.Fingerprints(ctx, []localstore.GenerationID{box.Generation.ID}, func(f localstore.Fingerprint) error {
		all.list = append(all.list, f)
		if !f.HasBody {
			all.unknown = max(all.unknown, f.UID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return p.store.Update(ctx, func(tx *localstore.Tx) error {
		for _, s := range sent {
			if err := p.settleOne(tx, box, s, &all); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *pushing) settleOne(tx *localstore.Tx, box localstore.Mailbox, s localstore.SentResult, all *candidates) error {
	id := int64(s.Intent)
	in := p.intents[id]
	from := s.UIDNext
	if s.UIDValidity != box.Generation.UIDValidity {
		from = 0 // numbered anew since
	}
	there, ok := all.take(s, from)
	switch {
	case ok && s.Kind == localstore.IntentMove && s.State == localstore.Sent && !in.Vanished:
		p.found[id] = there.UID // the copy is there, the source is left to go
		return nil
	case ok:
		return p.end(tx, id, localstore.Outcome{UID: there.UID, Flags: there.Base})
	case all.unknown >= from && all.unknown > 0:
		return nil // what was not read may be it
	case s.State == localstore.Sent:
		return tx.IntentFailed(s.Intent, "", time.Time{})
	}
	d := conflict.Decide(conflict.Case{Policy: p.opt.Policy, Edit: conflict.Edit(s.Kind), Answer: conflict.Ambiguous, Held: true})
	return p.park(tx, in, d, "the server took it, and has no message with these bytes")
}

// take returns the first message from a UID on with the bytes of s that nothing
// else was found to be; of one whose bytes are not held, the one like it.
func (c *candidates) take(s localstore.SentResult, from uint32) (localstore.Fingerprint, bool) {
	for _, f := range c.list {
		if f.UID < from || c.taken[f.ID] || !same(f, s.Fingerprint) {
			continue
		}
		c.taken[f.ID] = true
		return f, true
	}
	return localstore.Fingerprint{}, false
}

func same(a, b localstore.Fingerprint) bool {
	if a.HasBody && b.HasBody {
		return a.SHA256 == b.SHA256
	}
	return a.Size == b.Size && a.Date.Equal(b.Date)
}
