package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/conflict"
	"mailstow/sync/plan"
)

func (a *app) pendingDiffCommand() *cli.Command {
	return &cli.Command{
		Name:  "diff",
		Usage: "show what the server will look like when the queued edits are done",
		Description: describe(`
Reads the store alone: no network. Counts messages of folders as the last sync left
them, then shows what the next one will do, step by step. What waits is left out.
What has happened on the server since is only known to "mailstow sync --dry-run".`,
			[]string{"mailstow pending diff"}, exitOK, exitFailed, exitUsage),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object for each account"},
			accountFlag(),
		},
		Action: a.pendingDiff,
	}
}

// diffJSON is a contract with scripts: fields are only ever added.
type diffJSON struct {
	Account string        `json:"account"`
	Folders []boxDiff     `json:"folders"` // those that change
	Push    plan.PushPlan `json:"push"`
}

// boxDiff is what becomes of a folder on the server.
type boxDiff struct {
	Name    string `json:"name"`
	Was     string `json:"was,omitempty"` // its name before
	New     bool   `json:"new,omitempty"`
	Removed bool   `json:"removed,omitempty"`
	Before  int    `json:"before"` // messages
	Plus    int    `json:"plus"`
	Minus   int    `json:"minus"`
	Flags   int    `json:"flags"` // messages whose flags change
}

func (b boxDiff) changes() bool {
	return b.New || b.Removed || b.Was != "" || b.Plus+b.Minus+b.Flags > 0
}

func (b boxDiff) after() int {
	if b.Removed {
		return 0
	}
	return b.Before + b.Plus - b.Minus
}

func (a *app) pendingDiff(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	n := 0
	err := a.eachMirror(c, func(one mirror, several bool) error {
		q, err := a.readQueue(c.Context, one)
		if err != nil {
			return err
		}
		n += len(q.in.Intents)
		d := diffJSON{one.Name, q.diff(), q.plan}
		if c.Bool("json") {
			return term.WriteJSON(a.stdout, d)
		}
		if len(q.in.Intents) == 0 {
			return nil
		}
		return a.printDiff(d, several)
	})
	if err == nil && n == 0 {
		a.ui.say("nothing is queued for the server")
	}
	return err
}

func (a *app) printDiff(d diffJSON, several bool) error {
	prefix := ""
	if several {
		prefix = d.Account + ":"
	}
	table := term.Table{Right: []int{0, 1, 2, 3, 4}, Flex: 5, Width: a.ui.width}
	table.Row("NOW", "THEN", "+", "-", "FLAGS", "FOLDER")
	for _, b := range d.Folders {
		table.Row(fmt.Sprint(b.Before), fmt.Sprint(b.after()), fmt.Sprint(b.Plus), fmt.Sprint(b.Minus), fmt.Sprint(b.Flags),
			term.Clean(prefix+b.Name)+b.note())
	}
	if err := table.Write(a.stdout); err != nil {
		return err
	}
	for line := range strings.Lines(d.Push.Text()) {
		if _, err := fmt.Fprintln(a.stdout, term.Clean(prefix+strings.TrimSuffix(line, "\n"))); err != nil {
			return err
		}
	}
	return nil
}

func (b boxDiff) note() string {
	switch {
	case b.Removed:
		return "  (removed)"
	case b.New:
		return "  (new)"
	case b.Was != "":
		return "  (was " + term.Clean(b.Was) + ")"
	}
	return ""
}

// diff counts what the plan will do to each folder.
func (q *pendingQueue) diff() []boxDiff {
	all := make([]boxDiff, len(q.in.Boxes))
	at := map[int64]*boxDiff{}
	for n, b := range q.in.Boxes {
		all[n] = boxDiff{Name: b.Name, Before: b.Messages}
		at[b.ID] = &all[n]
	}
	goes := map[int64]bool{}
	for _, s := range q.plan.Steps {
		for _, id := range s.Intents {
			goes[id] = true
		}
	}
	for _, i := range q.in.Intents {
		if goes[i.ID] {
			count(i, at[i.Mailbox], at[i.Target], q.in)
		}
	}
	out := []boxDiff{}
	for _, b := range all {
		if b.changes() {
			out = append(out, b)
		}
	}
	slices.SortFunc(out, func(x, y boxDiff) int { return strings.Compare(x.Name, y.Name) })
	return out
}

// count adds an edit of a message in box, or of box itself.
func count(i plan.Intent, box, target *boxDiff, in plan.PushInput) {
	switch i.Kind {
	case conflict.EditFlags:
		box.Flags++
	case conflict.EditMove:
		box.Minus++
		target.Plus++
	case conflict.EditCopy, conflict.EditAppend:
		target.Plus++
	case conflict.EditDelete:
		box.Minus++
	case conflict.EditCreate:
		box.New = true
	case conflict.EditRemove:
		box.Removed = true
	case conflict.EditRename:
		for _, b := range in.Boxes {
			if b.ID == i.Mailbox {
				box.Was = b.Was
			}
		}
	}
}
