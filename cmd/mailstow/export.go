package main

import (
	"bufio"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
	"mailstow/localstore/export"
)

func (a *app) exportCommand() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "write mail as Maildir, mbox or eml files that other programs read",
		ArgsUsage: "DIR [ID...]",
		Description: describe(`
Reads the store alone: no network, also while a sync runs. Every message is written
with exactly the bytes that the server sent, its date as the time of its file, and
its flags; folder names are made safe for any file system. Again into the same DIR
it writes only what changed; with --remove it also removes what is gone from the
folders. Nothing else in DIR is touched, and a DIR with anything else in it refused.
Several accounts go into a folder each.

maildir    a Maildir for each folder, nested: for mutt, notmuch, mu
maildir++  INBOX in DIR, the others beside it as .A.B: for Dovecot, Courier
mbox       a file for each folder (mboxrd), with Status, X-Status and X-Keywords
eml        a file for each message, flags in mailstow-index.jsonl

ID is as for other commands: a number, a range, or - for ids on standard input.`,
			[]string{"mailstow export ~/Mail", "mailstow sync && mailstow export --remove ~/Mail && notmuch new",
				"mailstow export --format mbox --folder INBOX --before 2020-01-01 ~/old-mail",
				"mailstow export --format eml --since-run 41 --json ~/incoming | jq -r .path"},
			exitOK, exitFailed, exitUsage, exitPartial, exitInterrupted),
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: string(export.Maildir), Usage: "write `maildir`, maildir++, mbox or eml"},
			&cli.StringSliceFlag{Name: "folder", Aliases: []string{"f"}, Usage: "only `FOLDER`; may be repeated"}},
			append(filterFlags(),
				&cli.BoolFlag{Name: "deleted", Usage: "also what vanished from the server"},
				&cli.Int64Flag{Name: "since-run", Usage: "only what changed after run `N`, as sync --json and history number them"},
				&cli.BoolFlag{Name: "remove", Usage: "remove files whose messages are no longer in the folder"},
				&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "print what would be done and change nothing"},
				&cli.BoolFlag{Name: "json", Usage: "print one JSON object for each file that is written, renamed or removed"},
				accountFlag())...),
		Action: a.export,
	}
}

// exporting is one export on its way.
type exporting struct {
	*app
	c     *cli.Context
	m     *mirrors
	query localstore.ListQuery
	ids   []span
	byID  bool
	met   map[localstore.MessageID]bool
	json  *bufio.Writer // nil without --json
	size  int64         // of all that may be exported
}

func (a *app) export(c *cli.Context) error {
	x, opts, err := a.readExport(c)
	if err != nil {
		return err
	}
	if x.m, err = a.openMirrors(c.Context); err != nil {
		return err
	}
	defer x.m.close()
	for _, s := range x.m.stores {
		if s.Passing() {
			return &localstore.Error{Kind: localstore.ErrPassing, Path: s.Path(), Hint: "mailstow sync keeps the mail of either account"}
		}
	}
	folders, err := x.folders()
	if err != nil {
		return err
	}
	show := newMeter(a.ui, "exporting")
	defer show.finish()
	opts.Progress = func(m localstore.Mail) { show.set(show.done+m.Size, max(x.size, show.done+m.Size)) }
	var total export.Result
	for _, store := range x.m.stores {
		opts.Folders, opts.Whole = x.of(store, folders)
		if len(opts.Folders) == 0 {
			continue
		}
		res, err := export.Run(c.Context, store, opts)
		add(&total, res)
		if err != nil {
			return x.failure(opts, err)
		}
	}
	show.finish()
	return x.tell(total, opts)
}

func (a *app) readExport(c *cli.Context) (*exporting, export.Options, error) {
	x := &exporting{app: a, c: c, met: map[localstore.MessageID]bool{}}
	o := export.Options{Dir: c.Args().First(), Format: export.Format(c.String("format")), Remove: c.Bool("remove"), DryRun: c.Bool("dry-run"), Report: x.report}
	if o.Dir == "" {
		return nil, o, usage("export to which folder?", "for instance: mailstow export ~/Mail")
	}
	if !slices.Contains(export.Formats, o.Format) {
		return nil, o, usage(fmt.Sprintf("--format: %q is not maildir, maildir++, mbox or eml", o.Format), "")
	}
	var err error
	if x.query, err = a.listQuery(c); err != nil {
		return nil, o, err
	}
	x.query.SinceRun, x.byID = localstore.RunID(c.Int64("since-run")), c.NArg() > 1
	if x.query.SinceRun < 0 {
		return nil, o, usage("--since-run must not be negative", "")
	}
	for _, name := range []string{"unseen", "since", "before", "from", "subject", "limit", "since-run"} {
		o.Sparse = o.Sparse || c.IsSet(name) || x.byID
		if o.Remove && o.Sparse {
			return nil, o, usage("--remove goes with whole folders only", "it would remove what was left out; leave out --remove, or the selection")
		}
	}
	if x.ids, err = a.readIDs(c.Context, c.Args().Tail()); err != nil {
		return nil, o, err
	}
	if x.byID {
		o.Pick = x.pick
	}
	if c.Bool("json") {
		x.json = bufio.NewWriter(a.stdout)
	}
	o.Query = x.query
	return x, o, nil
}

// pick takes the messages whose ids were named.
func (x *exporting) pick(m localstore.Mail) bool {
	for _, s := range x.ids {
		if s.first <= m.ID && m.ID <= s.last {
			x.met[s.first] = true
			return true
		}
	}
	return false
}

// owned is a folder to export with where it is.
type owned struct {
	mirror
	export.Folder
}

// folders are those that were named, or all that hold something or could.
func (x *exporting) folders() (all []owned, err error) {
	account := x.c.String("account")
	for _, name := range x.c.StringSlice("folder") {
		one, box, err := x.m.mailbox(x.c.Context, account, name)
		if err != nil {
			return nil, err
		}
		all = append(all, owned{one, exported(one, box)})
	}
	chosen, err := x.m.only(account)
	if err != nil {
		return nil, err
	}
	if !x.c.IsSet("folder") {
		for _, one := range chosen {
			boxes, err := one.store.Folders(x.c.Context, one.ID)
			if err != nil {
				return nil, err
			}
			for _, box := range boxes {
				if box.Messages > 0 || box.Selectable && (!box.Detached || box.Unborn || x.query.Deleted) {
					all = append(all, owned{one, exported(one, box.Mailbox)})
					x.size += box.Size
				}
			}
		}
	}
	if len(chosen) > 1 {
		for i := range all {
			all[i].Below = all[i].mirror.Name
		}
	}
	return all, nil
}

func exported(one mirror, box localstore.Mailbox) export.Folder {
	raw := box.Raw
	if box.Wanted != "" {
		raw = box.Wanted
	}
	return export.Folder{ID: box.ID, Account: one.Name, Raw: raw, Name: box.Shown(), Delim: box.Delim}
}

// of are the folders in one store, each once, and the accounts that they are all of.
func (x *exporting) of(store *localstore.Store, all []owned) (some []export.Folder, whole []string) {
	for _, f := range all {
		if f.store != store || slices.Contains(some, f.Folder) {
			continue
		}
		some = append(some, f.Folder)
		if !x.c.IsSet("folder") && !slices.Contains(whole, f.mirror.Name) {
			whole = append(whole, f.mirror.Name)
		}
	}
	return some, whole
}

func add(total *export.Result, r export.Result) {
	total.Folders += r.Folders
	total.Written += r.Written
	total.Renamed += r.Renamed
	total.Removed += r.Removed
	total.Same += r.Same
	total.Bytes += r.Bytes
	total.Missing += r.Missing
	total.Keywords = append(total.Keywords, r.Keywords...)
	total.Failures = append(total.Failures, r.Failures...)
}

// exportJSON is a contract with scripts: fields are only ever added.
type exportJSON struct {
	Did      string `json:"did"`  // wrote, renamed, removed
	Path     string `json:"path"` // below DIR
	ID       int64  `json:"id,omitempty"`
	Account  string `json:"account,omitempty"`
	Folder   string `json:"folder,omitempty"`
	SHA256   string `json:"sha256,omitempty"`
	Messages int    `json:"messages,omitempty"` // of an mbox
	DryRun   bool   `json:"dry_run,omitempty"`
}

func (x *exporting) report(c export.Change) error {
	if x.json == nil {
		x.ui.detail("%s %s", c.Did, c.Path)
		return nil
	}
	return term.WriteJSON(x.json, exportJSON{Did: c.Did, Path: c.Path, ID: int64(c.Mail.ID), Account: c.Mail.Account,
		Folder: c.Mail.Folder, SHA256: c.Mail.SHA256, Messages: c.Messages, DryRun: x.c.Bool("dry-run")})
}

func (x *exporting) failure(o export.Options, err error) error {
	if x.json != nil {
		err = errors.Join(err, x.json.Flush())
	}
	switch {
	case errors.Is(err, export.ErrForeign):
		return &problem{code: exitFailed, text: fmt.Sprintf("%s: %v", o.Dir, err), hint: "name a new folder, or the one of an earlier export in the same format", err: err}
	case errors.Is(err, export.ErrInUse):
		return &problem{code: exitInUse, text: fmt.Sprintf("%s: %v", o.Dir, err), hint: "wait for it to end", err: err}
	}
	return err
}

// tell says what was done, and what is lacking.
func (x *exporting) tell(r export.Result, o export.Options) error {
	if x.json != nil {
		if err := x.json.Flush(); err != nil {
			return err
		}
	}
	for _, s := range x.ids {
		if s.first == s.last && !x.met[s.first] {
			return &problem{code: exitFailed, text: fmt.Sprintf("no message %d in what was exported", s.first), hint: "mailstow list FOLDER shows the ids at the end of its lines"}
		}
	}
	if x.json == nil && !x.ui.quiet {
		if _, err := fmt.Fprintln(x.stdout, term.Clean(exportedText(r, o))); err != nil {
			return err
		}
	}
	if len(r.Keywords) > 0 {
		x.ui.warn("Maildir has no room for some flags: %s", strings.Join(r.Keywords, " "))
	}
	return x.lacking(r)
}

func exportedText(r export.Result, o export.Options) string {
	did := "wrote"
	if o.DryRun {
		did = "would have written"
	}
	text := fmt.Sprintf("%s %s", did, term.Count(r.Written, "message"))
	if r.Bytes > 0 && !o.DryRun {
		text += fmt.Sprintf(" (%s)", term.Size(r.Bytes))
	}
	text += fmt.Sprintf(" of %s to %s", term.Count(r.Folders, "folder"), o.Dir)
	if r.Renamed > 0 {
		text += fmt.Sprintf(", changed the flags of %d", r.Renamed)
	}
	if r.Removed > 0 {
		text += ", removed " + term.Count(r.Removed, "file")
	}
	return text + fmt.Sprintf("; %d as before", r.Same)
}

func (x *exporting) lacking(r export.Result) error {
	if r.Missing+len(r.Failures) == 0 {
		return nil
	}
	if r.Missing > 0 {
		x.ui.warn("%s not downloaded yet", term.Count(r.Missing, "message"))
		x.ui.hint("mailstow sync fetches what is missing")
	}
	for _, f := range r.Failures {
		x.ui.warn("%s:%s: %v", f.Mail.Account, f.Mail.Folder, f.Err)
	}
	if len(r.Failures) > 0 {
		x.ui.hint("mailstow verify --repair fetches what is damaged again")
	}
	return &problem{code: exitPartial}
}
