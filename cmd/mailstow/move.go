package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"mailstow/localstore"
)

func (a *app) moveCommand() *cli.Command {
	return &cli.Command{
		Name:      "move",
		Usage:     "move messages to a folder, here at once and queued for the server",
		ArgsUsage: "ID... FOLDER",
		Description: describe(`
Needs no connection. FOLDER is the name as "mailstow folders" shows it, in the
account of the messages. A moved message has a new id; the old one goes on meaning
it. Moved back before the server has moved it, nothing is sent.

`+selectionHelp,
			[]string{"mailstow move 4711 4720-4725 Archive", "mailstow move --folder INBOX --before 365d Archive/old"},
			editCodes...),
		Flags:  editFlags(selectionFlags()...),
		Action: func(c *cli.Context) error { return a.relocate(c, "move") },
	}
}

func (a *app) copyCommand() *cli.Command {
	return &cli.Command{
		Name:      "copy",
		Usage:     "copy messages to a folder, here at once and queued for the server",
		ArgsUsage: "ID... FOLDER",
		Description: describe(`
Needs no connection. FOLDER is the name as "mailstow folders" shows it, in the
account of the messages. Flags and the date of arrival are copied along; the text
is kept once, here.

`+selectionHelp,
			[]string{"mailstow copy 4711 Projects/Boat", "mailstow copy --folder INBOX --subject invoice Taxes"},
			editCodes...),
		Flags:  editFlags(selectionFlags()...),
		Action: func(c *cli.Context) error { return a.relocate(c, "copy") },
	}
}

// relocate is move and copy.
func (a *app) relocate(c *cli.Context, did string) error {
	n := c.NArg() - 1
	if n < 0 || n == 0 && !c.IsSet("folder") {
		return usage(did+" takes message ids and a folder", fmt.Sprintf("for instance: mailstow %s 4711 Archive", did))
	}
	target := c.Args().Get(n)
	if _, err := parseSpan(target); err == nil && n == 0 {
		return usage(fmt.Sprintf("%s: is %s a message or a folder?", did, target),
			fmt.Sprintf("the folder to go to comes last: mailstow %s %s %s; write ACCOUNT:%s if it is a folder", did, target, shellWord(c.String("folder")), target))
	}
	s, err := a.readSelection(c, c.Args().Slice()[:n])
	if err != nil {
		return err
	}
	return a.edit(c, []string{s.folder, target}, func(e *edit) error {
		all, err := e.pick(s)
		if err == nil && len(all) == 0 {
			return e.nothing()
		}
		if err != nil {
			return err
		}
		box, err := e.target(all, target)
		if err != nil {
			return err
		}
		return e.relocate(did, all, box)
	})
}

// relocate moves or copies messages to a folder of their account; did is the
// command that says so.
func (e *edit) relocate(did string, all []picked, box localstore.Mailbox) error {
	var now []localstore.MessageID
	err := e.commit(func(tx *localstore.Tx) (err error) {
		if did == "copy" {
			now, err = tx.CopyMessages(ids(all), box.ID)
		} else {
			now, err = tx.MoveMessages(ids(all), box.ID)
		}
		return err
	})
	if err != nil {
		return err
	}
	err = e.tellJSON(len(all), func(i int) editJSON {
		m := all[i]
		return editJSON{Did: did, ID: int64(m.given), Account: m.account, Folder: m.folder, To: box.Shown(), NewID: int64(now[i])}
	})
	if err != nil {
		return err
	}
	verb := "moved"
	if did == "copy" {
		verb = "copied"
	}
	text := fmt.Sprintf("%s %s to %s", verb, messages(all), box.Shown())
	if len(all) == 1 && !e.dryRun {
		text += fmt.Sprintf(", as %d", now[0])
	}
	return e.finish(accounts(all), text)
}

// target finds the folder that messages go into: of the account before it, else
// of theirs.
func (e *edit) target(all []picked, arg string) (localstore.Mailbox, error) {
	own, err := e.owner(all)
	if err != nil {
		return localstore.Mailbox{}, err
	}
	if one, ok := prefix(e.m.all, arg); ok && one.Name != own.Name {
		return localstore.Mailbox{}, usage(fmt.Sprintf("messages of account %s do not go to account %s this way", own.Name, one.Name),
			fmt.Sprintf("one by one: mailstow show --raw ID | mailstow append --folder %s -", arg))
	}
	return e.into(own.Name, strings.TrimPrefix(arg, own.Name+":"))
}

// into finds a folder that mail can be put into.
func (e *edit) into(account, arg string) (localstore.Mailbox, error) {
	_, box, err := e.m.mailbox(e.ctx, account, arg)
	p, ok := err.(*problem)
	if ok && errors.Is(err, localstore.ErrNotFound) {
		p.hint += fmt.Sprintf(", mailstow mkdir %s makes it", shellWord(arg))
	}
	if err == nil {
		err = placeable(box)
	}
	return box, err
}

// owner is the account of messages that go somewhere together.
func (e *edit) owner(all []picked) (mirror, error) {
	name := all[0].account
	for _, m := range all {
		if m.account != name {
			return mirror{}, usage(fmt.Sprintf("messages of accounts %s and %s at once", name, m.account),
				"one account at a time: --account NAME, or ids of one of them")
		}
	}
	chosen, err := e.m.only(name)
	if err != nil {
		return mirror{}, err
	}
	return chosen[0], nil
}

// placeable refuses folders that no mail can be put into.
func placeable(box localstore.Mailbox) error {
	switch {
	case box.Detached && !box.Unborn:
		return &problem{code: exitFailed, text: fmt.Sprintf("folder %s is gone from the server, nothing can be put there", box.Shown()),
			hint: "mailstow mkdir makes it again"}
	case !box.Selectable:
		return &problem{code: exitFailed, text: fmt.Sprintf("folder %s holds folders only, no mail", box.Shown()),
			hint: "choose one that mailstow folders shows"}
	}
	return nil
}
