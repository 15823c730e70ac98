package main

import (
	"bufio"
	"fmt"
	"slices"
	"strings"

	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
)

// editJSON is a contract with scripts: fields are only ever added.
type editJSON struct {
	Did     string   `json:"did"`          // the command: flag, move, ...
	ID      int64    `json:"id,omitempty"` // of the message, as it was named; of append: the new one
	Account string   `json:"account"`
	Folder  string   `json:"folder"`           // where the message was; of append: where it is
	To      string   `json:"to,omitempty"`     // the folder it is in now, or the copy; the new name of a folder
	NewID   int64    `json:"new_id,omitempty"` // its id there
	Flags   []string `json:"flags,omitempty"`  // of flag and append: all it has now
	File    string   `json:"file,omitempty"`
	DryRun  bool     `json:"dry_run,omitempty"` // it was not done
}

// tellJSON prints an object for each of n things.
func (e *edit) tellJSON(n int, object func(i int) editJSON) error {
	if !e.json {
		return nil
	}
	out := bufio.NewWriter(e.stdout)
	for i := range n {
		j := object(i)
		if j.DryRun = e.dryRun; e.dryRun {
			j.NewID = 0 // it was given for the moment only
		}
		if err := term.WriteJSON(out, j); err != nil {
			return err
		}
	}
	return out.Flush()
}

// messages names what was selected: message 7 of INBOX, 3 messages of INBOX.
func messages(all []picked) string {
	if len(all) == 1 {
		return fmt.Sprintf("message %d of %s", all[0].given, all[0].folder)
	}
	return fmt.Sprintf("%s of %s", term.Count(len(all), "message"), folders(all))
}

// maxFolders is how many folders are named one by one.
const maxFolders = 3

func folders(all []picked) string {
	several := len(accounts(all)) > 1
	var names []string
	has := map[string]bool{}
	for _, m := range all {
		name := m.folder
		if several {
			name = m.account + ":" + name
		}
		if !has[name] {
			has[name] = true
			names = append(names, name)
		}
	}
	if len(names) > maxFolders {
		return term.Count(len(names), "folder")
	}
	return listing(names, "and")
}

// nothing is what a selection says that selects nothing: no mistake in a script.
func (e *edit) nothing() error {
	if e.json || e.ui.quiet {
		return nil
	}
	_, err := fmt.Fprintln(e.stdout, "no message is meant, nothing is changed")
	return err
}

func ids(all []picked) []localstore.MessageID {
	out := make([]localstore.MessageID, len(all))
	for i, m := range all {
		out[i] = m.id
	}
	return out
}

// accounts names those of the messages, each once.
func accounts(all []picked) []string {
	var out []string
	for _, m := range all {
		if !slices.Contains(out, m.account) {
			out = append(out, m.account)
		}
	}
	return out
}

// listing writes names the way people do: a, b and c.
func listing(names []string, and string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " " + and + " " + names[last]
}
