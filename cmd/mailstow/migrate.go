package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
)

func (a *app) migrateCommand() *cli.Command {
	return &cli.Command{
		Name:      "migrate",
		Usage:     "bring the mail of one account to another",
		ArgsUsage: "SOURCE TARGET",
		Description: describe(`
SOURCE and TARGET are configured accounts or URLs. Both are synced into the store,
then the target gets what it lacks: folders, messages with their bytes, dates of
arrival and flags, subscriptions. The source is never changed. What the target holds
already, from wherever, is recognised by its bytes and not sent again. Run it as often
as you like: each pass brings what is new and which flags changed; whatever interrupts
it, nothing is made twice. Flags that somebody changed at the target meanwhile are
kept. --delete deletes at the target what an earlier pass brought and is gone from
the source; a guard holds back what surprises (see "mailstow sync --help").

Sent, Drafts, Trash, Junk and Archive go to the folders that have these uses at the
target, by attribute, else by name. --map sends folders elsewhere; parts of names are
separated by / there, whatever the servers have. What a server cannot hold in a name
becomes = and two hexadecimal digits. Folders that show other folders' mail again
(Gmail's All Mail) are left out unless --folder names them.

The report has a line for each folder of the source, and the exit code is 3 if
anything is missing. --verify only looks and reports.

--no-store keeps no mail: messages are fetched up to 64 MiB at a time, sent and let
go. What is left is a state FILE with what tells messages from others (their place,
size, date, flags and SHA-256), by which the next pass knows what is done; its name is
made of the accounts', beside the store. Only migrate --no-store writes to it, and
without it the next pass reads both sides once to find out. What of the target's
folders did not come from here is read before anything is put there, and --verify
reads what was not read yet. --delete comes last, and only when nothing is missing at
the target. What the target refuses is fetched again when it is tried again: after a
quarter of an hour or more, twice as long each time, up to a day, and after all else.
A pass ends when 16 messages in a row are refused, or 4 for want of room.
What an interrupted pass may have brought, and the target shows in other words or not at
all, is not sent again by any later pass, and the report says so: if it is not there,
delete what looks like it at the target, then the state FILE, and migrate again.`,
			[]string{"mailstow migrate --dry-run old new", "mailstow migrate old new", "mailstow migrate --map 'Projects/*=Archive/Projects/*' --folder 'Projects*' old new",
				"mailstow migrate --verify old new", "mailstow migrate --no-store old new"},
			allCodes...),
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "folder", Aliases: []string{"f"}, Usage: "only folders of the source that match `PATTERN` (* anything, % one level, !PATTERN takes away); may be repeated"},
			&cli.StringSliceFlag{Name: "map", Usage: "folders that match OLD go to NEW: `OLD=NEW`, such as old/*=new/*; may be repeated, the first that matches counts"},
			&cli.BoolFlag{Name: "delete", Usage: "delete at the target what an earlier pass brought and is gone from the source"},
			&cli.StringFlag{Name: "max-deletes", Usage: "let up to `N|N%|off` deletions in a folder through, on either side"},
			&cli.BoolFlag{Name: "verify", Usage: "look at both servers and report what is missing, change nothing"},
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "look at both servers, print what would be done and change nothing there"},
			&cli.BoolFlag{Name: "no-store", Usage: "keep no mail, only a small state"},
			&cli.StringFlag{Name: "state", Usage: "with --no-store: keep the state in `FILE`"},
			&cli.BoolFlag{Name: "json", Usage: "print the report as one line of JSON"},
		},
		Action: a.migrate,
	}
}

// migration is one pass.
type migration struct {
	*app
	ctx            context.Context
	source, target account
	want           mailsync.Migration
	store          *localstore.Store
	push           syncOptions
	json           bool
	trouble        map[string]error // of each account's last run: the rest goes on
	state          string           // where no mail is kept: the file instead of a store; "": mail is kept
	told           map[mailsync.Failure]bool
}

func (a *app) migrate(c *cli.Context) error {
	m, err := a.readMigration(c)
	if err != nil {
		return err
	}
	var done func()
	if m.store, done, err = m.open(); err != nil {
		return err
	}
	defer done()
	return errors.Join(m.run(c.Bool("dry-run"), c.Bool("verify")), m.store.Close())
}

// readMigration finds the two accounts and the rules.
func (a *app) readMigration(c *cli.Context) (*migration, error) {
	m := &migration{app: a, ctx: c.Context, json: c.Bool("json"), trouble: map[string]error{}, told: map[mailsync.Failure]bool{}}
	if c.NArg() != 2 {
		return m, usage("migrate takes two accounts: from which, and to which", "for instance: mailstow migrate old new")
	}
	accounts, err := a.accounts(c.Args().Slice())
	if err != nil {
		return m, err
	}
	if len(accounts) != 2 {
		return m, usage("source and target are the same account", "mailstow move moves mail within an account")
	}
	m.source, m.target = accounts[0], accounts[1]
	m.source.ReadOnly, m.target.Folders = true, nil
	if err := m.readState(c); err != nil {
		return m, err
	}
	switch {
	case m.state == "" && a.storePath(m.source.Account) != a.storePath(m.target.Account):
		return m, usage("the two accounts have different stores", "name one for both with --store")
	case m.target.ReadOnly:
		return m, usage(fmt.Sprintf("account %s is read-only", m.target.Name), "nothing can be brought there")
	}
	for _, text := range c.StringSlice("map") {
		rule, err := plan.ParseNameRule(text)
		if err != nil {
			return m, usage("--map: "+err.Error(), "")
		}
		m.want.Map = append(m.want.Map, rule)
	}
	m.want.Folders, m.want.Delete, m.want.Now = c.StringSlice("folder"), c.Bool("delete"), a.now
	if c.IsSet("max-deletes") {
		limit, err := plan.ParseLimit(c.String("max-deletes"))
		if err != nil {
			return m, usage("--max-deletes: "+err.Error(), "")
		}
		m.push.maxDeletes = &limit
	}
	return m, nil
}

// run is a pass: look at both, plan, queue, send, and look again.
func (m *migration) run(dryRun, verify bool) error {
	look := m.push
	look.pullOnly = dryRun || verify
	if err := m.sync(m.source, mailsync.Pull, m.sourceOptions(), &m.want.Source); err != nil {
		return err
	}
	if err := m.sync(m.target, mailsync.Pull, look, &m.want.Target); err != nil {
		return err
	}
	if !dryRun && !verify {
		if done, err := m.passed(); done || err != nil {
			return err
		}
	}
	defer m.collectLess()()
	if err := m.spaces(); err != nil {
		return err
	}
	if m.state != "" && !dryRun {
		return m.pass(verify)
	}
	before, err := mailsync.PlanMigration(m.ctx, m.store, m.want)
	if err != nil {
		return err
	}
	if len(before.Folders) == 0 {
		return nothingChosen(append([]string{}, m.want.Folders...))
	}
	if dryRun || verify || before.Idle() {
		return m.report(before, doneBy(before, before), dryRun)
	}
	return m.bring(before)
}

// collectLess: behind the pull, what fills the heap is rows of all mail, not mail on its
// way. To go through them as often as main wants for that takes a sixth of the time.
func (m *migration) collectLess() (back func()) {
	if m.getenv("GOGC") != "" {
		return func() {}
	}
	was := debug.SetGCPercent(200)
	return func() { debug.SetGCPercent(was) }
}

func (m *migration) sourceOptions() syncOptions {
	return syncOptions{pullOnly: true, folders: m.want.Folders, maxDeletes: m.push.maxDeletes}
}

// bring does what a plan says, and looks at the outcome.
func (m *migration) bring(before mailsync.Migrated) error {
	if err := m.sync(m.target, before.Bring, m.push, nil); err != nil {
		return err
	}
	after, err := mailsync.PlanMigration(m.ctx, m.store, m.want)
	if err != nil {
		return err
	}
	return m.report(after, doneBy(before, after), false)
}

// runner is mailsync.Pull, or does more.
type runner func(context.Context, *localstore.Store, mailsync.Account, mailsync.Options) (mailsync.Receipt, error)

// sync syncs one side. What stops it stops the pass; what it could not do is told, and
// counts at the end. The first time it finds out the account's id.
func (m *migration) sync(acct account, do runner, o syncOptions, id *localstore.AccountID) error {
	server, err := m.server(acct)
	if err != nil {
		return err
	}
	watch := newWatcher(m.ui, acct.Name)
	receipt, err := do(m.ctx, m.store, server, m.pullOptions(acct, o, watch))
	watch.finish()
	fresh := receipt
	fresh.Failures = m.news(receipt.Failures)
	m.listFailures(fresh)
	m.tellConflicts(receipt)
	if err != nil {
		return named(acct, err)
	}
	m.trouble[acct.Name] = receiptProblem(acct, receipt)
	if id == nil {
		return nil
	}
	accounts, err := m.store.Accounts(m.ctx)
	for _, x := range accounts {
		if x.Name == acct.Name {
			*id = x.ID
		}
	}
	return err
}

func (m *migration) server(acct account) (mailsync.Account, error) {
	cfg, err := m.remoteConfig(m.ctx, acct)
	if err != nil {
		return mailsync.Account{}, err
	}
	return m.syncAccount(acct, cfg), nil
}

// spaces asks where the mailboxes of both sides lie: the connections of the runs have
// ended, and asked for the lists ahead of everything else.
func (m *migration) spaces() error {
	for _, side := range []struct {
		account
		space *plan.Space
	}{{m.source, &m.want.SourceSpace}, {m.target, &m.want.TargetSpace}} {
		server, err := m.server(side.account)
		if err == nil {
			*side.space, err = mailsync.Space(m.ctx, server)
		}
		if err != nil {
			return named(side.account, err)
		}
	}
	return nil
}

// untroubled: both runs found everything and held nothing back.
func (m *migration) untroubled() bool {
	return m.trouble[m.source.Name] == nil && m.trouble[m.target.Name] == nil
}

// passed reports what the last pass did, where nothing has happened since.
func (m *migration) passed() (bool, error) {
	if !m.untroubled() {
		return false, nil
	}
	report, ok, err := mailsync.Passed(m.ctx, m.store, m.want)
	var j migrateJSON
	if err != nil || !ok || json.Unmarshal(report, &j) != nil {
		return false, err
	}
	return true, cmp.Or(m.write(j), m.outcome(j))
}
