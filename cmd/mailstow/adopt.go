package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
)

func (a *app) adoptCommand() *cli.Command {
	return &cli.Command{
		Name:      "adopt",
		Usage:     "take over what another program downloaded, so that sync need not download it again",
		ArgsUsage: "ACCOUNT PATH...",
		Description: describe(`
For the change from mbsync, offlineimap, imap-backup, getmail or any other program
that keeps mail in Maildirs, mboxes or eml files; before the first sync, or later. PATH
is the folder of that account. Its mail is copied into the store, and a sync links each
message of the server that it recognises:

by its folder, UIDVALIDITY, UID and size, where the program noted them (mbsync in its
state files, offlineimap in FolderValidity, imap-backup in its .imap files): nothing is
fetched. Else by its size and its whole header, which is fetched.

offlineimap and getmail write some mail in other words than the server's: long lines
of its header broken, an empty line more between its parts. The files of imap-backup do
not tell whether a message ended with an empty line: up to 1 MB, it is taken over in both
forms. What is not recognised is downloaded as usual; flags and dates are the server's in
any case. The files are only read. When the sync is done, --forget drops what no message
of the server turned out to be.`,
			[]string{"mailstow adopt work ~/Mail/work && mailstow sync work && mailstow adopt --forget work",
				"mailstow adopt --state ~/.offlineimap work ~/Maildir"},
			exitOK, exitFailed, exitUsage, exitPartial, exitInUse, exitInterrupted),
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "state", DefaultText: "~/.mbsync, ~/.local/state/isync, ~/.offlineimap", Usage: "where that program keeps its state: a `FOLDER`; may be repeated"},
			&cli.BoolFlag{Name: "forget", Usage: "drop what was taken over and no message has"},
		},
		Action: a.adopt,
	}
}

func (a *app) adopt(c *cli.Context) error {
	if c.NArg() < 1 || (c.NArg() < 2) != c.Bool("forget") {
		return usage("adopt takes an account and folders; with --forget, an account", "for instance: mailstow adopt work ~/Mail/work")
	}
	acct, err := a.account(c.Args().Slice()[:1])
	if err != nil {
		return err
	}
	store, err := a.openWriter(c.Context, a.storePath(acct.Account), true)
	if err != nil {
		return err
	}
	ad := &adopting{app: a, ctx: c.Context, store: store, name: acct.Name, url: acct.Endpoint.String()}
	if c.Bool("forget") {
		err = ad.forget()
	} else {
		states := c.StringSlice("state")
		if len(states) == 0 {
			states = []string{filepath.Join(a.home(), ".mbsync"), filepath.Join(a.xdg("XDG_STATE_HOME", ".local/state"), "isync"), filepath.Join(a.home(), ".offlineimap")}
		}
		err = ad.run(c.Args().Slice()[1:], states)
	}
	return errors.Join(err, store.Close())
}

type adopting struct {
	*app
	ctx       context.Context
	store     *localstore.Store
	name, url string
	packer    *mailPacker
	batch     []packedMail
	held      int64

	all, fresh, noted int
	bytes             int64
}

func (ad *adopting) run(paths, states []string) error {
	ctx, stop := context.WithCancel(ad.ctx)
	defer stop()
	ad.packer = ad.packMail(ctx, ad.store, paths, states, asDownloaded)
	var err error
	for m := range ad.packer.out {
		ad.batch = append(ad.batch, m)
		if ad.held += m.body.Size; len(ad.batch) >= importBatch || ad.held >= importBytes {
			if err = ad.flush(); err != nil {
				break
			}
		}
	}
	if err == nil {
		err = ad.flush()
	}
	stop()
	packErr := ad.packer.end()
	for _, m := range ad.batch {
		err = errors.Join(err, ad.packer.drop(m))
	}
	if err == nil && ad.ctx.Err() == nil {
		err = packErr
	}
	if err = cmp.Or(err, ad.ctx.Err()); err != nil {
		return err
	}
	return ad.tell()
}

func (ad *adopting) flush() error {
	var forms [2][]localstore.Found // what was found, and what it may have been as well
	noted, size := 0, int64(0)
	for _, m := range ad.batch {
		f := localstore.Found{Body: m.body, Folder: folderOf(m), UIDValidity: m.Noted.UIDValidity, UID: m.Noted.UID}
		if m.Other {
			forms[1] = append(forms[1], f)
			continue
		}
		forms[0] = append(forms[0], f)
		if f.Folder != "" && f.UID != 0 {
			noted++
		}
		size += f.Body.Size
	}
	fresh := 0
	err := ad.store.Edit(ad.ctx, func(tx *localstore.Tx) error {
		acct, err := tx.Account(ad.name, ad.url)
		if err == nil {
			fresh, err = tx.PutFound(acct, forms[0])
		}
		if err == nil {
			_, err = tx.PutFound(acct, forms[1])
		}
		return err
	})
	if err != nil {
		return err
	}
	ad.all, ad.fresh, ad.noted, ad.bytes = ad.all+len(forms[0]), ad.fresh+fresh, ad.noted+noted, ad.bytes+size
	ad.batch, ad.held = ad.batch[:0], 0
	return nil
}

// folderOf names the folder of the server that a message was in; "" where only PATH
// itself says it, unless that is a name that means INBOX.
func folderOf(m packedMail) string {
	if len(m.Folder) > 0 {
		return strings.Join(m.Folder, "/")
	}
	maildir := filepath.Base(filepath.Dir(filepath.Dir(m.Source)))
	if strings.EqualFold(maildir, "INBOX") || strings.EqualFold(strings.TrimPrefix(maildir, "."), "Maildir") {
		return "INBOX"
	}
	return ""
}

func (ad *adopting) tell() error {
	if !ad.ui.quiet {
		text := fmt.Sprintf("took over %s (%s) for %s, %d of them new here and %d with their UID; mailstow sync links what it recognises",
			term.Count(ad.all, "message"), term.Size(ad.bytes), ad.name, ad.fresh, ad.noted)
		if _, err := fmt.Fprintln(ad.stdout, term.Clean(text)); err != nil {
			return err
		}
	}
	return ad.packer.lacking("taken over")
}

func (ad *adopting) forget() error {
	bodies, size := 0, int64(0)
	err := ad.store.Update(ad.ctx, func(tx *localstore.Tx) error {
		acct, err := tx.Account(ad.name, ad.url)
		if err == nil {
			_, size, err = ad.store.FoundLeft(ad.ctx, acct)
		}
		if err == nil {
			bodies, err = tx.ForgetFound(acct)
		}
		return err
	})
	if err == nil && !ad.ui.quiet {
		_, err = fmt.Fprintf(ad.stdout, "dropped %s (%s) that no message of %s has\n", term.Count(bodies, "body"), term.Size(size), term.Clean(ad.name))
	}
	return err
}
