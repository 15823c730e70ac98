package main

import (
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
)

func (a *app) purgeCommand() *cli.Command {
	return &cli.Command{
		Name:      "purge",
		Usage:     "remove what vanished from the server from this copy as well, for good",
		ArgsUsage: "[ID...]",
		Description: describe(`
Needs no connection and changes nothing on the server. Only messages that have
vanished from it are removed, with their bodies where no other message has the same
bytes. They cannot be restored any more. History goes on saying when they came and
went. --yes is needed; without it, what would go is shown.

What vanished surprisingly much at once from a folder (more than 20 messages and more
than a quarter of it, see "mailstow sync --help") may have been deleted by mistake:
it is kept unless --mass is given as well.

The bytes are overwritten in the file, and the file is written anew. Nobody can
promise that of copies of the store, such as snapshots and backups, nor of what disks
and file systems keep of their own accord.`,
			[]string{"mailstow purge --older-than 365d", "mailstow purge --older-than 365d --yes", "mailstow purge 4711 --yes", "mailstow purge --folder Spam --yes"},
			editCodes...),
		Flags: editFlags(selectionFlags(
			&cli.StringFlag{Name: "older-than", Usage: "only what vanished at least `AGE` ago, such as 365d"},
			&cli.BoolFlag{Name: "yes", Usage: "do it"},
			&cli.BoolFlag{Name: "mass", Usage: "also what vanished surprisingly much at once"},
			&cli.BoolFlag{Name: "no-vacuum", Usage: "do not write the file anew: faster, and the file stays as large as it is"})...),
		Action: a.purge,
	}
}

func (a *app) purge(c *cli.Context) error {
	s, err := a.readPurge(c)
	if err != nil {
		return err
	}
	until := a.now()
	if c.IsSet("older-than") {
		age, err := parseAge(c.String("older-than"))
		if err != nil {
			return usage("--older-than: "+err.Error(), "")
		}
		until = until.Add(-age)
	}
	return a.edit(c, []string{s.folder}, func(e *edit) error {
		p := purging{edit: e, until: until, mass: c.Bool("mass"), runs: map[localstore.RunID]time.Time{}}
		if err := p.find(s); err != nil {
			return err
		}
		switch {
		case e.dryRun:
			return p.tell("would purge", p.bytes(), 0)
		case !c.Bool("yes") && len(p.all) > 0:
			if err := p.tell("would purge", p.bytes(), 0); err != nil {
				return err
			}
			return usage("nothing was purged", "--yes does it, for good; snapshots and restores come first")
		}
		return p.purge(!c.Bool("no-vacuum"))
	})
}

// readPurge is readSelection, in which an age may be all there is.
func (a *app) readPurge(c *cli.Context) (s selection, err error) {
	if c.IsSet("older-than") && !c.Args().Present() && !c.IsSet("folder") {
		s.filters, err = a.listQuery(c)
		return s, err
	}
	return a.readSelection(c, c.Args().Slice())
}

// purging is one purge.
type purging struct {
	*edit
	until time.Time // when it must have vanished
	mass  bool
	runs  map[localstore.RunID]time.Time
	all   []goner
	kept  int // vanished too many at once
}

// goner is a message that may be removed.
type goner struct {
	id   localstore.MessageID
	run  localstore.RunID
	box  localstore.MailboxID
	size int64
}

// find selects what vanished long enough ago, and sets aside what did so surprisingly.
func (p *purging) find(s selection) error {
	pick := picker{edit: p.edit, s: s, query: s.filters}
	if err := pick.place(); err != nil {
		return err
	}
	pick.query.Gone = true
	spans := s.ids
	if !s.byID {
		spans = []span{{}}
	}
	for _, one := range spans {
		n, q := 0, pick.query
		q.First, q.Last = one.first, one.last
		err := p.store.List(p.ctx, q, func(m localstore.Mail) error {
			n++
			return p.consider(m)
		})
		if err == nil && n == 0 && one.first == one.last && one.first != 0 && !s.filtered && s.folder == "" {
			err = p.notGone(&pick, one.first)
		}
		if err != nil {
			return err
		}
	}
	if p.mass {
		return nil
	}
	return p.setAside()
}

func (p *purging) consider(m localstore.Mail) error {
	at, known := p.runs[m.VanishedRun]
	if !known {
		run, err := p.store.Run(p.ctx, m.VanishedRun)
		if err != nil {
			return err
		}
		at = run.Started
		p.runs[m.VanishedRun] = at
	}
	if !at.After(p.until) {
		p.all = append(p.all, goner{m.ID, m.VanishedRun, m.Mailbox, max(0, m.Size)})
	}
	return nil
}

// notGone says why an id names nothing that could be purged.
func (p *purging) notGone(pick *picker, id localstore.MessageID) error {
	mail, err := p.store.Message(p.ctx, id)
	if err != nil || mail.State == localstore.StateVanished {
		return pick.nobody(span{id, id})
	}
	return &problem{code: exitFailed, text: fmt.Sprintf("message %d has not vanished", id),
		hint: fmt.Sprintf("mailstow delete %d deletes it on the server; purge is for what is gone there", id)}
}

// setAside keeps what a folder lost surprisingly much of in one run (I26).
func (p *purging) setAside() error {
	type event struct {
		run localstore.RunID
		box localstore.MailboxID
	}
	lost, there := map[event]int{}, map[localstore.MailboxID]int64{}
	for _, g := range p.all {
		lost[event{g.run, g.box}]++
	}
	for _, one := range p.m.all {
		folders, err := p.store.Folders(p.ctx, one.ID)
		if err != nil {
			return err
		}
		for _, f := range folders {
			there[f.ID] = f.Messages
		}
	}
	var some []goner
	for _, g := range p.all {
		n := lost[event{g.run, g.box}]
		if n > 20 && int64(n)*4 > int64(n)+there[g.box] {
			p.kept++
			continue
		}
		some = append(some, g)
	}
	p.all = some
	return nil
}

func (p *purging) bytes() (n int64) {
	for _, g := range p.all {
		n += g.size
	}
	return n
}

func (p *purging) purge(vacuum bool) error {
	var ids []localstore.MessageID
	for _, g := range p.all {
		ids = append(ids, g.id)
	}
	bar := newMeter(p.ui, "purging")
	done, err := p.store.Purge(p.ctx, ids, func(n int) { bar.set(int64(n), int64(len(ids))) })
	bar.finish()
	if err != nil {
		return err
	}
	if len(ids) > 0 {
		left, err := p.store.Compact(p.ctx, vacuum)
		if err != nil {
			return err
		}
		if left {
			p.ui.warn("another program reads the store: the file %s-wal may hold old bytes until that is done", p.store.Path())
		}
	}
	p.all = p.all[:done.Messages]
	return p.tell("purged", done.Bytes, done.Bodies)
}

// purgeJSON is a contract with scripts: fields are only ever added.
type purgeJSON struct {
	Messages  int   `json:"messages"`
	Bodies    int64 `json:"bodies"`
	Bytes     int64 `json:"bytes"`
	Kept      int   `json:"kept"` // vanished too many at once
	StoreSize int64 `json:"store_size"`
	DryRun    bool  `json:"dry_run,omitempty"`
}

func (p *purging) tell(verb string, bytes, bodies int64) error {
	j := purgeJSON{len(p.all), bodies, bytes, p.kept, 0, verb != "purged"}
	if fi, err := os.Stat(p.store.Path()); err == nil {
		j.StoreSize = fi.Size()
	}
	if p.json {
		return term.WriteJSON(p.stdout, j)
	}
	if p.ui.quiet {
		return nil
	}
	text := fmt.Sprintf("%s %s (%s)", verb, term.Count(j.Messages, "message"), term.Size(bytes))
	if verb == "purged" {
		text = fmt.Sprintf("purged %s and %s (%s); the store has %s", term.Count(j.Messages, "message"), term.Count(bodies, "body"), term.Size(bytes), term.Size(j.StoreSize))
	}
	if p.kept > 0 {
		text += fmt.Sprintf("; %d vanished too many at once and are kept, --mass takes them too", p.kept)
	}
	_, err := fmt.Fprintln(p.stdout, text)
	return err
}
