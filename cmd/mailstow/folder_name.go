package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
	"mailstow/sync/remote"
)

// editFolders is edit for commands whose arguments are folders.
func (a *app) editFolders(c *cli.Context, do func(*edit, []string) error) error {
	names := c.Args().Slice()
	if len(names) == 0 {
		return usage(c.Command.Name+" takes folders", fmt.Sprintf("for instance: mailstow %s Projects/Boat", c.Command.Name))
	}
	return a.edit(c, names, func(e *edit) error { return do(e, names) })
}

// folderEdit is what was done to one folder.
type folderEdit struct{ did, account, folder, to string }

// tellFolders says what was done; note goes behind it.
func (e *edit) tellFolders(verb string, done []folderEdit, note string) error {
	err := e.tellJSON(len(done), func(i int) editJSON {
		d := done[i]
		return editJSON{Did: d.did, Account: d.account, Folder: d.folder, To: d.to}
	})
	if err != nil {
		return err
	}
	var names []string
	for _, d := range done {
		names = append(names, d.folder)
	}
	text := fmt.Sprintf("%s %s", verb, listing(names, "and"))
	if len(names) > maxFolders {
		text = fmt.Sprintf("%s %s", verb, term.Count(len(names), "folder"))
	}
	if to := done[0].to; to != "" {
		text += " to " + to
	}
	return e.finish(owners(done), text+note)
}

// owners names the accounts of folders, each once.
func owners(done []folderEdit) []string {
	var out []string
	for _, d := range done {
		if !slices.Contains(out, d.account) {
			out = append(out, d.account)
		}
	}
	return out
}

// existing finds folders that can be changed.
func (e *edit) existing(names []string, did string, check func(localstore.Mailbox) error) ([]localstore.Mailbox, []folderEdit, error) {
	var boxes []localstore.Mailbox
	var done []folderEdit
	for _, name := range names {
		one, box, err := e.m.mailbox(e.ctx, e.account, name)
		if err == nil {
			err = check(box)
		}
		if err != nil {
			return nil, nil, err
		}
		boxes = append(boxes, box)
		done = append(done, folderEdit{did: did, account: one.Name, folder: box.Shown()})
	}
	return boxes, done, nil
}

// movable refuses to rename or remove INBOX (RFC 9051 sections 6.3.5 and 6.3.6).
func movable(box localstore.Mailbox) error {
	if strings.EqualFold(box.Raw, "INBOX") {
		return &problem{code: exitFailed, text: "INBOX can be neither renamed nor removed",
			hint: "mailstow move --folder INBOX FOLDER empties it"}
	}
	return changeable(box)
}

// changeable refuses what the server has no more.
func changeable(box localstore.Mailbox) error {
	if box.Detached && !box.Unborn {
		return &problem{code: exitFailed, text: fmt.Sprintf("folder %s is gone from the server already", box.Shown()),
			hint: "its mail is kept here as history; mailstow mkdir makes the folder again"}
	}
	return nil
}

// newFolder is a name that shall be a folder.
type newFolder struct {
	owner mirror
	info  localstore.MailboxInfo
}

// newFolder takes a name apart that no folder has yet.
func (e *edit) newFolder(arg string) (newFolder, error) {
	one, name, err := e.m.folder(e.ctx, e.account, arg)
	if err != nil {
		return newFolder{}, err
	}
	return e.named(one, name)
}

// named makes the raw name of a folder (RFC 9051 section 5.1), with the delimiter
// of its account.
func (e *edit) named(one mirror, name string) (newFolder, error) {
	boxes, err := e.store.Mailboxes(e.ctx, one.ID)
	if err != nil {
		return newFolder{}, err
	}
	delim := delimiter(boxes)
	if delim != "" {
		if strings.HasPrefix(name, delim) || strings.HasSuffix(name, delim) || strings.Contains(name, delim+delim) {
			return newFolder{}, usage(fmt.Sprintf("folder %q has a part without a name", name), fmt.Sprintf("%s separates the parts", delim))
		}
	}
	if strings.ContainsAny(name, "*%") {
		return newFolder{}, usage(fmt.Sprintf("folder %q: * and %% stand for other names in patterns", name), "choose a name without them")
	}
	raw, err := remote.EncodeName(name)
	if err != nil {
		return newFolder{}, usage(fmt.Sprintf("folder %q: %v", name, err), "")
	}
	if i := slices.IndexFunc(boxes, func(b localstore.Mailbox) bool { return b.Raw == raw && b.Leaving != 0 }); i >= 0 {
		return newFolder{}, &problem{code: exitFailed, text: fmt.Sprintf("folder %s still has to be removed from the server", name),
			hint: fmt.Sprintf("mailstow pending drop %d keeps it", boxes[i].Leaving)}
	}
	e.adviseNamespace(boxes, name, delim)
	return newFolder{one, localstore.MailboxInfo{Raw: raw, Name: name, Delim: delim, Selectable: true, Subscribed: true}}, nil
}

// delimiter is the one of the account: of INBOX, or of any folder.
func delimiter(boxes []localstore.Mailbox) string {
	delim := ""
	for _, b := range boxes {
		if b.Raw == "INBOX" {
			return b.Delim
		}
		if delim == "" {
			delim = b.Delim
		}
	}
	return delim
}

// adviseNamespace warns of a name beside INBOX on a server where all folders are
// below it: there it will most likely be refused.
func (e *edit) adviseNamespace(boxes []localstore.Mailbox, name, delim string) {
	prefix := "INBOX" + delim
	if delim == "" || strings.HasPrefix(name, prefix) {
		return
	}
	below := 0
	for _, b := range boxes {
		switch {
		case b.Raw == "INBOX" || b.Unborn || b.Detached:
		case strings.HasPrefix(b.Raw, prefix):
			below++
		default:
			return
		}
	}
	if below > 0 {
		e.ui.warn("all folders of this server are below INBOX, it may refuse %s", name)
		e.ui.hint(fmt.Sprintf("most likely you want %s%s", prefix, name))
	}
}
