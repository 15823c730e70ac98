package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
)

// putBack queues what brings messages and folders back, and tells about it.
func (e *edit) putBack(one mirror, want mailsync.Restore) error {
	r, err := mailsync.PlanRestore(e.ctx, e.store, want)
	if err != nil {
		return err
	}
	var now []localstore.MessageID
	err = e.commit(func(tx *localstore.Tx) (err error) {
		now, err = r.Queue(tx, one.ID)
		return err
	})
	if err != nil {
		return err
	}
	t := restoreTale{edit: e, one: one, r: r, where: map[int64]string{}}
	for _, m := range want.Messages {
		t.where[int64(m.ID)] = m.Folder
	}
	if err := t.objects(now); err != nil {
		return err
	}
	if err := t.folders(); err != nil {
		return err
	}
	if err := e.finish([]string{one.Name}, t.summary()); err != nil {
		return err
	}
	return t.lost()
}

// restoreTale tells what a plan to restore does.
type restoreTale struct {
	*edit
	one   mirror
	r     mailsync.Restored
	where map[int64]string // the folders that the messages were in
}

func (t restoreTale) name(id int64) string { return t.r.Boxes[localstore.MailboxID(id)].Shown() }

func (t restoreTale) objects(now []localstore.MessageID) error {
	err := t.tellJSON(len(t.r.Create), func(i int) editJSON {
		return editJSON{Did: "mkdir", Account: t.one.Name, Folder: t.name(t.r.Create[i])}
	})
	if err != nil {
		return err
	}
	err = t.tellJSON(len(t.r.Put), func(i int) editJSON {
		p := t.r.Put[i]
		return editJSON{Did: "restore", ID: p.ID, Account: t.one.Name, Folder: t.where[p.ID], To: t.name(p.Target),
			NewID: int64(now[i]), Flags: strings.Fields(string(p.Flags))}
	})
	if err != nil {
		return err
	}
	return t.tellJSON(len(t.r.Flags), func(i int) editJSON {
		return editJSON{Did: "flag", ID: t.r.Flags[i].ID, Account: t.one.Name, Folder: t.where[t.r.Flags[i].ID]}
	})
}

// folders are the lines of a dry run: what each folder gets.
func (t restoreTale) folders() error {
	if !t.dryRun || t.json || t.ui.quiet {
		return nil
	}
	count, size, note := map[string]int{}, map[string]int64{}, map[string]string{}
	for _, id := range t.r.Create {
		count[t.name(id)], note[t.name(id)] = 0, "  (made again)"
	}
	for _, p := range t.r.Put {
		count[t.name(p.Target)]++
		size[t.name(p.Target)] += max(0, p.Size)
	}
	table := term.Table{Right: []int{0, 1}, Flex: 2, Width: t.ui.width}
	for _, name := range slices.Sorted(maps.Keys(count)) {
		table.Row(term.Count(count[name], "message"), term.Size(size[name]), term.Clean(name)+note[name])
	}
	return table.Write(t.stdout)
}

// summary is what was done, and why not more.
func (t restoreTale) summary() string {
	var did []string
	if n := len(t.r.Put); n > 0 {
		did = append(did, fmt.Sprintf("put back %s in %s", term.Count(n, "message"), t.targets()))
	}
	if n := len(t.r.Create); n > 0 {
		did = append(did, "made "+term.Count(n, "folder")+" again")
	}
	if n := len(t.r.Flags); n > 0 {
		did = append(did, "set flags of "+term.Count(n, "message"))
	}
	text := listing(did, "and")
	if text == "" {
		text = "put nothing back"
	}
	if rest := t.rest(plan.NotBackThere, plan.NotBackMoved); rest != "" {
		text += " (" + rest + ")"
	}
	return text
}

func (t restoreTale) targets() string {
	var names []string
	for _, p := range t.r.Put {
		if name := t.name(p.Target); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names) // as the lines of a dry run
	if len(names) > maxFolders {
		return term.Count(len(names), "folder")
	}
	return listing(names, "and")
}

// restWords say why messages are not put back, for one and for several.
var restWords = map[plan.WhyNotBack][2]string{
	plan.NotBackThere:  {"is there already", "are there already"},
	plan.NotBackMoved:  {"was moved and is where it went, --moved copies it back", "were moved and are where they went, --moved copies them back"},
	plan.NotBackUnheld: {"is not held here, or damaged: it cannot be put back", "are not held here, or damaged: they cannot be put back"},
	plan.NotBackGuarded: {"is in a folder that is gone, which the guard does not believe: mailstow sync --max-deletes off first",
		"are in folders that are gone, which the guard does not believe: mailstow sync --max-deletes off first"},
	plan.NotBackLeaving: {"belongs to a folder that is about to be removed here: mailstow pending drop keeps it",
		"belong to folders that are about to be removed here: mailstow pending drop keeps them"},
	plan.NotBackNoMail: {"belongs to a folder that cannot hold mail: --into names another", "belong to folders that cannot hold mail: --into names another"},
}

func (t restoreTale) rest(reasons ...plan.WhyNotBack) string {
	var parts []string
	for _, why := range reasons {
		n := 0
		for _, left := range t.r.Left {
			if left.Why == why {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, restWords[why][min(n, 2)-1]))
		}
	}
	return strings.Join(parts, "; ")
}

// lost ends with exit code 3 when something that is not there cannot be put back.
func (t restoreTale) lost() error {
	rest := t.rest(plan.NotBackUnheld, plan.NotBackGuarded, plan.NotBackLeaving, plan.NotBackNoMail)
	if rest == "" {
		return nil
	}
	return &problem{code: exitPartial, text: "not everything is put back: " + rest}
}
