package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/conflict"
	"mailstow/localstore"
)

func (a *app) conflictsCommand() *cli.Command {
	return &cli.Command{
		Name:  "conflicts",
		Usage: "list where both sides changed the same, and what was decided",
		Description: describe(`
Reads the store alone: no network, also while a sync runs. A sync settles conflicts
by rule (README lists them), so that it never stops to ask; nothing is lost either
way. Here stands what was wanted here, what the server had, what was done about it
and what else can be taken. A conflict stays in the list until it is resolved.`,
			[]string{"mailstow conflicts", "mailstow conflicts resolve 3 --take local", "mailstow conflicts --all --json"},
			exitOK, exitFailed, exitUsage),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "also those that are resolved"},
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object a line"},
			accountFlag(),
		},
		Subcommands: []*cli.Command{a.resolveCommand()},
		Action:      a.conflicts,
	}
}

// conflictJSON is a contract with scripts: fields are only ever added.
type conflictJSON struct {
	ID         int64           `json:"id"`
	Account    string          `json:"account"`
	At         time.Time       `json:"at"`
	Rule       string          `json:"rule"`
	Folder     string          `json:"folder,omitempty"`
	Message    int64           `json:"message,omitempty"`
	Subject    string          `json:"subject,omitempty"`
	Wanted     conflict.Wanted `json:"wanted"`
	Had        conflict.Had    `json:"had"`
	Decision   string          `json:"decision"` // whose state stands: server, local, both; or parked
	Done       string          `json:"done"`
	Keeps      string          `json:"keeps"`
	Take       []string        `json:"take"`           // what resolve can take
	Edit       int64           `json:"edit,omitempty"` // parked, see pending
	Why        string          `json:"why,omitempty"`  // it is parked
	Resolved   *time.Time      `json:"resolved,omitempty"`
	Resolution string          `json:"resolution,omitempty"`
}

func (a *app) conflicts(c *cli.Context) error {
	if c.Args().Present() {
		return noInner(c)
	}
	n, out := 0, bufio.NewWriter(a.stdout)
	err := a.eachMirror(c, func(one mirror, several bool) error {
		list, err := one.store.Conflicts(c.Context, one.ID, c.Bool("all"))
		n += len(list)
		for _, x := range list {
			if err != nil {
				return err
			}
			var j conflictJSON
			if j, err = readConflict(c.Context, one, x); err != nil {
				return err
			}
			if c.Bool("json") {
				err = term.WriteJSON(out, j)
			} else {
				err = a.writeConflict(out, j, several)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if n == 0 {
		a.ui.say("no conflict is open")
	}
	return out.Flush()
}

// readConflict puts together what is known of a conflict.
func readConflict(ctx context.Context, one mirror, x localstore.Conflict) (conflictJSON, error) {
	j := conflictJSON{ID: int64(x.ID), Account: one.Name, At: x.At.UTC(), Rule: x.Rule, Message: int64(x.Message), Decision: x.Decision,
		Edit: int64(x.Intent), Resolved: utc(x.Resolved), Resolution: x.Resolution, Take: []string{}}
	err := errors.Join(json.Unmarshal([]byte(x.Wanted), &j.Wanted), json.Unmarshal([]byte(x.Had), &j.Had))
	if err != nil {
		return j, fmt.Errorf("conflict %d: %w", x.ID, err)
	}
	rules := conflict.Rules()
	if i := slices.IndexFunc(rules, func(r conflict.Rule) bool { return r.Name == x.Rule }); i >= 0 {
		j.Done, j.Keeps = rules[i].By[policyOf(x.Decision)].Text, rules[i].Keeps
	}
	for _, p := range policies {
		if _, err := conflict.Resolve(x.Rule, p); err == nil && x.Resolved.IsZero() {
			j.Take = append(j.Take, p.String())
		}
	}
	if x.Intent != 0 {
		in, err := one.store.Intent(ctx, x.Intent)
		if err != nil && !errors.Is(err, localstore.ErrNotFound) { // it may have been taken back
			return j, err
		}
		j.Why = in.Reason
	}
	boxes, err := one.store.Mailboxes(ctx, one.ID)
	for _, b := range boxes {
		if b.ID == x.Mailbox {
			j.Folder = b.Shown()
		}
	}
	if err == nil && x.Message != 0 {
		var mail localstore.Mail
		mail, err = one.store.Message(ctx, x.Message)
		if errors.Is(err, localstore.ErrNotFound) {
			err = nil // it never came to the server, and was taken back
		}
		j.Subject = mail.Subject
	}
	return j, err
}

var policies = []conflict.Policy{conflict.Server, conflict.Local, conflict.Both}

// policyOf is the policy that decides so; what is parked is so under each.
func policyOf(decision string) conflict.Policy {
	p, err := conflict.ParsePolicy(decision)
	if err != nil {
		return conflict.Server
	}
	return p
}

// writeConflict is one conflict for people, both versions one below the other.
func (a *app) writeConflict(out *bufio.Writer, j conflictJSON, several bool) error {
	about := j.Folder
	if several {
		about = j.Account + ":" + about
	}
	if j.Message != 0 {
		about += fmt.Sprintf("  [%d %s]", j.Message, j.Subject)
	}
	lines := []string{
		fmt.Sprintf("%d  %s  %s  %s", j.ID, term.Date(j.At, a.now().Location()), j.Rule, about),
		"    here:    " + wantedText(j.Wanted),
		"    server:  " + hadText(j.Had, j.Why),
		fmt.Sprintf("    done:    %s (%s)", j.Done, standing(j.Decision)),
		"    kept:    " + j.Keeps,
	}
	if j.Resolved != nil {
		lines = append(lines, fmt.Sprintf("    since:   resolved %s: %s", term.Date(*j.Resolved, a.now().Location()), j.Resolution))
	} else if len(j.Take) > 0 {
		lines = append(lines, fmt.Sprintf("    next:    mailstow conflicts resolve %d --take %s", j.ID, strings.Join(j.Take, "|")))
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(out, term.Clean(line)); err != nil {
			return err
		}
	}
	return nil
}
