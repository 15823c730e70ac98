package sync

import (
	"context"
	"maps"
	"slices"
	"time"

	"mailstow/conflict"
	"mailstow/localstore"
)

// looks is how often a target is looked at before a message counts as absent: a
// server may still be at work on what it had received when a connection was lost.
const looks = 2

// settle finds out what became of messages that were sent and whose place is not
// known: the answer was lost, or told no UID (I19, I20). What the target holds has
// just been listed and read, so that equal bytes tell; only what is proven absent
// is sent again. In an older copy of a store, nothing counts as never sent.
func (p *pushing) settle(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(p.boxes)) {
		box := p.boxes[id]
		if box.Generation == nil || !p.looked[id] || p.fact(id).aside != "" {
			continue
		}
		var sent []localstore.SentResult
		err := p.store.SentResults(ctx, box.Generation.ID, p.stale != "", func(s localstore.SentResult) error {
			sent = append(sent, s)
			return nil
		})
		if err == nil && len(sent) > 0 {
			p.outrun = true
			err = p.settleIn(ctx, *box.Generation, sent)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *pushing) settleIn(ctx context.Context, gen localstore.Generation, sent []localstore.SentResult) error {
	all := candidates{uidvalidity: gen.UIDValidity, taken: map[localstore.MessageID]bool{}}
	from, after := all.from(sent[0]), sent[0].ID
	for _, s := range sent {
		from, after = min(from, all.from(s)), min(after, s.ID)
	}
	err := p.store.Newcomers(ctx, gen.ID, from, after, func(n localstore.Newcomer) error {
		all.list = append(all.list, n)
		return nil
	})
	if err != nil {
		return err
	}
	return p.store.Update(ctx, func(tx *localstore.Tx) error {
		for _, s := range sent {
			if err := p.settleOne(tx, s, &all); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *pushing) settleOne(tx *localstore.Tx, s localstore.SentResult, all *candidates) error {
	in := p.intents[int64(s.Intent)]
	there, v := all.judge(s)
	switch v {
	case exact:
		return p.settled(tx, in, there)
	case unread:
		return nil // what was not read may be it
	case similar:
		return p.park(tx, in, conflict.Ambiguous, "the server has a message like it, but not with the same bytes: not sent again")
	case twins:
		return p.park(tx, in, conflict.Ambiguous, "the server has several messages like it: not sent again")
	}
	if cause := p.refusals[int64(in.ID)]; cause != nil && s.State == localstore.Sent {
		delete(p.refusals, int64(in.ID))
		return p.refuse(tx, int64(in.ID), cause) // none of it was done
	}
	if p.absent[int64(in.ID)]++; p.absent[int64(in.ID)] < looks {
		p.unsure = true
		return nil
	}
	switch {
	case s.State == localstore.Done:
		return p.park(tx, in, conflict.Ambiguous, "the server took it, and shows no message like it")
	case s.State == localstore.Queued:
		return nil // of an older copy: now it may be sent
	case p.deaths[int64(in.ID)] >= maxDeaths:
		return p.postpone(tx, in, deadly)
	}
	delete(p.absent, int64(in.ID))
	return tx.IntentFailed(in.ID, "", time.Time{})
}

// settled: the message is there. Of a move whose source is there as well, only that
// is left to go.
func (p *pushing) settled(tx *localstore.Tx, in localstore.Intent, there localstore.Newcomer) error {
	if there.Run == p.run.id && !p.mine[there.ID] {
		p.mine[there.ID] = true
		p.receipt.New-- // it is not new to its owner
	}
	if in.Kind == localstore.IntentMove && in.State == localstore.Sent && !in.Vanished {
		p.found[int64(in.ID)] = there.UID
		return nil
	}
	return p.end(tx, int64(in.ID), localstore.Outcome{UID: there.UID, Flags: there.Base})
}
