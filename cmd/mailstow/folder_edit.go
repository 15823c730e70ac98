package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
)

func (a *app) mkdirCommand() *cli.Command {
	return &cli.Command{
		Name:      "mkdir",
		Usage:     "make folders, here at once and queued for the server",
		ArgsUsage: "FOLDER...",
		Description: describe(`
Needs no connection. Mail can be put into a new folder right away. Parts of a name
are separated as "mailstow folders" shows them. The folder is subscribed to, so that
other mail programs show it. One that is gone from the server is made there again,
and what is kept of it here stays history.`,
			[]string{"mailstow mkdir Projects/Boat", "mailstow mkdir work:Archive/2024 work:Archive/2025"}, editCodes...),
		Flags:  editFlags(),
		Action: a.mkdir,
	}
}

func (a *app) renameCommand() *cli.Command {
	return &cli.Command{
		Name:      "rename",
		Usage:     "rename a folder, here at once and queued for the server",
		ArgsUsage: "OLD NEW",
		Description: describe(`
Needs no connection. Folders below it are renamed with it. NEW is the whole new
name, so that a folder can be put below another one.`,
			[]string{"mailstow rename Boat Projects/Boat"}, editCodes...),
		Flags:  editFlags(),
		Action: a.rename,
	}
}

func (a *app) rmdirCommand() *cli.Command {
	return &cli.Command{
		Name:      "rmdir",
		Usage:     "remove folders, here at once and queued for the server",
		ArgsUsage: "FOLDER...",
		Description: describe(`
Needs no connection. A folder that holds mail is removed only with --expunge, and
its mail is then deleted for good on the server; here it stays in history. A sync
asks once more before it does that. Folders below it stay. Mail that arrives in it
meanwhile keeps it there.`,
			[]string{"mailstow move --folder Projects/Boat Archive && mailstow rmdir Projects/Boat"}, editCodes...),
		Flags:  editFlags(&cli.BoolFlag{Name: "expunge", Usage: "also when it holds mail, which is deleted for good with it"}),
		Action: a.rmdir,
	}
}

func (a *app) mkdir(c *cli.Context) error {
	return a.editFolders(c, func(e *edit, names []string) error {
		made := make([]newFolder, len(names))
		for i, name := range names {
			var err error
			if made[i], err = e.newFolder(name); err != nil {
				return err
			}
		}
		err := e.commit(func(tx *localstore.Tx) error {
			for _, f := range made {
				if _, err := tx.CreateMailbox(f.owner.ID, f.info); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		var done []folderEdit
		for _, f := range made {
			done = append(done, folderEdit{did: "mkdir", account: f.owner.Name, folder: f.info.Name})
		}
		return e.tellFolders("made", done, "")
	})
}

func (a *app) rename(c *cli.Context) error {
	if c.NArg() != 2 {
		return usage("rename takes the old and the new name of a folder", "for instance: mailstow rename Boat Projects/Boat")
	}
	return a.edit(c, c.Args().Slice(), func(e *edit) error {
		one, box, err := e.m.mailbox(e.ctx, e.account, c.Args().Get(0))
		if err != nil {
			return err
		}
		if err := movable(box); err != nil {
			return err
		}
		f, err := e.renamed(one, c.Args().Get(1))
		if err != nil {
			return err
		}
		err = e.commit(func(tx *localstore.Tx) error { return tx.WantName(box.ID, f.info.Raw, f.info.Name) })
		if err != nil {
			return err
		}
		return e.tellFolders("renamed", []folderEdit{{did: "rename", account: one.Name, folder: box.Shown(), to: f.info.Name}}, "")
	})
}

// renamed is a folder's new name, in the account that it has.
func (e *edit) renamed(one mirror, arg string) (newFolder, error) {
	if other, ok := prefix(e.m.all, arg); ok && other.Name != one.Name {
		return newFolder{}, usage(fmt.Sprintf("a folder of account %s cannot go to account %s", one.Name, other.Name), "leave the account out of the new name")
	}
	return e.named(one, strings.TrimPrefix(arg, one.Name+":"))
}

func (a *app) rmdir(c *cli.Context) error {
	return a.editFolders(c, func(e *edit, names []string) error {
		boxes, done, err := e.existing(names, "rmdir", movable)
		if err != nil {
			return err
		}
		if !c.Bool("expunge") {
			if err := e.empty(boxes); err != nil {
				return err
			}
		}
		var dropped int
		err = e.commit(func(tx *localstore.Tx) error {
			for _, box := range boxes {
				intents, err := tx.RemoveMailbox(box.ID)
				if err != nil {
					return err
				}
				dropped += len(intents)
			}
			return nil
		})
		if err != nil {
			return err
		}
		note := ""
		if dropped > 0 {
			note = fmt.Sprintf(", which takes back %s", term.Count(dropped, "queued edit"))
		}
		if err := e.tellFolders("removed", done, note); err != nil {
			return err
		}
		return e.foresee(owners(done))
	})
}

// empty refuses folders that hold mail.
func (e *edit) empty(boxes []localstore.Mailbox) error {
	for _, box := range boxes {
		folders, err := e.store.Folders(e.ctx, box.Account)
		if err != nil {
			return err
		}
		for _, f := range folders {
			if f.ID == box.ID && f.Messages > 0 {
				return &problem{code: exitFailed, text: fmt.Sprintf("folder %s holds %d messages", box.Shown(), f.Messages),
					hint: fmt.Sprintf("mailstow move --folder %s ELSEWHERE first; --expunge deletes them for good with it", shellWord(box.Shown()))}
			}
		}
	}
	return nil
}
