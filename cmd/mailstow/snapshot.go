package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
)

func (a *app) snapshotCommand() *cli.Command {
	return &cli.Command{
		Name:      "snapshot",
		Usage:     "copy the store to a file, also while a sync runs, and verify the copy",
		ArgsUsage: "FILE",
		Description: describe(`
Needs no connection. FILE becomes a store like this one, as it is at one moment, with
all accounts and all history: mailstow --store FILE reads it. It gets its name only
when it is complete, on the disk, and has been read through; --quick reads less.`,
			[]string{"mailstow snapshot /backup/mail-$(date +%F).db", "mailstow snapshot --replace /backup/mail.db"},
			exitOK, exitFailed, exitUsage, exitPartial),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "replace", Usage: "an older snapshot may be there: it is replaced"},
			&cli.BoolFlag{Name: "quick", Usage: "verify the structure, and the bytes of one body in a hundred"},
			accountFlag(),
		},
		Action: a.snapshot,
	}
}

func (a *app) snapshot(c *cli.Context) error {
	if c.NArg() != 1 {
		return usage("snapshot takes one file", "for instance: mailstow snapshot /backup/mail.db")
	}
	path := c.Args().First()
	m, err := a.openMirrors(c.Context)
	if err != nil {
		return err
	}
	defer m.close()
	store, err := m.storeOf(c.String("account"))
	if err != nil {
		return err
	}
	bar := newMeter(a.ui, "verifying the copy")
	opt := localstore.CheckOptions{Progress: bar.set}
	if c.Bool("quick") {
		opt.Sample = 0.01
	}
	found := 0
	err = store.Snapshot(c.Context, path, c.Bool("replace"), opt, func(f localstore.Finding) {
		if f.Kind != localstore.FoundWaste {
			found++
			a.ui.warn("%s", f.What)
		}
	})
	bar.finish()
	if err != nil {
		return snapshotError(err)
	}
	fi, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !a.ui.quiet {
		if _, err := fmt.Fprintf(a.stdout, "copied %s to %s (%s)\n", term.Clean(store.Path()), term.Clean(path), term.Size(fi.Size())); err != nil {
			return err
		}
	}
	if found > 0 {
		return &problem{code: exitPartial, text: fmt.Sprintf("the copy is as the store is: %d things in it are wrong", found),
			hint: "mailstow verify --repair mends the store; take another snapshot then"}
	}
	return nil
}

func snapshotError(err error) error {
	s := (*localstore.Error)(nil)
	if errors.As(err, &s) && errors.Is(err, localstore.ErrExists) {
		return &problem{code: exitFailed, text: fmt.Sprintf("%s: %v", s.Path, s.Err), hint: s.Hint, err: err}
	}
	return err
}
