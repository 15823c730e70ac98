package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
	"mailstow/sync/plan"
)

func (a *app) pendingDropCommand() *cli.Command {
	return &cli.Command{
		Name:      "drop",
		Usage:     "take queued edits back: here it is as if they had never been made",
		ArgsUsage: "N...",
		Description: describe(`
N is what stands behind # in "mailstow pending", or a range such as 10-20. What
cannot be without it is taken back too, and named: mail moved to a folder that is
not made returns to where it was. A message that append brought is deleted from
the queue, and stays in history.`,
			[]string{"mailstow pending drop 12", "mailstow pending drop 10-20"}, editCodes...),
		Flags:  editFlags(),
		Action: func(c *cli.Context) error { return a.editQueue(c, "dropped", (*edit).drop) },
	}
}

func (a *app) pendingRetryCommand() *cli.Command {
	return &cli.Command{
		Name:      "retry",
		Usage:     "let the next sync try queued edits again that wait or are parked",
		ArgsUsage: "N...",
		Description: describe(`
N is what stands behind # in "mailstow pending", or a range such as 10-20.`,
			[]string{"mailstow pending retry 12"}, editCodes...),
		Flags:  editFlags(),
		Action: func(c *cli.Context) error { return a.editQueue(c, "queued again", (*edit).retry) },
	}
}

// editQueue does something to queued edits: to all of those named, or to none. do
// gives the ids that were changed.
func (a *app) editQueue(c *cli.Context, verb string, do func(*edit, *localstore.Tx, localstore.IntentID) ([]localstore.IntentID, error)) error {
	if !c.Args().Present() {
		return usage(c.Command.Name+" which edits?", "mailstow pending lists them as #N")
	}
	var spans []span
	for _, arg := range c.Args().Slice() {
		one, err := parseSpan(strings.TrimPrefix(arg, "#"))
		if err != nil {
			return usage(fmt.Sprintf("%q is not the number of an edit", arg), "mailstow pending lists them as #N; 10-20 is a range")
		}
		spans = append(spans, one)
	}
	return a.edit(c, nil, func(e *edit) error {
		known, order, err := e.queue(spans)
		if err != nil {
			return err
		}
		var changed []localstore.IntentID
		err = e.commit(func(tx *localstore.Tx) error {
			done := map[localstore.IntentID]bool{}
			for _, id := range order {
				if done[id] {
					continue // with one before it
				}
				ids, err := do(e, tx, id)
				if err != nil {
					return err
				}
				for _, id := range ids {
					done[id] = true
				}
				changed = append(changed, ids...)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return e.tellQueue(verb, changed, known)
	})
}

func (e *edit) drop(tx *localstore.Tx, id localstore.IntentID) ([]localstore.IntentID, error) {
	return tx.DropIntent(id)
}

func (e *edit) retry(tx *localstore.Tx, id localstore.IntentID) ([]localstore.IntentID, error) {
	return []localstore.IntentID{id}, tx.QueueIntent(id)
}

// queuedEdit is an edit as it was before anything was done about it.
type queuedEdit struct {
	queue  *pendingQueue
	intent plan.Intent
}

// queue reads what is queued, and which of it is meant.
func (e *edit) queue(spans []span) (known map[localstore.IntentID]queuedEdit, order []localstore.IntentID, err error) {
	known = map[localstore.IntentID]queuedEdit{}
	chosen, err := e.m.only(e.account)
	for _, one := range chosen {
		q, err := e.readQueue(e.ctx, one)
		if err != nil {
			return nil, nil, err
		}
		for _, i := range q.in.Intents {
			known[localstore.IntentID(i.ID)] = queuedEdit{q, i}
		}
	}
	if err != nil {
		return nil, nil, err
	}
	ids := slices.Sorted(maps.Keys(known))
	for _, s := range spans {
		before := len(order)
		for _, id := range ids {
			if id >= localstore.IntentID(s.first) && id <= localstore.IntentID(s.last) {
				order = append(order, id)
			}
		}
		if len(order) == before {
			return nil, nil, noEdit(s)
		}
	}
	return known, order, nil
}

func noEdit(s span) error {
	text := fmt.Sprintf("no edit #%d is queued", s.first)
	if s.last != s.first {
		text = fmt.Sprintf("no edit from #%d to #%d is queued", s.first, s.last)
	}
	return &problem{code: exitFailed, text: text, hint: "mailstow pending lists them; a sync may have done it"}
}

// tellQueue says what was changed, one line each: there may be more than was named.
func (e *edit) tellQueue(verb string, ids []localstore.IntentID, known map[localstore.IntentID]queuedEdit) error {
	if e.dryRun {
		verb = "would have " + verb
	}
	for _, id := range ids {
		p := known[id].queue.describe(known[id].intent)
		switch {
		case e.json:
			if err := term.WriteJSON(e.stdout, p); err != nil {
				return err
			}
		case !e.ui.quiet:
			if _, err := fmt.Fprintf(e.stdout, "%s #%d  %s\n", verb, id, term.Clean(p.Text)); err != nil {
				return err
			}
		}
	}
	return nil
}
