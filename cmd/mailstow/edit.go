package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/config"
	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
)

// edit is one command that changes mail or folders here, and queues
// that for the server. It holds one store for writing, so that what it selects
// stays as it is, and changes it in one transaction: all of it or nothing.
type edit struct {
	*app
	ctx     context.Context
	m       *mirrors // of the one store
	store   *localstore.Store
	account string // --account
	dryRun  bool   // all is done as usual, and then not kept
	json    bool
}

// editFlags are those of every command that edits.
func editFlags(more ...cli.Flag) []cli.Flag {
	return append(more,
		&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "print what would be done and change nothing"},
		&cli.BoolFlag{Name: "json", Usage: "print one JSON object for each message or folder"},
		accountFlag())
}

// edit opens the store that --account or the account before one of the folders
// stands in, and runs do with it.
func (a *app) edit(c *cli.Context, folders []string, do func(*edit) error) error {
	path, err := a.editedStore(c, folders)
	if err != nil {
		return err
	}
	store, err := a.openWriter(c.Context, path, false)
	if err != nil {
		return err
	}
	e := &edit{app: a, ctx: c.Context, store: store, m: &mirrors{}, account: c.String("account"), dryRun: c.Bool("dry-run"), json: c.Bool("json")}
	err = e.m.hold(c.Context, store)
	if err == nil {
		_, err = e.m.only(e.account)
	}
	if err == nil {
		err = do(e)
	}
	return errors.Join(err, store.Close())
}

// errDryRun undoes a transaction of which all went well.
var errDryRun = errors.New("dry run")

// commit runs fn in one transaction that outlasts a power cut; a dry run takes
// it back.
func (e *edit) commit(fn func(*localstore.Tx) error) error {
	err := e.store.Edit(e.ctx, func(tx *localstore.Tx) error {
		if err := fn(tx); err != nil || !e.dryRun {
			return err
		}
		return errDryRun
	})
	if errors.Is(err, errDryRun) {
		return nil
	}
	return err
}

// warnReadOnly tells whose edits will not reach the server. They are made all
// the same.
func (e *edit) warnReadOnly(accounts []string) error {
	c, err := config.Load(e.config)
	if err != nil {
		return err
	}
	for _, name := range accounts {
		if acct, ok := c.Find(name); ok && acct.ReadOnly {
			e.ui.warn("account %s is read-only: the edit stays here and is not sent", name)
			e.ui.hint(fmt.Sprintf("take read-only = true out of %s, or take edits back with mailstow pending drop", c.Path))
		}
	}
	return nil
}

// queued counts what waits for the server in the accounts of the store.
func (e *edit) queued() (n int, err error) {
	for _, one := range e.m.all {
		counts, err := e.store.Backlog(e.ctx, one.ID)
		if err != nil {
			return 0, err
		}
		for _, c := range counts {
			n += c.Intents
		}
	}
	return n, nil
}

// finish says what was done, in the past tense and without a subject, on one
// line, and what those must know whose account is read-only.
func (e *edit) finish(accounts []string, text string) error {
	if e.dryRun {
		text = "would have " + text
	} else if n, err := e.queued(); err != nil {
		return err
	} else {
		text += "; " + waiting(n)
	}
	if !e.json && !e.ui.quiet {
		if _, err := fmt.Fprintln(e.stdout, term.Clean(text)); err != nil {
			return err
		}
	}
	return e.warnReadOnly(accounts)
}

// foresee warns of what the guard of a sync will hold back (I26).
func (e *edit) foresee(names []string) error {
	c, err := config.Load(e.config)
	if err != nil {
		return err
	}
	for _, one := range e.m.all {
		if !slices.Contains(names, one.Name) || e.dryRun {
			continue
		}
		acct, _ := c.Find(one.Name)
		in, err := mailsync.Queue(e.ctx, e.store, one.ID, mailsync.Account{}, mailsync.Options{MaxDeletes: acct.MaxDeletes.Limit, Now: e.now})
		if err != nil {
			return err
		}
		for _, h := range plan.Push(in).Held {
			e.ui.warn("a sync will hold back what surprises: %s: %d of %d deletions (%d %%, %s)", h.Name, h.Count, h.Of, h.Percent(), h.Reason)
			e.ui.hint(fmt.Sprintf("if they are meant: mailstow sync %s %s", one.argument(), h.Override()))
		}
	}
	return nil
}

func waiting(n int) string {
	switch n {
	case 0:
		return "nothing is queued for the server"
	case 1:
		return "1 edit is queued for the server"
	}
	return fmt.Sprintf("%d edits are queued for the server", n)
}
