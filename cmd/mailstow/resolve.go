package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/conflict"
	"mailstow/localstore"
)

func (a *app) resolveCommand() *cli.Command {
	return &cli.Command{
		Name:      "resolve",
		Usage:     "let one side of conflicts stand, whatever was decided at first",
		ArgsUsage: "N...",
		Description: describe(`
N is the number at the beginning of an entry of "mailstow conflicts". Needs no
connection: what has to be done on the server for it is queued. To take the side
that stands already only closes the conflict. Where a side cannot be taken, the
message says why and what to do instead.`,
			[]string{"mailstow conflicts resolve 3 --take local", "mailstow conflicts resolve 4 5 --take server"}, editCodes...),
		Flags:  editFlags(&cli.StringFlag{Name: "take", Usage: "the `SIDE` that shall stand: server, local or both"}),
		Action: a.resolve,
	}
}

func (a *app) resolve(c *cli.Context) error {
	ids, take, err := readResolve(c)
	if err != nil {
		return err
	}
	return a.edit(c, nil, func(e *edit) error {
		all, err := e.disputes(ids)
		if err != nil {
			return err
		}
		texts := make([]string, len(all))
		err = e.commit(func(tx *localstore.Tx) error {
			for i, d := range all {
				if texts[i], err = d.resolve(tx, take); err != nil {
					return err
				}
				if err := tx.ResolveConflict(d.x.ID, fmt.Sprintf("%s: %s", take, texts[i])); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		return e.resolved(all, texts)
	})
}

func readResolve(c *cli.Context) ([]localstore.ConflictID, conflict.Policy, error) {
	var ids []localstore.ConflictID
	for _, arg := range c.Args().Slice() {
		id, ok := parseID(arg)
		if !ok {
			return nil, 0, usage(fmt.Sprintf("%q is not the number of a conflict", arg), "mailstow conflicts lists them")
		}
		if !slices.Contains(ids, localstore.ConflictID(id)) {
			ids = append(ids, localstore.ConflictID(id))
		}
	}
	if len(ids) == 0 {
		return nil, 0, usage("resolve which conflicts?", "mailstow conflicts lists them")
	}
	if c.String("take") == "" {
		return nil, 0, usage("resolve takes --take server, local or both", "mailstow conflicts shows which of them can be taken")
	}
	take, err := conflict.ParsePolicy(c.String("take"))
	if err != nil {
		return nil, 0, usage("--take: "+err.Error(), "")
	}
	return ids, take, nil
}

// disputes reads the conflicts that are meant; all of them must be open.
func (e *edit) disputes(ids []localstore.ConflictID) ([]*dispute, error) {
	var all []*dispute
	for _, id := range ids {
		x, err := e.store.Conflict(e.ctx, id)
		if errors.Is(err, localstore.ErrNotFound) {
			return nil, &problem{code: exitFailed, text: fmt.Sprintf("no conflict %d in %s", id, e.store.Path()), hint: "mailstow conflicts lists them", err: err}
		}
		if err != nil {
			return nil, err
		}
		if !x.Resolved.IsZero() {
			return nil, &problem{code: exitFailed, text: fmt.Sprintf("conflict %d is resolved already: %s", id, x.Resolution),
				hint: "mailstow conflicts --all shows it; what was done can be changed with flag, move and so on"}
		}
		d, err := e.dispute(x)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

func (e *edit) resolved(all []*dispute, texts []string) error {
	var owners, lines []string
	for i, d := range all {
		owners = append(owners, d.one.Name)
		lines = append(lines, fmt.Sprintf("conflict %d: %s", d.x.ID, texts[i]))
	}
	if e.json {
		for i, d := range all {
			d.Take, d.Resolution = []string{}, texts[i]
			if err := term.WriteJSON(e.stdout, d.conflictJSON); err != nil {
				return err
			}
		}
	}
	slices.Sort(owners)
	return e.finish(slices.Compact(owners), "resolved "+strings.Join(lines, "; "))
}
