package main

import (
	"bufio"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/conflict"
)

func (a *app) pendingCommand() *cli.Command {
	return &cli.Command{
		Name:  "pending",
		Usage: "list the edits that are queued for the server, and why they wait",
		Description: describe(`
Reads the store alone: no network, also while a sync runs. Lists in order what the
next sync will do on the server. #N is the id that drop and retry take; in brackets
stands the message. Under it, why it was not done yet or will not be: the server
refused it (and when it is tried again), a guard holds it back, it is parked until
you decide.`,
			[]string{"mailstow pending", "mailstow pending diff", "mailstow pending drop 12", "mailstow pending --json | jq -r .text"},
			exitOK, exitFailed, exitUsage),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object a line"},
			accountFlag(),
		},
		Subcommands: []*cli.Command{a.pendingDropCommand(), a.pendingRetryCommand(), a.pendingDiffCommand()},
		Action:      a.pending,
	}
}

// pendingJSON is a contract with scripts: fields are only ever added.
type pendingJSON struct {
	ID      int64      `json:"id"`
	Account string     `json:"account"`
	Kind    string     `json:"kind"`  // flags, move, copy, delete, append, create, rename, remove, subscribe, unsubscribe
	State   string     `json:"state"` // queued, sent, done, parked
	Made    time.Time  `json:"made,omitzero"`
	Text    string     `json:"text"`
	Folder  string     `json:"folder,omitempty"` // where the message is; the folder itself
	To      string     `json:"to,omitempty"`     // where it goes; the new name of the folder
	Message int64      `json:"message,omitempty"`
	Subject string     `json:"subject,omitempty"`
	Add     []string   `json:"add,omitempty"` // flags
	Remove  []string   `json:"remove,omitempty"`
	Why     string     `json:"why,omitempty"` // it waits
	RetryAt *time.Time `json:"retry_at,omitempty"`
	Tries   int        `json:"tries,omitempty"`
}

func (a *app) pending(c *cli.Context) error {
	if c.Args().Present() {
		return noInner(c)
	}
	n, out := 0, bufio.NewWriter(a.stdout)
	err := a.eachMirror(c, func(one mirror, several bool) error {
		q, err := a.readQueue(c.Context, one)
		if err != nil {
			return err
		}
		n += len(q.in.Intents)
		return q.each(c.Context, func(p pendingJSON) error {
			if c.Bool("json") {
				return term.WriteJSON(out, p)
			}
			return writePending(out, p, several)
		})
	})
	if err != nil {
		return err
	}
	if n == 0 {
		a.ui.say("nothing is queued for the server")
	}
	return out.Flush()
}

// writePending is one edit for people.
func writePending(out *bufio.Writer, p pendingJSON, several bool) error {
	text := p.Text
	if several {
		text = p.Account + ": " + text
	}
	if p.Message != 0 {
		text += fmt.Sprintf("  [%d %s]", p.Message, p.Subject)
	}
	if _, err := fmt.Fprintf(out, "#%d  %s\n", p.ID, term.Clean(text)); err != nil || p.Why == "" {
		return err
	}
	_, err := fmt.Fprintf(out, "    %s\n", term.Clean(p.Why))
	return err
}

// lacking are the flags of one set that another lacks.
func lacking(from, to conflict.Flags) []string {
	var out []string
	for _, flag := range conflict.Added(from, to) {
		out = append(out, string(flag))
	}
	return out
}
