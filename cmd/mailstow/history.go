package main

import (
	"bufio"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
)

func (a *app) historyCommand() *cli.Command {
	return &cli.Command{
		Name:      "history",
		Usage:     "list the runs that changed the local copy, or what happened to a message",
		ArgsUsage: "[FOLDER]",
		Description: describe(`
Reads the store alone: no network, also while a sync runs. Lists the runs that
changed something, in FOLDER or anywhere, and those that did not end well; the
newest comes last. --run tells each change that a run made, --message what happened
to a message since it arrived, on the server and here.`,
			[]string{"mailstow history", "mailstow history INBOX --limit 5", "mailstow history --run 17", "mailstow history --message 4711"},
			exitOK, exitFailed, exitUsage),
		Flags: []cli.Flag{
			&cli.Int64Flag{Name: "run", DefaultText: "all", Usage: "every change of run `N`"},
			&cli.Int64Flag{Name: "message", Aliases: []string{"m"}, DefaultText: "none", Usage: "what happened to the message `ID`"},
			&cli.IntFlag{Name: "limit", Aliases: []string{"n"}, Value: 30, Usage: "the last `N` runs"},
			&cli.BoolFlag{Name: "all", Usage: "also the runs that found nothing changed"},
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object a line"},
			accountFlag(),
		},
		Action: a.history,
	}
}

func (a *app) history(c *cli.Context) error {
	if c.NArg() > 1 || c.NArg() == 1 && (c.IsSet("run") || c.IsSet("message")) || c.IsSet("run") && c.IsSet("message") {
		return usage("history takes one folder, or --run, or --message", "")
	}
	if c.Int("limit") < 1 {
		return usage("--limit must be at least 1", "")
	}
	m, err := a.openMirrors(c.Context)
	if err != nil {
		return err
	}
	defer m.close()
	switch {
	case c.IsSet("message"):
		return a.messageHistory(c, m)
	case c.IsSet("run"):
		return a.runHistory(c, m)
	}
	return a.runsHistory(c, m)
}

// historyJSON is a contract with scripts: fields are only ever added.
type historyJSON struct {
	Run       int64      `json:"run"`
	Account   string     `json:"account"`
	Folder    string     `json:"folder,omitempty"` // in which the changes are counted
	Started   time.Time  `json:"started"`
	Ended     *time.Time `json:"ended"`
	Outcome   string     `json:"outcome"` // "" while it runs
	Exit      int        `json:"exit"`
	Arrived   int64      `json:"arrived"`
	Vanished  int64      `json:"vanished"`
	Moved     int64      `json:"moved"`
	Flags     int64      `json:"flags"`
	Rebound   int64      `json:"renumbered"`
	Mailboxes int64      `json:"mailboxes"` // that came, went or got another name
}

func (j historyJSON) changes() string {
	var parts []string
	for _, p := range []struct {
		n    int64
		what string
	}{{j.Arrived, "arrived"}, {j.Vanished, "vanished"}, {j.Moved, "moved"}, {j.Flags, "with other flags"}, {j.Rebound, "renumbered"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	if j.Mailboxes > 0 {
		parts = append(parts, term.Count(j.Mailboxes, "folder"))
	}
	return strings.Join(parts, ", ")
}

func (a *app) runsHistory(c *cli.Context, m *mirrors) error {
	chosen, err := m.only(c.String("account"))
	var box localstore.Mailbox
	if err == nil && c.NArg() == 1 {
		chosen = make([]mirror, 1)
		chosen[0], box, err = m.mailbox(c.Context, c.String("account"), c.Args().First())
	}
	for _, one := range chosen {
		var runs []historyJSON
		if err == nil {
			runs, err = a.changedRuns(c.Context, one, box, c.Int("limit"), c.Bool("all"))
		}
		if err == nil {
			err = a.tellRuns(runs, len(chosen) > 1, c.Bool("json"))
		}
	}
	return err
}

// changedRuns gives the last runs that count, the newest last.
func (a *app) changedRuns(ctx context.Context, one mirror, box localstore.Mailbox, limit int, all bool) (found []historyJSON, err error) {
	const page = 200
	for before := localstore.RunID(0); len(found) < limit; {
		runs, err := one.store.RunsBefore(ctx, one.ID, before, page)
		if err != nil || len(runs) == 0 {
			break
		}
		for _, r := range runs {
			before = r.ID
			ch, err := one.store.Changes(ctx, r.ID, box.ID)
			if err != nil {
				return nil, err
			}
			dull := ch == localstore.Changes{} && (r.Outcome == localstore.OutcomeOK || box.ID != 0)
			if len(found) < limit && (all || !dull) {
				found = append(found, historyJSON{int64(r.ID), one.Name, box.Shown(), r.Started.UTC(), utc(r.Ended), r.Outcome, r.Exit,
					ch.Arrived, ch.Vanished, ch.Moved, ch.Flags, ch.Rebound, ch.Mailboxes})
			}
		}
	}
	slices.Reverse(found)
	return found, err
}

func (a *app) tellRuns(runs []historyJSON, several, json bool) error {
	if json {
		out := bufio.NewWriter(a.stdout)
		for _, j := range runs {
			if err := term.WriteJSON(out, j); err != nil {
				return err
			}
		}
		return out.Flush()
	}
	table := term.Table{Right: []int{0}, Flex: 3, Width: a.ui.width}
	for _, j := range runs {
		outcome := j.Outcome
		if outcome == "" {
			outcome = "running"
		}
		cells := []string{fmt.Sprint(j.Run), term.Date(j.Started, a.now().Location()), outcome, j.changes()}
		if several {
			cells = append(cells, term.Clean(j.Account))
		}
		table.Row(cells...)
	}
	return table.Write(a.stdout)
}
