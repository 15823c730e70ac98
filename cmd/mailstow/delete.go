package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"mailstow/localstore"
)

func (a *app) deleteCommand() *cli.Command {
	return &cli.Command{
		Name:      "delete",
		Usage:     "move messages to the trash or delete them for good, here at once and queued for the server",
		ArgsUsage: "ID...",
		Description: describe(`
Needs no connection. Messages go to the account's trash: the folder that the
server marks as such, else one called `+listing(trashNames, "or")+`, in
any case and at any level. What is in the trash is deleted for good with --expunge.

What is deleted for good stays in this store's history. A sync holds it back when
it is surprisingly much, see "mailstow sync --help".

`+selectionHelp,
			[]string{"mailstow delete 4711 4720-4725", "mailstow delete --expunge --folder Trash --before 30d"},
			editCodes...),
		Flags: editFlags(selectionFlags(
			&cli.BoolFlag{Name: "expunge", Usage: "delete for good instead of moving to the trash"})...),
		Action: a.delete,
	}
}

func (a *app) delete(c *cli.Context) error {
	s, err := a.readSelection(c, c.Args().Slice())
	if err != nil {
		return err
	}
	return a.edit(c, []string{s.folder}, func(e *edit) error {
		all, err := e.pick(s)
		switch {
		case err != nil:
			return err
		case len(all) == 0:
			return e.nothing()
		case c.Bool("expunge"):
			return e.expunge(all)
		}
		return e.discard(all)
	})
}

// expunge deletes for good.
func (e *edit) expunge(all []picked) error {
	err := e.commit(func(tx *localstore.Tx) error { return tx.ExpungeMessages(ids(all)) })
	if err == nil {
		err = e.tellJSON(len(all), func(i int) editJSON {
			m := all[i]
			return editJSON{Did: "delete", ID: int64(m.given), Account: m.account, Folder: m.folder}
		})
	}
	if err != nil {
		return err
	}
	if err := e.finish(accounts(all), fmt.Sprintf("deleted %s for good", messages(all))); err != nil {
		return err
	}
	return e.foresee(accounts(all))
}

// discard moves to the trash.
func (e *edit) discard(all []picked) error {
	trash, err := e.trash(all)
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.folder == trash.Shown() {
			return usage(fmt.Sprintf("message %d is in %s already", m.given, m.folder), "delete --expunge deletes it for good")
		}
	}
	return e.relocate("delete", all, trash)
}

// trash finds the trash of the account that the messages belong to.
func (e *edit) trash(all []picked) (localstore.Mailbox, error) {
	one, err := e.owner(all)
	if err != nil {
		return localstore.Mailbox{}, err
	}
	boxes, err := e.store.Mailboxes(e.ctx, one.ID)
	if err != nil {
		return localstore.Mailbox{}, err
	}
	trash, ok := findTrash(boxes)
	if !ok {
		return trash, &problem{code: exitFailed, text: fmt.Sprintf("account %s has no trash", one.Name),
			hint: fmt.Sprintf("mailstow mkdir Trash makes one; delete --expunge deletes for good (a trash is marked by the server, or called %s)", listing(trashNames, "or"))}
	}
	return trash, nil
}

// trashNames are those of servers that tell no roles (RFC 6154), by last part.
var trashNames = []string{"Trash", "Deleted Items", "Deleted Messages"}

// findTrash prefers the server's word to names, and an earlier name to a later one.
func findTrash(boxes []localstore.Mailbox) (localstore.Mailbox, bool) {
	boxes = slices.DeleteFunc(slices.Clone(boxes), func(b localstore.Mailbox) bool {
		return b.Leaving != 0 || placeable(b) != nil
	})
	if i := slices.IndexFunc(boxes, func(b localstore.Mailbox) bool { return b.Role == "trash" }); i >= 0 {
		return boxes[i], true
	}
	for _, name := range trashNames {
		for _, b := range boxes {
			if strings.EqualFold(lastPart(b), name) {
				return b, true
			}
		}
	}
	return localstore.Mailbox{}, false
}

// lastPart is a folder's name without those above it.
func lastPart(b localstore.Mailbox) string {
	name := b.Shown()
	if b.Delim == "" {
		return name
	}
	return name[strings.LastIndex(name, b.Delim)+1:]
}
