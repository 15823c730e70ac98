package sync

import (
	"cmp"
	"context"

	"mailstow/localstore"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// outcome is what became of the steps in one mailbox.
type outcome struct {
	steps  []plan.Step
	edited remote.Edited
}

// noting puts an outcome into a transaction.
type noting func(*localstore.Tx, []plan.Step, remote.Edited) error

// inMailboxes carries steps out, and notes what became of those in one mailbox while the
// server is at work on the next. What cannot be noted ends the sending.
func (p *pushing) inMailboxes(ctx context.Context, c *remote.Conn, steps []plan.Step, edit func([]plan.Step) remote.Edits, note noting) error {
	groups := byMailbox(steps)
	edits := make([]remote.Edits, len(groups))
	for i, steps := range groups {
		edits[i] = edit(steps)
	}
	sending, stop := context.WithCancel(ctx)
	defer stop()
	known, noted := make(chan outcome, len(groups)), make(chan error, 1) // the connection never waits for the store
	go func() {
		err := p.noteAll(ctx, known, note)
		if err != nil {
			stop()
		}
		noted <- err
	}()
	_, lost := c.Edit(sending, edits, nil, func(i int, e remote.Edited) { known <- outcome{groups[i], e} })
	close(known)
	return cmp.Or(<-noted, lost)
}

// noteAll notes outcomes as they become known, in as few transactions as can be without
// waiting: what all of them change is written again for each. Until it returns, what p
// remembers is its own.
func (p *pushing) noteAll(ctx context.Context, known <-chan outcome, note noting) error {
	for o := range known {
		err := p.commit(ctx, func(tx *localstore.Tx) error {
			for more := true; more; {
				if err := note(tx, o.steps, o.edited); err != nil {
					return err
				}
				select {
				case o, more = <-known:
				default:
					more = false
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// byMailbox groups steps by the mailbox they are done in, in order.
func byMailbox(steps []plan.Step) (groups [][]plan.Step) {
	at := map[int64]int{}
	for _, s := range steps {
		i, ok := at[s.Mailbox]
		if !ok {
			i = len(groups)
			at[s.Mailbox], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], s)
	}
	return groups
}
