package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/urfave/cli/v2"

	"mailstow/conflict"
	"mailstow/localstore"
)

func (a *app) flagCommand() *cli.Command {
	return &cli.Command{
		Name:      "flag",
		Usage:     "set and remove flags of messages, here at once and queued for the server",
		ArgsUsage: "ID...",
		Description: describe(`
Needs no connection. F is seen, answered, flagged, draft or deleted, with or
without a backslash and in any case, or a keyword such as $Forwarded or work.
Flags of both sides are merged one by one: what somebody else does to the same
message meanwhile is kept. A keyword that a server cannot store stays here.

`+selectionHelp,
			[]string{"mailstow flag --add flagged --remove seen 4711", "mailstow flag --add seen --folder INBOX --from alice --since 30d",
				"mailstow list INBOX --json | jq 'select(.size > 1e6).id' | mailstow flag --add big -"},
			editCodes...),
		Flags: editFlags(selectionFlags(
			&cli.StringSliceFlag{Name: "add", Usage: "set the flag `F`; may be repeated"},
			&cli.StringSliceFlag{Name: "remove", Usage: "take the flag `F` away; may be repeated"})...),
		Action: a.flag,
	}
}

// editCodes are the exit codes of commands that edit.
var editCodes = []int{exitOK, exitFailed, exitUsage, exitInUse, exitInterrupted}

func (a *app) flag(c *cli.Context) error {
	change, err := a.flagChange(c)
	if err != nil {
		return err
	}
	s, err := a.readSelection(c, c.Args().Slice())
	if err != nil {
		return err
	}
	return a.edit(c, []string{s.folder}, func(e *edit) error {
		all, err := e.pick(s)
		if err == nil && len(all) == 0 {
			return e.nothing()
		}
		if err == nil {
			err = e.commit(func(tx *localstore.Tx) error {
				return tx.EditFlags(ids(all), string(change.add), string(change.remove))
			})
		}
		if err != nil {
			return err
		}
		return e.flagged(all, change)
	})
}

// flagged says what was done.
func (e *edit) flagged(all []picked, change flagChange) error {
	err := e.tellJSON(len(all), func(i int) editJSON {
		m := all[i]
		return editJSON{Did: "flag", ID: int64(m.given), Account: m.account, Folder: m.folder, Flags: flagList(change.on(m))}
	})
	if err != nil {
		return err
	}
	changed := slices.DeleteFunc(slices.Clone(all), func(m picked) bool {
		return conflict.Flags(m.flags).Equal(change.on(m))
	})
	text := fmt.Sprintf("changed flags of %s: %s", messages(changed), change)
	switch {
	case len(changed) == 0:
		text = fmt.Sprintf("changed nothing: %s has them so already", messages(all))
		if len(all) > 1 {
			text = fmt.Sprintf("changed nothing: %s have them so already", messages(all))
		}
	case len(changed) < len(all):
		text += fmt.Sprintf(" (%d had them so already)", len(all)-len(changed))
	}
	return e.finish(accounts(all), text)
}

// flagChange is what --add and --remove say.
type flagChange struct{ add, remove conflict.Flags }

// on gives the flags of a message when the change is made.
func (f flagChange) on(m picked) conflict.Flags {
	return conflict.Merge(f.remove, f.add, conflict.Flags(m.flags))
}

func flagList(flags conflict.Flags) []string {
	return append([]string{}, strings.Fields(string(flags))...)
}

// String is the change for people: +\Flagged -\Seen.
func (f flagChange) String() string {
	var words []string
	for _, flag := range f.add.List() {
		words = append(words, "+"+string(flag))
	}
	for _, flag := range f.remove.List() {
		words = append(words, "-"+string(flag))
	}
	return strings.Join(words, " ")
}

func (a *app) flagChange(c *cli.Context) (change flagChange, err error) {
	if change.add, err = a.parseFlags("--add", c.StringSlice("add")); err != nil {
		return change, err
	}
	if change.remove, err = a.parseFlags("--remove", c.StringSlice("remove")); err != nil {
		return change, err
	}
	if change.add == "" && change.remove == "" {
		return change, usage("flag takes --add F or --remove F", "for instance: mailstow flag --add flagged 4711")
	}
	for _, f := range change.add.List() {
		if change.remove.Has(f) {
			return change, usage(fmt.Sprintf("%s is both added and removed", f), "leave one of them out")
		}
	}
	return change, nil
}

func (a *app) parseFlags(option string, words []string) (conflict.Flags, error) {
	var flags []imap.Flag
	for _, word := range words {
		flag, err := parseFlag(word)
		if err != nil {
			return "", usage(option+": "+err.Error(), flagHint)
		}
		if meant := systemWord[strings.ToLower(word)]; meant != "" {
			a.ui.warn("%s %s sets a keyword of that name; what mail programs show is %s", option, word, meant)
		}
		flags = append(flags, flag)
	}
	return conflict.Canonical(flags), nil
}
