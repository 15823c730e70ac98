package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/remote"
)

// mirror STORE FILE: a store as syncs leave it, for commands that need no server.
// FILE has a line for each folder, and behind it an indented one for each message:
//
//	work:INBOX
//	  alice 2024-05-01 \Seen work
//	work:Trash role=trash        also: noselect, gone, delim=.; ~ is a blank
//	  bob 2024-05-02 vanished    also: missing
//
// Messages get the ids 1, 2, ... in this order; the subject is "from alice".
func makeMirror(ts *testscript.TestScript, _ bool, args []string) {
	store, err := localstore.Open(context.Background(), ts.MkAbs(args[0]), localstore.Options{Create: true, Merge: conflict.MergeText})
	ts.Check(err)
	defer store.Close()
	b := mirrorBuilder{runs: map[string]localstore.RunID{}}
	ts.Check(store.Update(context.Background(), func(tx *localstore.Tx) error {
		b.tx = tx
		for line := range strings.Lines(ts.ReadFile(args[1])) {
			add := b.folder
			if strings.HasPrefix(line, " ") {
				add = b.message
			}
			if err := add(strings.Fields(line)); err != nil {
				return err
			}
		}
		for _, run := range b.runs {
			if err := tx.EndRun(run, localstore.RunEnd{At: time.Now(), Outcome: localstore.OutcomeOK, Receipt: []byte("{}")}); err != nil {
				return err
			}
		}
		return nil
	}))
}

type mirrorBuilder struct {
	tx   *localstore.Tx
	runs map[string]localstore.RunID
	run  localstore.RunID
	gen  localstore.GenerationID
	uid  uint32
	// there counts the messages of the folder that have not vanished.
	there uint32
	gone  bool // the folder, with its mail
}

func (b *mirrorBuilder) folder(words []string) error {
	account, name, _ := strings.Cut(strings.ReplaceAll(words[0], "~", " "), ":")
	acct, err := b.account(account)
	if err != nil {
		return err
	}
	raw, err := remote.EncodeName(name)
	if err != nil {
		return err
	}
	m := localstore.MailboxInfo{Raw: raw, Name: name, Delim: "/", Selectable: !slices.Contains(words, "noselect")}
	for _, word := range words[1:] {
		if role, ok := strings.CutPrefix(word, "role="); ok {
			m.Role = role
		} else if delim, ok := strings.CutPrefix(word, "delim="); ok {
			m.Delim = delim
		}
	}
	box, err := b.tx.PutMailbox(acct, m, b.run)
	if err != nil {
		return err
	}
	b.uid, b.there, b.gone = 0, 0, slices.Contains(words, "gone")
	if b.gen, err = b.tx.OpenGeneration(box, 7, b.run); err == nil && b.gone {
		err = b.tx.DetachMailbox(box, b.run)
	}
	return err
}

func (b *mirrorBuilder) account(name string) (localstore.AccountID, error) {
	acct, err := b.tx.Account(name, fmt.Sprintf("imaps://%s@localhost", name))
	if err != nil {
		return 0, err
	}
	if b.runs[name] == 0 {
		b.runs[name], err = b.tx.BeginRun(acct, time.Now())
	}
	b.run = b.runs[name]
	return acct, err
}

func (b *mirrorBuilder) message(words []string) error {
	date, err := time.Parse(time.DateOnly, words[1])
	if err != nil {
		return err
	}
	text := fmt.Sprintf("From: %[1]s@example.org\r\nSubject: from %[1]s\r\n\r\nbody %[2]d\r\n", words[0], b.uid)
	flags := slices.DeleteFunc(slices.Clone(words[2:]), func(w string) bool { return w == "vanished" || w == "missing" })
	b.uid++
	ids, err := b.tx.Arrive(b.run, b.gen, []localstore.Arrival{{UID: b.uid, Flags: strings.Join(flags, " "), Size: int64(len(text)), Date: date}})
	if err != nil {
		return err
	}
	if !slices.Contains(words, "missing") {
		packed, err := localstore.NewPacker().Pack(strings.NewReader(text))
		if err == nil {
			err = b.tx.PutBody(ids[0], packed)
		}
		if err != nil {
			return err
		}
	}
	if b.gone || slices.Contains(words, "vanished") {
		err = b.tx.Vanish(b.run, ids)
	} else {
		b.there++
	}
	return errors.Join(err, b.tx.SetCursor(b.gen, localstore.Cursor{UIDNext: b.uid + 1, Messages: b.there, Listed: b.uid}))
}
