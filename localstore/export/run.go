package export

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"mailstow/localstore"
)

// Format is how an export lies on the disk.
type Format string

const (
	Maildir   Format = "maildir"   // a Maildir in a folder for each mailbox, nested as they are
	MaildirPP Format = "maildir++" // INBOX in the export itself, the others in folders .A.B, as Dovecot and Courier have it
	Mbox      Format = "mbox"      // a file for each mailbox, in the form mboxrd
	EML       Format = "eml"       // a file for each message, in a folder for each mailbox
)

// Formats are all there are.
var Formats = []Format{Maildir, MaildirPP, Mbox, EML}

// Options says what is written where, and how.
type Options struct {
	Dir     string
	Format  Format
	Folders []Folder
	// Query narrows down what a mailbox holds; Account and Mailbox are set here.
	Query localstore.ListQuery
	// Pick leaves messages out; nil takes all.
	Pick func(localstore.Mail) bool
	// Remove takes files away whose messages are no longer in a mailbox of Folders.
	// Not for a selection of messages.
	Remove bool
	// Whole names accounts of which Folders has all there is: with Remove, what was
	// exported of their other mailboxes goes.
	Whole []string
	// Sparse leaves out mailboxes of which nothing is selected.
	Sparse bool
	DryRun bool
	// Report is called for each change, and may be nil; an error of it ends the export.
	Report func(Change) error
	// Progress is called for each message that was dealt with, and may be nil.
	Progress func(localstore.Mail)

	before func(op string) // see folder
}

// What a Change did.
const (
	Wrote   = "wrote"
	Renamed = "renamed" // other flags
	Removed = "removed"
)

// Change is one file that was changed, by its path below Options.Dir, with slashes.
type Change struct {
	Did, Path string
	Mail      localstore.Mail // zero where something was removed, and of an mbox
	Messages  int             // in it: of an mbox
}

// Failure is a message that could not be exported.
type Failure struct {
	Mail localstore.Mail
	Err  error
}

// Result counts messages. Bytes are those of messages that were written.
type Result struct {
	Folders, Written, Renamed, Removed, Same int
	Bytes                                    int64
	Missing                                  int      // not downloaded yet
	Keywords                                 []string // that found no room in a Maildir
	Failures                                 []Failure
}

// Run exports. What it was doing when it ended early is done by the next one: a file
// has its name only once it is whole.
func Run(ctx context.Context, store *localstore.Store, o Options) (res Result, err error) {
	t, err := openTarget(o)
	if err != nil {
		return res, err
	}
	x := &exporter{ctx: ctx, store: store, o: o, t: t, res: &res, buf: make([]byte, 256<<10)}
	defer func() { err = errors.Join(err, t.close()) }()
	return res, x.run()
}

type exporter struct {
	ctx   context.Context
	store *localstore.Store
	o     Options
	t     *target
	res   *Result
	buf   []byte
	ahead bool // only looking at what there is
}

func (x *exporter) run() error {
	var places []*placed
	if err := x.thin(); err != nil {
		return err
	}
	for _, f := range x.o.Folders {
		x.t.place(f)
	}
	for _, f := range x.o.Folders { // only now: the list has grown
		places = append(places, x.t.place(f))
	}
	if err := x.t.save(); err != nil {
		return err
	}
	for i, f := range x.o.Folders {
		x.res.Folders++
		if err := x.folder(f, places[i]); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	if x.o.Remove {
		if err := x.removeGone(places); err != nil {
			return err
		}
	}
	return x.t.save()
}

var errSome = errors.New("there is some")

// thin drops the mailboxes of which nothing is selected.
func (x *exporter) thin() error {
	if !x.o.Sparse {
		return nil
	}
	x.ahead = true
	defer func() { x.ahead = false }()
	var some []Folder
	for _, f := range x.o.Folders {
		err := x.mails(f, func(localstore.Mail) error { return errSome })
		if errors.Is(err, errSome) || x.res.Missing > 0 {
			some = append(some, f)
		} else if err != nil {
			return err
		}
		x.res.Missing = 0
	}
	x.o.Folders = some
	return nil
}

func (x *exporter) folder(f Folder, p *placed) error {
	switch x.o.Format {
	case Mbox:
		return x.mbox(f, p)
	case EML:
		return x.eml(f, p)
	}
	return x.maildir(f, p)
}

// removeGone takes away what is left of mailboxes that are gone.
func (x *exporter) removeGone(places []*placed) error {
	var kept []placed
	for i := range x.t.state.Folders {
		p := &x.t.state.Folders[i]
		if slices.Contains(places, p) || !slices.Contains(x.o.Whole, p.Account) {
			kept = append(kept, *p)
			continue
		}
		if err := x.folderGone(p); err != nil {
			return err
		}
	}
	if !x.o.DryRun {
		x.t.state.Folders = kept
	}
	return nil
}

func (x *exporter) folderGone(p *placed) error {
	if x.o.Format == Mbox {
		return x.remove(x.t.root, p.Path, p.Path)
	}
	if x.t.root == nil {
		return nil
	}
	d, err := x.t.root.OpenRoot(p.Path)
	if errors.Is(err, os.ErrNotExist) { // as far as a killed export came
		if !x.o.DryRun {
			x.t.prune(p.Path)
		}
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	return x.dirGone(d, p)
}

// mails lists a mailbox: what can be exported of it.
func (x *exporter) mails(f Folder, fn func(localstore.Mail) error) error {
	q := x.o.Query
	q.Mailbox = f.ID
	return x.store.List(x.ctx, q, func(m localstore.Mail) error {
		if x.o.Pick != nil && !x.o.Pick(m) {
			return nil
		}
		if m.SHA256 == "" {
			x.res.Missing++
			return nil
		}
		if x.o.Progress != nil && !x.ahead {
			x.o.Progress(m)
		}
		return fn(m)
	})
}

func (x *exporter) report(c Change) error {
	if x.o.Report == nil {
		return nil
	}
	return x.o.Report(c)
}

// remove takes a file away; that somebody else did so is as good.
func (x *exporter) remove(dir *folder, name, path string) error {
	if !x.o.DryRun {
		if err := dir.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	x.res.Removed++
	return x.report(Change{Did: Removed, Path: path})
}

// failed notes a message whose body cannot be given; what keeps the export from
// going on is returned.
func (x *exporter) failed(m localstore.Mail, err error) error {
	if !errors.Is(err, localstore.ErrDamaged) && !errors.Is(err, localstore.ErrNotHeld) && !errors.Is(err, localstore.ErrNotFound) {
		return err
	}
	x.res.Failures = append(x.res.Failures, Failure{m, err})
	return nil
}
