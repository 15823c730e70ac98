package main

import (
	"github.com/urfave/cli/v2"

	"mailstow/localstore"
)

func (a *app) subscribeCommand() *cli.Command {
	return &cli.Command{
		Name:      "subscribe",
		Usage:     "let other mail programs show folders, queued for the server",
		ArgsUsage: "FOLDER...",
		Description: describe(`
Needs no connection. Mailstow itself shows and copies all folders, subscribed or not.`,
			[]string{"mailstow subscribe Lists/golang-nuts"}, editCodes...),
		Flags:  editFlags(),
		Action: func(c *cli.Context) error { return a.wantSubscribed(c, true, "subscribed to") },
	}
}

func (a *app) unsubscribeCommand() *cli.Command {
	return &cli.Command{
		Name:      "unsubscribe",
		Usage:     "let other mail programs no longer show folders, queued for the server",
		ArgsUsage: "FOLDER...",
		Description: describe(`
Needs no connection. The folders and their mail stay, and mailstow shows and copies
them as before.`,
			[]string{"mailstow unsubscribe Lists/golang-nuts"}, editCodes...),
		Flags:  editFlags(),
		Action: func(c *cli.Context) error { return a.wantSubscribed(c, false, "unsubscribed from") },
	}
}

func (a *app) wantSubscribed(c *cli.Context, on bool, verb string) error {
	return a.editFolders(c, func(e *edit, names []string) error {
		boxes, done, err := e.existing(names, c.Command.Name, changeable)
		if err != nil {
			return err
		}
		err = e.commit(func(tx *localstore.Tx) error {
			for _, box := range boxes {
				if err := tx.WantSubscribed(box.ID, on); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		return e.tellFolders(verb, done, "")
	})
}
