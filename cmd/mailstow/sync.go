package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

func (a *app) syncCommand() *cli.Command {
	return &cli.Command{
		Name:      "sync",
		Usage:     "bring the local copy and the server together",
		ArgsUsage: "[ACCOUNT...]",
		Description: describe(`
Copies what is new on the server: messages, flags, what vanished. Then does on the
server what was queued here (see "mailstow pending"), and nothing else; without
anything queued, nothing is changed there. Where both sides changed the same thing
a rule decides, and "mailstow conflicts" tells. ACCOUNT is a configured name or a
URL; without one, all configured accounts are synced. An interrupted run goes on
where it stopped.

Surprising deletions (more than 20 messages and a quarter of a mailbox, or a
mailbox suddenly empty) are held back on both sides, the rest is done, and the exit
code is 6.

A mailbox whose server contradicts itself (UIDNEXT went back, other messages under
known UIDs) is left alone until --rematch FOLDER.

Without a terminal a run in which all is fine says nothing.`,
			[]string{"mailstow sync", "mailstow sync work --folder 'Archive/*' --folder '!Archive/Spam'",
				"mailstow sync --dry-run", "MAILSTOW_PASSWORD=... mailstow sync imaps://me%40example.org@imap.example.org"},
			allCodes...),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print a receipt for each account as one line of JSON"},
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "print what would be done and change nothing"},
			&cli.StringSliceFlag{Name: "folder", Aliases: []string{"f"}, Usage: "only folders that match `PATTERN` (* anything, % one level, !PATTERN takes away); may be repeated"},
			&cli.StringSliceFlag{Name: "rematch", Usage: "forget the UIDs of folders that match `PATTERN` and match their mail by content, as after a UIDVALIDITY change; may be repeated"},
			&cli.BoolFlag{Name: "pull-only", Usage: "send nothing: what is queued stays so"},
			&cli.BoolFlag{Name: "push-only", Usage: "look only at the folders that queued edits are about"},
			&cli.StringFlag{Name: "max-deletes", Usage: "let up to `N|N%|off` deletions in a mailbox through"},
		},
		Action: a.sync,
	}
}

// syncOptions is what the command line says about a run.
type syncOptions struct {
	json, dryRun bool
	folders      []string
	rematch      []string
	full         bool // look at everything and try everything again
	pullOnly     bool
	pushOnly     bool
	maxDeletes   *plan.Limit // nil: the account's own
}

func (a *app) sync(c *cli.Context) error {
	o, err := readSyncOptions(c)
	if err != nil {
		return err
	}
	accounts, err := a.accounts(c.Args().Slice())
	if err != nil {
		return err
	}
	return a.each(c.Context, accounts, func(acct account) error {
		return a.syncOne(c.Context, acct, o)
	})
}

func readSyncOptions(c *cli.Context) (syncOptions, error) {
	o := syncOptions{json: c.Bool("json"), dryRun: c.Bool("dry-run"), folders: c.StringSlice("folder"),
		rematch: c.StringSlice("rematch"), pullOnly: c.Bool("pull-only"), pushOnly: c.Bool("push-only")}
	if o.pullOnly && o.pushOnly {
		return o, usage("--pull-only and --push-only exclude each other", "leave both out to sync in both directions")
	}
	if c.IsSet("max-deletes") {
		limit, err := plan.ParseLimit(c.String("max-deletes"))
		if err != nil {
			return o, usage("--max-deletes: "+err.Error(), "")
		}
		o.maxDeletes = &limit
	}
	return o, nil
}

// each does something with every account: one that fails does not stop the
// others, and the worst exit code is the run's.
func (a *app) each(ctx context.Context, accounts []account, do func(account) error) error {
	code := exitOK
	for _, acct := range accounts {
		err := explain(do(acct))
		if len(accounts) == 1 || ctx.Err() != nil {
			return err
		}
		a.ui.fail(err)
		code = worst(code, exitCode(err))
	}
	if code == exitOK {
		return nil
	}
	return &problem{code: code}
}

func (a *app) syncOne(ctx context.Context, acct account, o syncOptions) error {
	cfg, err := a.remoteConfig(ctx, acct)
	if err != nil {
		return err
	}
	server, stop := mailsync.Ahead(ctx, a.syncAccount(acct, cfg))
	defer stop()
	store, done, err := a.openForSync(ctx, acct, o.dryRun)
	if err != nil {
		return err
	}
	defer done()
	watch := newWatcher(a.ui, acct.Name)
	receipt, err := mailsync.Pull(ctx, store, server, a.pullOptions(acct, o, watch))
	watch.finish()
	return errors.Join(a.report(acct, receipt, o, err), store.Close())
}

// syncAccount is the account as package sync wants it.
func (a *app) syncAccount(acct account, cfg remote.Config) mailsync.Account {
	var dials atomic.Int32
	dial := func(ctx context.Context) (*remote.Conn, error) {
		cfg := cfg
		cfg.ListAhead = dials.Add(1) == 1 // a run asks for the list once
		conn, err := remote.Dial(ctx, cfg)
		if err == nil {
			a.ui.detail("%s: logged in at %s", acct.Name, acct.Endpoint)
		}
		return conn, err
	}
	return mailsync.Account{Name: acct.Name, URL: acct.Endpoint.String(), MaxMessage: int64(acct.MaxMessage), Dial: dial, ReadOnly: acct.ReadOnly}
}

func (a *app) pullOptions(acct account, o syncOptions, watch mailsync.Observer) mailsync.Options {
	opt := mailsync.Options{
		Folders: chosenFolders(acct, o.folders), Narrow: len(o.folders) > 0 && !acct.unnamed,
		DryRun: o.dryRun, MaxDeletes: acct.MaxDeletes.Limit, Observer: watch, Now: a.now,
		Rematch: o.rematch, Full: o.full, Connections: acct.Connections, PullOnly: o.pullOnly, PushOnly: o.pushOnly, Policy: acct.Conflicts.Policy,
	}
	if o.maxDeletes != nil {
		opt.MaxDeletes = *o.maxDeletes
	}
	return opt
}

// chosenFolders are the patterns that count: the command line's, else the account's.
func chosenFolders(acct account, folders []string) []string {
	if len(folders) > 0 {
		return folders
	}
	return acct.Folders
}

// nothingChosen is the problem of patterns with a slip in them: a backup of
// nothing must not look like a good one. Every account has an INBOX.
func nothingChosen(patterns []string) error {
	if len(patterns) == 0 {
		return nil
	}
	return usage(fmt.Sprintf("no folder of the server matches %q", patterns), "mailstow doctor lists them")
}

// openForSync opens the account's store. A dry run only reads; when there is no
// store yet it plans against an empty one that is gone afterwards.
func (a *app) openForSync(ctx context.Context, acct account, dryRun bool) (*localstore.Store, func(), error) {
	path := a.storePath(acct.Account)
	if !dryRun {
		store, err := a.openWriter(ctx, path, true)
		return store, func() {}, err
	}
	store, err := a.openReader(ctx, path)
	if !errors.Is(err, localstore.ErrNoStore) {
		return store, func() {}, err
	}
	dir, err := os.MkdirTemp("", "mailstow-dry-run-*")
	if err != nil {
		return nil, nil, err
	}
	store, err = a.openWriter(ctx, filepath.Join(dir, "empty.db"), true)
	if err != nil {
		os.RemoveAll(dir)
	}
	return store, func() { os.RemoveAll(dir) }, err
}

// report prints the receipt and makes the run's error, if there is one.
func (a *app) report(acct account, r mailsync.Receipt, o syncOptions, err error) error {
	if o.json {
		if writeErr := term.WriteJSON(a.stdout, r); err == nil && writeErr != nil {
			return writeErr
		}
	} else {
		a.summarise(r, o)
	}
	a.listFailures(r)
	a.tellConflicts(r)
	if err == nil && r.Mailboxes == 0 {
		err = nothingChosen(chosenFolders(acct, o.folders))
	}
	if err != nil {
		return named(acct, err)
	}
	return receiptProblem(acct, r)
}
