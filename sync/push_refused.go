package sync

import (
	"context"
	"errors"
	"slices"
	"time"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/remote"
)

const (
	// firstRetry and lastRetry are when what a server refused is tried again: twice
	// as long each time.
	firstRetry = 10 * time.Minute
	lastRetry  = 24 * time.Hour
	// maxDeaths is how often a connection may be lost over an intent and nothing else
	// before the others go first.
	maxDeaths = 2
)

const deadly = "the connection was lost each time it was sent"

// errNoDeleted: what cannot be marked is not expunged.
var errNoDeleted = errors.New(`the mailbox does not keep \Deleted: nothing can be deleted in it`)

// shown are the codes of refusals whose cause the next look shows, where it is
// decided what to do about it.
var shown = []string{"TRYCREATE", "NONEXISTENT", "ALREADYEXISTS", "EXPUNGEISSUED", "UIDVALIDITY"}

// refused puts intents that were not carried out back into the queue.
func (p *pushing) refused(ctx context.Context, cause error, ids ...int64) error {
	return p.commit(ctx, func(tx *localstore.Tx) error { return p.refuseAll(tx, cause, ids) })
}

// refuseAll is refused within a transaction.
func (p *pushing) refuseAll(tx *localstore.Tx, cause error, ids []int64) error {
	for _, id := range ids {
		if err := p.refuse(tx, id, cause); err != nil {
			return err
		}
	}
	return nil
}

// refuse: what the server refused waits with its words and a time to try again. What
// a lost connection kept from being sent does not.
func (p *pushing) refuse(tx *localstore.Tx, id int64, cause error) error {
	in := p.intents[id]
	p.failed[id] = true
	e, _ := errors.AsType[*remote.Error](cause)
	switch {
	case e != nil && e.Class != remote.Refused && p.found[id] != 0:
		return nil // the copy is there: only the source is left to go
	case e != nil && e.Class != remote.Refused:
		return tx.IntentFailed(in.ID, "", time.Time{})
	case e != nil && slices.Contains(shown, e.Code) && !p.retried[id] && p.found[id] == 0:
		p.retried[id] = true
		return tx.IntentFailed(in.ID, "", time.Time{})
	case e != nil && e.Code == "TOOBIG" && in.Result.ID != 0:
		return p.tooLarge(tx, in, words(cause))
	}
	return p.postpone(tx, in, words(cause))
}

// tooLarge parks what the server did not take, and unlike what may be there (I19) it is
// noted as not sent.
func (p *pushing) tooLarge(tx *localstore.Tx, in localstore.Intent, why string) error {
	if p.found[int64(in.ID)] == 0 {
		if err := tx.IntentFailed(in.ID, "", time.Time{}); err != nil {
			return err
		}
	}
	return p.park(tx, in, conflict.TooLarge, why)
}

// postpone leaves an intent in the queue, with the reason and a time to try again.
func (p *pushing) postpone(tx *localstore.Tx, in localstore.Intent, why string) error {
	p.failed[int64(in.ID)] = true
	p.observe(Event{Kind: Failed, Mailbox: p.boxOf(in).Shown(), Text: string(in.Kind) + ": " + why})
	again := p.opt.Now().Add(min(firstRetry<<min(in.Tries, 8), lastRetry))
	if p.found[int64(in.ID)] != 0 {
		return tx.IntentDelayed(in.ID, why, again)
	}
	return tx.IntentFailed(in.ID, why, again)
}

// words are what the server said, without what the intent itself tells.
func words(cause error) string {
	if e, ok := errors.AsType[*remote.Error](cause); ok {
		return e.Err.Error()
	}
	return cause.Error()
}

// blame notes what was under way when a connection was lost that brought nothing.
// What it happens to again and again must not keep the others from going.
func (p *pushing) blame(ctx context.Context) error {
	var deadlyOnes []localstore.Intent
	for _, id := range p.dying {
		in, err := p.store.Intent(ctx, localstore.IntentID(id))
		if errors.Is(err, localstore.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if p.deaths[id]++; p.deaths[id] >= maxDeaths && in.State == localstore.Queued {
			deadlyOnes = append(deadlyOnes, in)
		}
	}
	if len(deadlyOnes) == 0 {
		return nil
	}
	return p.store.Update(ctx, func(tx *localstore.Tx) error {
		for _, in := range deadlyOnes {
			if err := p.postpone(tx, in, deadly); err != nil {
				return err
			}
		}
		return nil
	})
}
