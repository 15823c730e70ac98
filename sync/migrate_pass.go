package sync

import (
	"context"
	"crypto/sha256"
	"encoding/json"

	"mailstow/localstore"
	"mailstow/sync/plan"
)

// Passed gives the report of an earlier migration that left nothing to be done, when the
// runs that have just looked at both accounts found nothing that happened since: to
// compare all mail again would give the same.
func Passed(ctx context.Context, store *localstore.Store, m Migration) ([]byte, bool, error) {
	asked, err := question(ctx, store, m)
	if err != nil {
		return nil, false, err
	}
	return store.Pass(ctx, m.Source, m.Target, asked)
}

// Pass remembers the report of a migration whose plan is empty and lacks nothing.
func Pass(ctx context.Context, store *localstore.Store, m Migration, report []byte) error {
	asked, err := question(ctx, store, m)
	if err != nil {
		return err
	}
	return store.Update(ctx, func(tx *localstore.Tx) error {
		return tx.SetPass(localstore.Pass{Source: m.Source, Target: m.Target, Asked: asked, Report: report})
	})
}

// question is what a migration was asked for, and what no event tells: the mailboxes of
// both sides with their uses and subscriptions.
func question(ctx context.Context, store *localstore.Store, m Migration) ([]byte, error) {
	type all struct {
		Map            []plan.NameRule
		Folders        []string
		Delete         bool
		Source, Target []plan.MigrateBox
	}
	q := all{Map: m.Map, Folders: m.Folders, Delete: m.Delete}
	var err error
	if q.Source, q.Target, err = sides(ctx, store, m); err != nil {
		return nil, err
	}
	text, err := json.Marshal(q)
	sum := sha256.Sum256(text)
	return sum[:], err
}

// Settled reports whether a plan leaves nothing to be done and nothing missing.
func (m Migrated) Settled() bool {
	for _, f := range m.Folders {
		if f.Missing() > 0 || f.Unsure > 0 {
			return false
		}
	}
	return m.Idle()
}

// Idle reports whether there is nothing to queue.
func (m Migrated) Idle() bool {
	for _, t := range m.Targets {
		if t.ID == 0 || t.Subscribe {
			return false
		}
	}
	return len(m.Put)+len(m.Flags)+len(m.Delete) == 0
}
