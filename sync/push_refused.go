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
)

// gone are the codes of a refusal because a mailbox is not there: the next look
// shows it, and what to do about it is decided then.
var gone = []string{"TRYCREATE", "NONEXISTENT"}

// refused puts intents that the server refused back into the queue, with its words
// and a time to try again.
func (p *pushing) refused(ctx context.Context, cause error, ids ...int64) error {
	return p.commit(ctx, func(tx *localstore.Tx) error {
		for _, id := range ids {
			if err := p.refuse(tx, id, cause); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *pushing) refuse(tx *localstore.Tx, id int64, cause error) error {
	in := p.intents[id]
	p.failed[id] = true
	e, _ := errors.AsType[*remote.Error](cause)
	if e != nil && slices.Contains(gone, e.Code) && in.Tries == 0 {
		return tx.IntentFailed(in.ID, reason(cause), time.Time{})
	}
	answer := conflict.Refused
	if e != nil && e.Code == "TOOBIG" {
		answer = conflict.TooLarge
	}
	d := conflict.Decide(conflict.Case{Policy: p.opt.Policy, Edit: conflict.Edit(in.Kind), Answer: answer, Held: true})
	p.fails(in, reason(cause))
	if d.Action == conflict.Park {
		return p.park(tx, in, d, reason(cause))
	}
	return tx.IntentFailed(in.ID, reason(cause), p.opt.Now().Add(min(firstRetry<<min(in.Tries, 8), lastRetry)))
}

// fails lists what could not be done in the receipt.
func (p *pushing) fails(in localstore.Intent, why string) {
	box := p.boxes[in.Mailbox]
	if box.ID == 0 {
		box = p.boxes[in.Target]
	}
	p.receipt.Failures = append(p.receipt.Failures, Failure{Mailbox: box.Shown(), UID: in.Message.UID, Reason: string(in.Kind) + ": " + why})
	p.observe(Event{Kind: Failed, Mailbox: box.Shown(), Text: string(in.Kind) + ": " + why})
}
