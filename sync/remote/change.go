package remote

import (
	"context"

	"mailstow/sync/wire"
)

// change runs one command that changes something; OutcomeOf tells of its error
// whether it did.
func (c *Conn) change(ctx context.Context, where string, cmd *wire.Command) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.mayChange(opName(cmd), where); err != nil {
		return err
	}
	if err := c.vacate(ctx, cmd, where); err != nil {
		return withOutcome(err, NotDone)
	}
	var status wire.Status
	err := c.pipeline(ctx, where, []*wire.Command{cmd.Brief(briefAnswer)}, c.unasked, func(_ int, s wire.Status) error {
		status = s
		return nil
	})
	switch cmd.Name() {
	case "DELETE", "RENAME":
		c.opened.writable = false // what was open may be another mailbox now
	}
	switch {
	case err != nil:
		return withOutcome(err, outcome(cmd))
	case !status.OK():
		return notDone(opName(cmd), where, status)
	}
	return nil
}

// withOutcome notes in an error of this package what became of the command.
func withOutcome(err error, o Outcome) error {
	if e, ok := err.(*Error); ok {
		e.Outcome = o
	}
	return err
}
