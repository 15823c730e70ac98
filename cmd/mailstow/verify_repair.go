package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
	mailsync "mailstow/sync"
)

// repair takes damaged bodies out of use and syncs, which fetches them again
// along with whatever else the mirror lacks. A body that differs on the server
// now is none of them: ours is what the server gave first, and whole (I1).
func (v *verification) repair(ctx context.Context, found verifyJSON) error {
	damaged, texts := found.messages(localstore.FoundBody), found.messages(localstore.FoundTexts)
	return v.each(ctx, v.accounts, func(acct account) error {
		return v.repairAccount(ctx, acct, damaged[acct.Name], texts[acct.Name])
	})
}

func (v *verification) repairAccount(ctx context.Context, acct account, damaged, texts []localstore.MessageID) error {
	source, err := v.source(ctx, acct)
	if err != nil {
		return err
	}
	store, err := v.openWriter(ctx, v.storePath(acct.Account), false)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := errors.Join(markDamaged(ctx, store, damaged), store.Rederive(ctx, texts)); err != nil {
		return err
	}
	v.ui.say("%s: fetching again what is damaged or missing", acct.Name)
	watch := newWatcher(v.ui, acct.Name)
	receipt, err := mailsync.Pull(ctx, store, source, v.pullOptions(acct, syncOptions{folders: v.folders, full: true, pullOnly: true}, watch))
	watch.finish()
	v.listFailures(receipt)
	if err != nil {
		return named(acct, err)
	}
	return errors.Join(receiptProblem(acct, receipt), store.Close())
}

func markDamaged(ctx context.Context, store *localstore.Store, ids []localstore.MessageID) error {
	return store.Update(ctx, func(tx *localstore.Tx) error {
		for _, id := range ids {
			if _, err := tx.MarkDamaged(id); err != nil {
				return err
			}
		}
		return nil
	})
}

func (v *verification) print(c *cli.Context, result verifyJSON) error {
	if c.Bool("json") {
		return term.WriteJSON(v.stdout, result)
	}
	for _, s := range result.Stores {
		for _, f := range s.Findings {
			fmt.Fprintln(v.stdout, term.Clean(f.String()))
		}
	}
	for _, r := range result.Remote {
		for _, d := range r.Differences {
			fmt.Fprintln(v.stdout, term.Clean(r.Account+": "+subject(d.Mailbox, d.UID)+d.What))
		}
	}
	if result.OK && !v.ui.quiet && (v.ui.verbose || v.ui.outTTY) {
		v.praise(result)
	}
	return nil
}

// praise says what was proven.
func (v *verification) praise(result verifyJSON) {
	for _, s := range result.Stores {
		if s.Passing {
			fmt.Fprintln(v.stdout, term.Clean(s.Store+": sound, and keeps no mail"))
			continue
		}
		fmt.Fprintln(v.stdout, term.Clean(s.Store+": whole"))
	}
	for _, r := range result.Remote {
		fmt.Fprintln(v.stdout, term.Clean(fmt.Sprintf("%s: equals the server in %s and %s; %s downloaded again and compared",
			r.Account, term.Count(r.Mailboxes, "mailbox"), term.Count(r.Messages, "message"), term.Count(r.Sampled, "body"))))
	}
}

func (f findingJSON) String() string {
	text := f.Kind + ": " + f.What
	if f.ID != 0 {
		text = fmt.Sprintf("%s: %s:%s, message %d (uid %d): %s", f.Kind, f.Account, f.Folder, f.ID, f.UID, f.What)
	}
	return text
}

// failure is the error of a verification that found something.
func (v *verification) failure(result verifyJSON, repaired bool) error {
	damaged, differences, rows := 0, 0, false
	for _, s := range result.Stores {
		for _, f := range s.Findings {
			if f.bad() {
				damaged++
				rows = rows || f.rows()
			}
		}
	}
	for _, r := range result.Remote {
		differences += len(r.Differences)
	}
	p := &problem{code: exitFailed, hint: "mailstow verify --repair fetches again what is damaged or missing"}
	if damaged > 0 {
		p.text = fmt.Sprintf("the store is not whole: %s", term.Count(damaged, "finding"))
	}
	if differences > 0 {
		p.text = strings.TrimPrefix(p.text+"; the copy differs from the server: "+term.Count(differences, "difference"), "; ")
		p.hint = "what happened on the server since the last sync counts too: sync and verify again, or use --repair"
	}
	if n := result.missing(); n > 0 && damaged == 0 && differences == 0 {
		p.text = fmt.Sprintf("the copy is not complete: %s not yet downloaded", term.Count(n, "body"))
		p.hint = "mailstow sync fetches it; mailstow status says what stands in the way"
	}
	if repaired {
		p.hint = "what is left cannot be had from the server now; mailstow status says why"
	}
	if rows {
		p.hint = "what is named file or row cannot be fetched again, and whatever else is said to be whole is: put a copy of the store from before in its place, or move it away and sync again"
	}
	return p
}
