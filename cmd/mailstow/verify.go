package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/urfave/cli/v2"

	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/remote"
)

func (a *app) verifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "prove that the local copy is whole, and equal to the server",
		ArgsUsage: "[ACCOUNT...]",
		Description: describe(`
Reads every body of the store, compares its SHA-256 and what the store says of
its header, history with what is there now, and whatever else the store says
twice; no network. With --remote also compares mailboxes, UIDs, flags,
sizes and dates with the server; what happened there since the last sync counts
as a difference. Whatever differs is listed, and the exit code is 1.

--sample P% reads, and with --remote downloads again, that share of the bodies;
--sample N downloads about N bodies again. --repair fetches what is damaged or
missing from the server, writes again what follows from a header, then looks again;
a message whose bytes have changed on the server is reported and left as it was
first received.`,
			[]string{"mailstow verify", "mailstow verify --remote --sample 100 work", "mailstow verify --sample 5%", "mailstow verify --repair"},
			exitOK, exitFailed, exitUsage, exitPartial, exitAuth, exitConnection, exitGuard, exitInUse, exitInterrupted),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "remote", Usage: "compare with the server too"},
			&cli.StringFlag{Name: "sample", Usage: "look at the bodies of `P%|N` messages, chosen by chance"},
			&cli.BoolFlag{Name: "repair", Usage: "fetch what is damaged or missing again"},
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object"},
			&cli.StringSliceFlag{Name: "folder", Aliases: []string{"f"}, Usage: "with --remote: only folders that match `PATTERN`; may be repeated"},
		},
		Action: a.verify,
	}
}

// verification is one verify on its way.
type verification struct {
	*app
	accounts []account // to compare with their servers, and to repair from
	sample   sample
	remote   bool
	folders  []string
	configs  map[string]remote.Config // by account, so that nobody is asked twice
}

func (a *app) verify(c *cli.Context) error {
	v, err := a.newVerification(c)
	if err != nil {
		return err
	}
	result, err := v.look(c.Context)
	if err == nil && c.Bool("repair") && !result.OK {
		if err = v.repair(c.Context, result); err == nil {
			result, err = v.look(c.Context)
			result.Repaired = true
		}
	}
	if err != nil && len(result.Stores) == 0 {
		return err
	}
	if printErr := v.print(c, result); err == nil {
		err = printErr
	}
	if err != nil || result.OK {
		return err
	}
	return v.failure(result, c.Bool("repair"))
}

func (a *app) newVerification(c *cli.Context) (*verification, error) {
	v := &verification{app: a, remote: c.Bool("remote"), folders: c.StringSlice("folder"), configs: map[string]remote.Config{}}
	var err error
	if c.IsSet("sample") {
		if v.sample, err = parseSample(c.String("sample")); err != nil {
			return nil, err
		}
		if v.sample.count > 0 && !v.remote {
			return nil, usage("--sample N counts messages to download, which needs --remote", "for the local check say a percentage, such as --sample 5%")
		}
	}
	if c.Args().Present() || v.remote || c.Bool("repair") {
		if v.accounts, err = a.accounts(c.Args().Slice()); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// look checks the stores, then the servers, and says what it found.
func (v *verification) look(ctx context.Context) (verifyJSON, error) {
	result := verifyJSON{OK: true, Stores: []storeJSON{}}
	m, err := v.openMirrors(ctx)
	if err != nil {
		return result, err
	}
	defer m.close()
	stores, err := v.stores(m)
	if err != nil {
		return result, err
	}
	for _, store := range stores {
		s, err := v.local(ctx, store)
		if err != nil {
			return result, err
		}
		if s.Passing = store.Passing(); s.Passing {
			v.ui.warn("%s: the state of a migration: it keeps no mail, and there is none to read", s.Store)
		} else if s.Missing, err = v.missing(ctx, m, store); err != nil {
			return result, err
		}
		result.Stores = append(result.Stores, s)
		result.OK = result.OK && !slices.ContainsFunc(s.Findings, findingJSON.bad) && s.Missing == 0
	}
	if !v.remote {
		return result, nil
	}
	err = v.each(ctx, v.accounts, func(acct account) error {
		r, err := v.compare(ctx, m, acct)
		result.Remote = append(result.Remote, r)
		result.OK = result.OK && err == nil && len(r.Differences) == 0
		return named(acct, err)
	})
	return result, err
}

// compare holds one account against its server.
func (v *verification) compare(ctx context.Context, m *mirrors, acct account) (mailsync.Verified, error) {
	store, err := v.storeOf(m, acct)
	if err != nil {
		return mailsync.Verified{}, err
	}
	source, err := v.source(ctx, acct)
	if err != nil {
		return mailsync.Verified{}, err
	}
	watch := newWatcher(v.ui, acct.Name)
	defer watch.finish()
	folders := chosenFolders(acct, v.folders)
	r, err := mailsync.VerifyRemote(ctx, store, source, mailsync.VerifyOptions{
		Folders: folders, Sample: v.sample.count, SamplePercent: v.sample.percent, Observer: watch, Seed: rand.Uint64(),
	})
	if err == nil && r.Mailboxes == 0 && len(r.Differences) == 0 {
		err = nothingChosen(folders)
	}
	return r, err
}

func (v *verification) storeOf(m *mirrors, acct account) (*localstore.Store, error) {
	for _, one := range m.all {
		if one.Name == acct.Name {
			return one.store, nil
		}
	}
	return nil, &problem{code: exitFailed, text: fmt.Sprintf("account %s: never synced, so there is nothing to compare", acct.Name),
		hint: "mailstow sync " + acct.argument()}
}

// source is the account as package sync wants it.
func (v *verification) source(ctx context.Context, acct account) (mailsync.Account, error) {
	cfg, known := v.configs[acct.Name]
	if !known {
		var err error
		if cfg, err = v.remoteConfig(ctx, acct); err != nil {
			return mailsync.Account{}, err
		}
		v.configs[acct.Name] = cfg
	}
	return v.syncAccount(acct, cfg), nil
}
