package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"mailstow/localstore"
	mailsync "mailstow/sync"
)

func (a *app) restoreCommand() *cli.Command {
	return &cli.Command{
		Name:      "restore",
		Usage:     "put messages back on the server as they were, here at once and queued for the server",
		ArgsUsage: "ID...",
		Description: describe(`
Needs no connection: the next sync puts on the server what is missing there, with
the bytes, date of arrival and flags it had, and makes folders that are gone. Messages
that are there are left as they are, and so are those that are known to have been
moved and still are where they went. Restoring again, after whatever interruption,
never makes anything twice. \Deleted is not set again.

Messages are meant by their ids ("mailstow list --deleted" shows what vanished), or
--folder or --all say: everything that was there at the time of --at; --from, --since
and so on narrow that down.`,
			[]string{"mailstow restore 4711 4720-4725", "mailstow restore --folder INBOX --at 2026-10-01T12:00 --dry-run",
				"mailstow restore --all --at 3d --account work", "mailstow restore --folder INBOX --at 7d --from alice --into Found"},
			append(editCodes, exitPartial)...),
		Flags: editFlags(selectionFlags(atFlag(),
			&cli.StringFlag{Name: "into", Usage: "put everything into `FOLDER` instead of where it was"},
			&cli.BoolFlag{Name: "all", Usage: "everything in the account, its folders too"},
			&cli.BoolFlag{Name: "moved", Usage: "also what was moved and is where it went"},
			&cli.BoolFlag{Name: "flags", Usage: "what is there gets the flags it had"})...),
		Action: a.restore,
	}
}

func (a *app) restore(c *cli.Context) error {
	s, err := a.readPast(c)
	if err != nil {
		return err
	}
	return a.edit(c, []string{s.folder, c.String("into")}, func(e *edit) error {
		cut, err := a.cutAt(c, e.store)
		if err != nil {
			return err
		}
		one, all, err := e.past(s, cut)
		if err != nil {
			return err
		}
		want := mailsync.Restore{Account: one.ID, Messages: all, Moved: c.Bool("moved") || s.byID, Reflag: c.Bool("flags")}
		if want.Mailboxes, err = e.structure(s, one, cut); err != nil {
			return err
		}
		if c.IsSet("into") {
			box, err := e.into(one.Name, c.String("into"))
			if err != nil {
				return err
			}
			want.Into = box.ID
		}
		return e.putBack(one, want)
	})
}

// readPast is readSelection for what may be gone.
func (a *app) readPast(c *cli.Context) (s selection, err error) {
	switch {
	case c.Bool("all") && (c.Args().Present() || c.IsSet("folder")):
		return s, usage("--all is everything: it goes neither with ids nor with --folder", "")
	case c.Bool("all"):
		s.filters, err = a.listQuery(c)
	default:
		s, err = a.readSelection(c, c.Args().Slice())
	}
	if err == nil && !s.byID && !c.IsSet("at") {
		err = usage("as it was when? --at says", `for instance --at 2026-10-01T12:00, or --at 3h; "mailstow undo" restores what a run saw vanish`)
	}
	if err == nil && c.IsSet("into") && c.Bool("flags") {
		err = usage("--flags is about what is in its place, --into about another one", "leave one of them out")
	}
	return s, err
}

// past finds the messages that are meant, as they were at a cut; zero: at last.
func (e *edit) past(s selection, at localstore.Cut) (mirror, []localstore.Mail, error) {
	p := picker{edit: e, s: s, query: s.filters}
	if err := p.place(); err != nil {
		return mirror{}, nil, err
	}
	p.query.At, p.query.Deleted = at, true
	var all []localstore.Mail
	add := func(m localstore.Mail) error {
		all = append(all, m)
		return nil
	}
	if !s.byID {
		if err := e.store.List(e.ctx, p.query, add); err != nil {
			return mirror{}, nil, err
		}
	}
	for _, one := range s.ids {
		n := len(all)
		q := p.query
		q.First, q.Last = one.first, one.last
		if err := e.store.List(e.ctx, q, add); err != nil {
			return mirror{}, nil, err
		}
		if len(all) == n && !s.filtered && s.folder == "" {
			return mirror{}, nil, p.nobody(one)
		}
	}
	one, err := e.ownerOf(all, p.only)
	return one, all, err
}

// nobody says why a range of ids means no message.
func (p *picker) nobody(s span) error {
	if s.first != s.last {
		return &problem{code: exitFailed, text: fmt.Sprintf("no message has an id from %d to %d", s.first, s.last),
			hint: "mailstow list FOLDER --deleted shows the ids at the end of its lines"}
	}
	mail, err := p.store.Message(p.ctx, s.first)
	switch {
	case errors.Is(err, localstore.ErrNotFound):
		return noMessage(s.first, p.store, err)
	case err != nil:
		return err
	case p.only != "" && mail.Account != p.only:
		return p.refuse(mail, s.first)
	case p.query.At != 0:
		return &problem{code: exitFailed, text: fmt.Sprintf("message %d was not on the server then", s.first),
			hint: fmt.Sprintf("mailstow history --message %d tells when it was", s.first)}
	}
	return &problem{code: exitFailed, text: fmt.Sprintf("message %d waits to be moved or deleted here", s.first),
		hint: "mailstow pending shows the edit, mailstow pending drop takes it back"}
}

// ownerOf is the account of messages, or the one that was named.
func (e *edit) ownerOf(all []localstore.Mail, name string) (mirror, error) {
	for _, m := range all {
		if name == "" {
			name = m.Account
		}
		if m.Account != name {
			return mirror{}, usage(fmt.Sprintf("messages of accounts %s and %s at once", name, m.Account),
				"one account at a time: --account NAME, or ids of one of them")
		}
	}
	chosen, err := e.m.only(name)
	if err == nil && len(chosen) != 1 {
		err = usage("of which account?", e.m.whichHint("FOLDER"))
	}
	if err != nil {
		return mirror{}, err
	}
	return chosen[0], nil
}

// structure tells which folders shall be there even without mail.
func (e *edit) structure(s selection, one mirror, at localstore.Cut) (map[localstore.MailboxID]bool, error) {
	if s.byID || s.filtered {
		return nil, nil
	}
	all, err := e.store.MailboxesAt(e.ctx, one.ID, at)
	if err != nil || s.folder == "" {
		return all, err
	}
	_, box, err := e.m.mailbox(e.ctx, e.account, s.folder)
	return map[localstore.MailboxID]bool{box.ID: all[box.ID]}, err
}
