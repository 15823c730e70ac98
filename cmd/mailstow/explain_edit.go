package main

import (
	"errors"

	"mailstow/localstore"
)

// refusals are why the store refuses an edit, and what to do next. The edit is
// undone as a whole.
var refusals = []struct {
	err  error
	hint string
}{
	{localstore.ErrVanished, "it is kept here for reading only; mailstow status shows what is gone from the server"},
	{localstore.ErrNotSelectable, "choose a folder that mailstow folders shows"},
	{localstore.ErrExists, "choose another name; mailstow folders and mailstow pending show those taken"},
	{localstore.ErrNotEmpty, "move that mail elsewhere first, or take it back with mailstow pending drop"},
	{localstore.ErrImpossible, "mailstow mkdir makes a new folder, mailstow move brings mail there"},
	{localstore.ErrUnsettled, "mailstow sync finds out what became of it; then try again"},
	{localstore.ErrOtherAccount, "one by one: mailstow show --raw ID | mailstow append --folder ACCOUNT:FOLDER -"},
	{localstore.ErrNotSynced, "mailstow sync it once first"},
	{localstore.ErrNotHeld, "mailstow sync downloads it; then try again"},
}

// refusal makes a problem of a refused edit, nil of any other error.
func refusal(err error) error {
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return &problem{code: exitFailed, text: err.Error(), hint: r.hint, err: err}
		}
	}
	return nil
}
