package main

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"mailstow/localstore"
	mailsync "mailstow/sync"
)

func (a *app) undoCommand() *cli.Command {
	return &cli.Command{
		Name:  "undo",
		Usage: "put back what a run, or the last hours, saw vanish from the server",
		Description: describe(`
Needs no connection: the next sync puts it back. Messages come back with the bytes,
date of arrival and flags they had, folders with their mail. What was moved did not
vanish and stays where it went; what has come back already is not put back again.
What was deleted from here comes back as well. Nothing else is touched. Without --run and --since it is about the last run.`,
			[]string{"mailstow undo --dry-run", "mailstow undo --run 17", "mailstow undo --since 3h --folder INBOX"},
			append(editCodes, exitPartial)...),
		Flags: editFlags(
			&cli.Int64Flag{Name: "run", DefaultText: "the last", Usage: "what run `N` saw vanish; mailstow history lists them"},
			&cli.StringFlag{Name: "since", Usage: "what vanished since `TIME` (3h, 7d, 2026-10-01T12:00)"},
			&cli.StringFlag{Name: "folder", Aliases: []string{"f"}, Usage: "only what vanished from `FOLDER`"}),
		Action: a.undo,
	}
}

func (a *app) undo(c *cli.Context) error {
	if c.Args().Present() {
		return usage("undo takes no arguments", "mailstow restore ID puts single messages back")
	}
	if c.IsSet("run") && c.IsSet("since") {
		return usage("--run and --since exclude each other", "leave one of them out")
	}
	return a.edit(c, []string{c.String("folder")}, func(e *edit) error {
		one, box, err := e.undone(c)
		if err != nil {
			return err
		}
		span, err := e.undoSpan(c, one)
		if err != nil {
			return err
		}
		want, err := mailsync.Undo(e.ctx, e.store, one.ID, box.ID, span.from, span.to)
		if err != nil {
			return err
		}
		if len(want.Messages)+len(want.Mailboxes) == 0 {
			return e.undoNothing(c, one, span)
		}
		return e.putBack(one, want)
	})
}

// undone is the account, and the folder if one was named.
func (e *edit) undone(c *cli.Context) (one mirror, box localstore.Mailbox, err error) {
	if c.IsSet("folder") {
		return e.m.mailbox(e.ctx, e.account, c.String("folder"))
	}
	if c.IsSet("run") && e.account == "" {
		run, err := e.store.Run(e.ctx, localstore.RunID(c.Int64("run")))
		if err != nil {
			return one, box, noRun(localstore.RunID(c.Int64("run")), err)
		}
		i := slices.IndexFunc(e.m.all, func(m mirror) bool { return m.ID == run.Account })
		return e.m.all[i], box, nil
	}
	one, err = e.ownerOf(nil, e.account)
	return one, box, err
}

// undoSpan is a piece of history; run is 0 unless it is that of one run.
type undoSpan struct {
	run      localstore.RunID
	from, to localstore.Cut
}

func (e *edit) undoSpan(c *cli.Context, one mirror) (s undoSpan, err error) {
	if c.IsSet("since") {
		since, err := parseSince(c.String("since"), e.now())
		if err != nil {
			return s, usage("--since: "+err.Error(), "")
		}
		s.from, err = e.store.CutAt(e.ctx, since)
		return s, err
	}
	if s.run = localstore.RunID(c.Int64("run")); s.run == 0 {
		runs, err := e.store.Runs(e.ctx, one.ID, 1)
		if err != nil {
			return s, err
		}
		if len(runs) == 0 {
			return s, &problem{code: exitFailed, text: fmt.Sprintf("account %s has never been synced", one.Name), hint: "mailstow sync fetches it"}
		}
		s.run = runs[0].ID
	}
	run, err := e.store.Run(e.ctx, s.run)
	if err != nil {
		return s, noRun(s.run, err)
	}
	if run.Account != one.ID {
		return s, usage(fmt.Sprintf("run %d was not one of account %s", s.run, one.Name), "mailstow history lists the runs")
	}
	if s.from, err = e.store.CutBefore(e.ctx, s.run); err == nil {
		s.to, err = e.store.CutAfter(e.ctx, s.run)
	}
	return s, err
}

// undoNothing says so, and where something would be.
func (e *edit) undoNothing(c *cli.Context, one mirror, s undoSpan) error {
	if e.json || e.ui.quiet {
		return nil
	}
	text := "nothing vanished, nothing is put back"
	if s.run != 0 && !c.IsSet("run") {
		text = fmt.Sprintf("run %d, the last, saw nothing vanish; mailstow history tells which did", s.run)
	}
	_, err := fmt.Fprintln(e.stdout, text)
	return err
}
