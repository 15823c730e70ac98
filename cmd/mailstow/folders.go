package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
)

func (a *app) foldersCommand() *cli.Command {
	return &cli.Command{
		Name:  "folders",
		Usage: "list the folders of the local copy",
		Description: describe(`
Reads the store alone: no network, also while a sync runs. Folders that are gone
from the server are marked and keep their mail, so are those that edits queued for
the server concern. Sizes count each message in
full, though equal bodies are kept once.`,
			[]string{"mailstow folders", "mailstow folders --json | jq '.[] | select(.unseen > 0).name'"},
			exitOK, exitFailed, exitUsage),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print one JSON array"},
			accountFlag(),
		},
		Action: a.folders,
	}
}

func accountFlag() cli.Flag {
	return &cli.StringFlag{Name: "account", Aliases: []string{"a"}, Usage: "only the account `NAME`"}
}

// folderJSON is a contract with scripts: fields are only ever added.
type folderJSON struct {
	Account   string `json:"account"`
	Name      string `json:"name"`
	Messages  int64  `json:"messages"`
	Unseen    int64  `json:"unseen"`
	Size      int64  `json:"size"`
	Missing   int64  `json:"missing"` // bodies not held yet
	Role      string `json:"role,omitempty"`
	Local     int64  `json:"local,omitempty"`     // of the messages: not on the server yet
	Detached  bool   `json:"detached,omitempty"`  // gone from the server
	New       bool   `json:"new,omitempty"`       // made here, not on the server yet
	Pending   int    `json:"pending,omitempty"`   // edits queued for the server that concern it
	Conflicts int    `json:"conflicts,omitempty"` // open ones
	Raw       string `json:"raw,omitempty"`       // the name on the wire, where it is another
}

func (a *app) folders(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	all, prefixed := []folderJSON{}, false
	err := a.eachMirror(c, func(one mirror, several bool) error {
		folders, err := one.store.Folders(c.Context, one.ID)
		if err != nil {
			return err
		}
		owes, err := readBacklog(c.Context, one)
		prefixed = several
		all = append(all, folderList(one.Name, folders, owes)...)
		return err
	})
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return term.WriteJSON(a.stdout, all)
	}
	return a.printFolders(all, prefixed)
}

// noInner refuses a word that is no command of the command.
func noInner(c *cli.Context) error {
	var names []string
	for _, inner := range c.Command.Subcommands {
		names = append(names, inner.Name)
	}
	word, hint := c.Args().First(), fmt.Sprintf("mailstow %s --help lists them: %s", c.Command.Name, listing(names, "and"))
	if near := nearest(word, names); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	return usage(fmt.Sprintf("%s has no command %q", c.Command.Name, word), hint)
}

// noArguments refuses what a command would otherwise ignore.
func noArguments(c *cli.Context) error {
	if c.Args().Present() {
		return usage(fmt.Sprintf("%s takes no argument such as %q", c.Command.Name, c.Args().First()),
			"mailstow "+c.Command.Name+" --help")
	}
	return nil
}

// folderList leaves out what was never a place for mail.
func folderList(account string, folders []localstore.Folder, owes backlog) []folderJSON {
	all := []folderJSON{}
	for _, f := range folders {
		if !f.Selectable && f.Messages == 0 {
			continue
		}
		j := folderJSON{Account: account, Name: f.Shown(), Messages: f.Messages, Unseen: f.Unseen, Size: f.Size,
			Missing: f.Missing, Local: f.Local, Role: f.Role, Detached: f.Detached && !f.Unborn, New: f.Unborn,
			Pending: owes.edits[f.ID], Conflicts: owes.disputes[f.ID]}
		if raw := cmp.Or(f.Wanted, f.Raw); raw != j.Name {
			j.Raw = raw
		}
		all = append(all, j)
	}
	return all
}

func (a *app) printFolders(all []folderJSON, several bool) error {
	table := term.Table{Right: []int{0, 1, 2}, Flex: 3, Width: a.ui.width}
	if len(all) > 0 {
		table.Row("MESSAGES", "UNSEEN", "SIZE", "FOLDER")
	}
	for _, f := range all {
		name := f.Name
		if several {
			name = f.Account + ":" + name
		}
		table.Row(fmt.Sprint(f.Messages), fmt.Sprint(f.Unseen), term.Size(f.Size), term.Clean(name)+folderNote(f))
	}
	return table.Write(a.stdout)
}

func folderNote(f folderJSON) string {
	note := ""
	if f.Detached {
		note += "  (gone from the server)"
	}
	if f.New {
		note += "  (not on the server yet)"
	} else if f.Pending > 0 {
		note += fmt.Sprintf("  (%s queued)", term.Count(f.Pending, "edit"))
	}
	if f.Conflicts > 0 {
		note += fmt.Sprintf("  (%s)", term.Count(f.Conflicts, "conflict"))
	}
	if f.Missing > 0 {
		note += fmt.Sprintf("  (%d not yet downloaded)", f.Missing)
	}
	return note
}

// mailbox finds the folder that an argument names.
func (m *mirrors) mailbox(ctx context.Context, accountFlag, arg string) (mirror, localstore.Mailbox, error) {
	one, name, err := m.folder(ctx, accountFlag, arg)
	if err != nil {
		return one, localstore.Mailbox{}, err
	}
	box, err := one.store.MailboxByName(ctx, one.ID, name)
	if err != nil {
		return one, box, m.noFolder(ctx, one, name, err)
	}
	return one, box, nil
}

// noFolder says which folder was probably meant.
func (m *mirrors) noFolder(ctx context.Context, one mirror, name string, cause error) error {
	hint := "mailstow folders lists them"
	boxes, err := one.store.Mailboxes(ctx, one.ID)
	if err != nil {
		return err
	}
	var names []string
	for _, b := range boxes {
		if b.Leaving == 0 {
			names = append(names, b.Shown())
		}
	}
	if near := nearest(name, names); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	return &problem{code: exitFailed, text: fmt.Sprintf("account %s: %v", one.Name, cause), hint: hint, err: cause}
}
