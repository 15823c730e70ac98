package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/compose"
	"mailstow/cmd/mailstow/term"
	"mailstow/conflict"
	"mailstow/localstore"
)

func (a *app) importCommand() *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "put mail from Maildirs, mboxes and eml files into folders, here at once and queued for the server",
		ArgsUsage: "PATH...",
		Description: describe(`
Needs no connection. PATH is a file, a folder with all that is in it, or - for
standard input; what kind of mail it is shows by itself. --folder puts all of it into
one folder; --tree keeps the folders it is in, below --folder if that is given, and
makes those that are not there. Flags and dates come along.

A message that the folder holds already, byte for byte, is left out, so that an import
that was interrupted is gone on with by the same command. What cannot be read is
listed, with file and position, and the rest is imported (exit code 3). The files
themselves are never changed. Line ends become CRLF, as mail has them; what mailstow
exported comes back byte for byte.`,
			[]string{"mailstow import --folder Archive/2019 old.mbox", "mailstow import --tree --account home ~/Maildir",
				"zcat list.mbox.gz | mailstow import --folder Lists -"},
			exitOK, exitFailed, exitUsage, exitPartial, exitInUse, exitInterrupted),
		Flags: editFlags(
			&cli.StringFlag{Name: "folder", Aliases: []string{"f"}, Usage: "into `FOLDER`"},
			&cli.BoolFlag{Name: "tree", Usage: "each folder that is found into the one of its name, which is made if it is not there"},
			&cli.StringSliceFlag{Name: "flag", Usage: "with the flag `F` as well (see flag --help); may be repeated"}),
		Action: a.importMail,
	}
}

// importing is one import on its way: one goroutine reads and packs, this one puts
// what was packed into the store.
type importing struct {
	*edit
	folder string
	tree   bool
	flags  conflict.Flags
	boxes  map[string]localstore.Mailbox // by name; "" without --tree
	made   []string                      // of them: in this transaction
	owner  mirror
	seen   map[occurrence]int
	batch  []packedMail
	held   int64

	packer *mailPacker

	added, same int
	bytes       int64
}

// occurrence is one of several equal messages for the same folder.
type occurrence struct {
	box localstore.MailboxID
	sum [32]byte
}

func (a *app) importMail(c *cli.Context) error {
	im := &importing{folder: c.String("folder"), tree: c.Bool("tree"), boxes: map[string]localstore.Mailbox{}, seen: map[occurrence]int{}}
	paths := c.Args().Slice()
	switch {
	case len(paths) == 0:
		return usage("import takes files or folders", "- stands for standard input")
	case im.folder == "" && !im.tree:
		return usage("import into which folder?", "--folder NAME, or --tree to keep the folders that the mail is in")
	case im.tree && slices.Contains(paths, "-"):
		return usage("--tree: standard input has no folders", "--folder NAME says where it goes")
	}
	var err error
	if im.flags, err = a.parseFlags("--flag", c.StringSlice("flag")); err != nil {
		return err
	}
	var folders []string
	if im.folder != "" {
		folders = append(folders, im.folder)
	}
	return a.edit(c, folders, func(e *edit) error {
		im.edit = e
		if err := im.place(); err != nil {
			return err
		}
		return im.run(paths)
	})
}

// place finds the account, and the folder if there is one.
func (im *importing) place() (err error) {
	if !im.tree {
		if im.owner, _, err = im.m.folder(im.ctx, im.account, im.folder); err != nil {
			return err
		}
		im.boxes[""], err = im.into(im.account, im.folder)
		return err
	}
	if im.folder != "" {
		var name string
		if im.owner, name, err = im.m.folder(im.ctx, im.account, im.folder); err == nil {
			im.folder = name
		}
		return err
	}
	chosen, err := im.m.only(im.account)
	if err == nil && len(chosen) > 1 {
		if chosen, err = withFolders(im.ctx, chosen); err == nil && len(chosen) > 1 {
			return usage("import into which account?", "--account NAME; held are: "+strings.Join(im.m.names(), ", "))
		}
	}
	if err == nil && len(chosen) == 0 {
		return usage("import into which account?", "the store is empty; mailstow sync fills it")
	}
	if err == nil {
		im.owner = chosen[0]
	}
	return err
}

func (im *importing) run(paths []string) error {
	ctx, stop := context.WithCancel(im.ctx)
	defer stop()
	im.packer = im.packMail(ctx, im.store, paths, nil, func(r io.Reader) (io.Reader, error) { return compose.New(r) })
	err := im.collect(im.packer.out)
	stop()
	packErr := im.packer.end()
	for _, m := range im.batch {
		err = errors.Join(err, im.packer.drop(m))
	}
	if err == nil && im.ctx.Err() == nil {
		err = packErr
	}
	if err = cmp.Or(err, im.ctx.Err()); err != nil {
		return err
	}
	return im.tell()
}

const (
	importBatch = 500
	importBytes = 16 << 20
)

func (im *importing) collect(in <-chan packedMail) error {
	for m := range in {
		im.batch = append(im.batch, m)
		im.held += m.body.Size
		if len(im.batch) >= importBatch || im.held >= importBytes {
			if err := im.flush(); err != nil {
				return err
			}
		}
	}
	return im.flush()
}

// flush puts what was gathered into the store in one transaction that outlasts a
// power cut.
func (im *importing) flush() error {
	var done []editJSON
	added, bytes, same, seen := 0, int64(0), 0, map[occurrence]int{}
	err := im.commit(func(tx *localstore.Tx) error {
		for _, m := range im.batch {
			box, err := im.box(tx, m)
			if err != nil {
				return err
			}
			n := occurrence{box.ID, m.body.SHA256}
			seen[n]++
			held, err := tx.Holding(box.ID, m.body.SHA256)
			if err != nil {
				return err
			}
			j := editJSON{Did: "import", Account: im.owner.Name, Folder: box.Shown(), File: m.Place()}
			if held >= im.seen[n]+seen[n] {
				same++
				j.Did = "same"
			} else {
				flags := im.flagsOf(m)
				id, err := tx.AppendMessage(box.ID, m.body, string(flags), im.dateOf(m))
				if err != nil {
					return fmt.Errorf("%s: %w", m.Place(), err)
				}
				added++
				bytes += m.body.Size
				j.Flags = flagList(flags)
				if !im.dryRun {
					j.ID = int64(id)
				}
			}
			done = append(done, j)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for n, k := range seen {
		im.seen[n] += k
	}
	for _, name := range im.made {
		if im.dryRun {
			delete(im.boxes, name)
		}
	}
	im.made = nil
	im.added, im.same, im.bytes = im.added+added, im.same+same, im.bytes+bytes
	for _, m := range im.batch {
		if err := im.packer.drop(m); err != nil { // of what was held already, or a dry run
			return err
		}
	}
	im.batch, im.held = im.batch[:0], 0
	return im.tellJSON(len(done), func(i int) editJSON { return done[i] })
}

// flagsOf are the flags that a message comes with.
func (im *importing) flagsOf(m packedMail) conflict.Flags {
	all := im.flags.List()
	for _, f := range m.Flags {
		if flag, err := parseFlag(f); err == nil && !slices.Contains(all, flag) {
			all = append(all, flag)
		}
	}
	return conflict.Canonical(all)
}

// dateOf is when a message arrived: as its file says, or failing that its header.
func (im *importing) dateOf(m packedMail) time.Time {
	switch {
	case !m.Date.IsZero():
		return m.Date
	case !m.body.Envelope.Date.IsZero():
		return m.body.Envelope.Date
	}
	return im.now()
}

func (im *importing) tell() error {
	text := fmt.Sprintf("imported %s", term.Count(im.added, "message"))
	if im.bytes > 0 {
		text += fmt.Sprintf(" (%s)", term.Size(im.bytes))
	}
	if !im.tree {
		text += " into " + im.boxes[""].Shown()
	}
	if im.same > 0 {
		text += fmt.Sprintf(" (%d more were there already)", im.same)
	}
	if err := im.finish([]string{im.owner.Name}, text); err != nil {
		return err
	}
	return im.packer.lacking("imported")
}
