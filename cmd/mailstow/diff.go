package main

import (
	"bufio"
	"fmt"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
)

func (a *app) diffCommand() *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Usage:     "list what is different on the server after another run",
		ArgsUsage: "RUN1 [RUN2]",
		Description: describe(`
Reads the store alone: no network, also while a sync runs. Compares the account as it
was after RUN1 with what it was after RUN2, or is now: messages that are there now
and were not, that are gone, that were moved, that have other flags. What came and
went in between is not told; "mailstow history" lists the runs.`,
			[]string{"mailstow diff 17", "mailstow diff 17 21 --json | jq -r 'select(.change == \"gone\").id'"},
			exitOK, exitFailed, exitUsage),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object a line"},
			accountFlag(),
		},
		Action: a.diff,
	}
}

// differenceJSON is a contract with scripts: fields are only ever added.
type differenceJSON struct {
	Change  string `json:"change"` // new, gone, moved, flags
	ID      int64  `json:"id"`
	Account string `json:"account"`
	Folder  string `json:"folder"`
	UID     uint32 `json:"uid"`
	Was     string `json:"was"` // its flags
	Is      string `json:"is"`
	NewID   string `json:"new_id,omitempty"` // of what it was moved to
	From    string `json:"from"`
	Subject string `json:"subject"`
}

func (a *app) diff(c *cli.Context) error {
	m, err := a.openMirrors(c.Context)
	if err != nil {
		return err
	}
	defer m.close()
	store, err := m.storeOf(c.String("account"))
	if err != nil {
		return err
	}
	acct, from, to, err := runCuts(c, store)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(a.stdout)
	err = store.Diff(c.Context, acct, from, to, func(d localstore.Difference) error {
		if c.Bool("json") {
			return term.WriteJSON(out, newDifference(d))
		}
		return writeDifference(out, d)
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

// runCuts reads one or two runs of the same account.
func runCuts(c *cli.Context, store *localstore.Store) (acct localstore.AccountID, from, to localstore.Cut, err error) {
	if c.NArg() < 1 || c.NArg() > 2 {
		return 0, 0, 0, usage("diff takes one run, or two", "mailstow history lists them")
	}
	var cuts [2]localstore.Cut
	for i, arg := range c.Args().Slice() {
		id, ok := parseID(arg)
		if !ok {
			return 0, 0, 0, usage(fmt.Sprintf("%q is not the number of a run", arg), "mailstow history lists them")
		}
		run, err := store.Run(c.Context, localstore.RunID(id))
		if err != nil {
			return 0, 0, 0, noRun(localstore.RunID(id), err)
		}
		if acct != 0 && acct != run.Account {
			return 0, 0, 0, usage("the two runs are of different accounts", "mailstow history --account NAME lists those of one")
		}
		acct = run.Account
		if cuts[i], err = store.CutAfter(c.Context, run.ID); err != nil {
			return 0, 0, 0, err
		}
	}
	if cuts[1] != 0 && cuts[1] < cuts[0] {
		return 0, 0, 0, usage("the first run is the later one", "the earlier one comes first")
	}
	return acct, cuts[0], cuts[1], nil
}

func newDifference(d localstore.Difference) differenceJSON {
	j := differenceJSON{Change: change(d), ID: int64(d.Message), Account: d.Account, Folder: d.Folder, UID: d.UID,
		Was: d.WasFlags, Is: d.New, From: d.From, Subject: d.Subject}
	if !d.Is {
		j.Is = ""
	}
	if d.Kind == localstore.EventMoved {
		j.NewID = d.New
	}
	return j
}

func change(d localstore.Difference) string {
	switch {
	case !d.Was:
		return "new"
	case d.Is:
		return "flags"
	case d.Kind == localstore.EventMoved:
		return "moved"
	}
	return "gone"
}

func writeDifference(out *bufio.Writer, d localstore.Difference) error {
	news := ""
	switch change(d) {
	case "flags":
		news = flagNews(d.WasFlags, d.New)
	case "moved":
		news = "as " + d.New
	}
	return writeEvent(out, change(d), d.Folder, d.Message, news, d.Event)
}

// atFlag is that of the commands that look at the past.
func atFlag() cli.Flag {
	return &cli.StringFlag{Name: "at", Usage: "as it was at `TIME` (2026-10-01, 2026-10-01T12:00, RFC 3339, or an age such as 3h or 7d)"}
}

// cutAt is the moment of --at; zero without it.
func (a *app) cutAt(c *cli.Context, store *localstore.Store) (localstore.Cut, error) {
	if !c.IsSet("at") {
		return 0, nil
	}
	at, err := parseSince(c.String("at"), a.now())
	if err != nil {
		return 0, usage("--at: "+err.Error(), "")
	}
	return store.CutAt(c.Context, at)
}
