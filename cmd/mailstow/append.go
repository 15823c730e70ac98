package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/conflict"
	"mailstow/localstore"
)

func (a *app) appendCommand() *cli.Command {
	return &cli.Command{
		Name:      "append",
		Usage:     "put messages from files into a folder, here at once and queued for the server",
		ArgsUsage: "FILE...",
		Description: describe(`
Needs no connection. Each FILE is one message, - is standard input: a header, an
empty line, a body. It is kept and sent as it is, but for its line ends: a line
feed alone becomes CRLF, as mail has it. A file without a header, with a zero byte,
or with many messages (mbox) is refused, and then none of the files is taken.`,
			[]string{"mailstow append --folder Drafts --flag draft letter.eml", "generate-report | mailstow append --folder work:Reports --flag seen -"},
			editCodes...),
		Flags: editFlags(
			&cli.StringFlag{Name: "folder", Aliases: []string{"f"}, Usage: "put them into `FOLDER`"},
			&cli.StringSliceFlag{Name: "flag", Usage: "with the flag `F` (see flag --help); may be repeated"},
			&cli.StringFlag{Name: "date", DefaultText: "now", Usage: "as if they had arrived at `DATE` (RFC 3339, 2024-06-01, or an age such as 7d)"}),
		Action: a.append,
	}
}

// newMail is what append was asked for.
type newMail struct {
	folder string
	flags  conflict.Flags
	date   time.Time
	files  []string
}

func (a *app) append(c *cli.Context) error {
	n, err := a.readNewMail(c)
	if err != nil {
		return err
	}
	return a.edit(c, []string{n.folder}, func(e *edit) error {
		one, _, err := e.m.folder(e.ctx, e.account, n.folder)
		if err != nil {
			return err
		}
		box, err := e.into(e.account, n.folder)
		if err != nil {
			return err
		}
		bodies, discard, err := e.packFiles(n.files)
		if err == nil {
			err = e.append(n, one, box, bodies)
		}
		return errors.Join(err, discard())
	})
}

func (a *app) readNewMail(c *cli.Context) (n newMail, err error) {
	n = newMail{folder: c.String("folder"), files: c.Args().Slice(), date: a.now()}
	if n.folder == "" {
		return n, usage("append into which folder?", "--folder NAME; mailstow folders lists them")
	}
	if len(n.files) == 0 {
		return n, usage("append takes files", "a message in each; - reads one from standard input")
	}
	if i := slices.Index(n.files, "-"); i >= 0 && slices.Contains(n.files[i+1:], "-") {
		return n, usage("- stands twice among the files", "standard input can be read once")
	}
	if n.flags, err = a.parseFlags("--flag", c.StringSlice("flag")); err != nil {
		return n, err
	}
	if c.IsSet("date") {
		if n.date, err = parseSince(c.String("date"), a.now()); err != nil {
			return n, usage("--date: "+err.Error(), "")
		}
	}
	return n, nil
}

func (e *edit) append(n newMail, one mirror, box localstore.Mailbox, bodies []*localstore.Packed) error {
	ids := make([]localstore.MessageID, len(bodies))
	err := e.commit(func(tx *localstore.Tx) (err error) {
		for i, body := range bodies {
			if ids[i], err = tx.AppendMessage(box.ID, body, string(n.flags), n.date); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = e.tellJSON(len(ids), func(i int) editJSON {
		j := editJSON{Did: "append", ID: int64(ids[i]), Account: one.Name, Folder: box.Shown(), Flags: flagList(n.flags), File: n.files[i]}
		if e.dryRun {
			j.ID = 0 // it was given for the moment only
		}
		return j
	})
	if err != nil {
		return err
	}
	text := fmt.Sprintf("appended %s to %s", term.Count(len(ids), "message"), box.Shown())
	if len(ids) == 1 && !e.dryRun {
		text += fmt.Sprintf(", as %d", ids[0])
	}
	return e.finish([]string{one.Name}, text)
}
