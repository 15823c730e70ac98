package main

import (
	"context"
	"slices"

	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
)

// stores are those that hold the accounts in question. An account that no store
// holds is no account that is whole.
func (v *verification) stores(m *mirrors) ([]*localstore.Store, error) {
	if len(v.accounts) == 0 {
		return m.stores, nil
	}
	var stores []*localstore.Store
	for _, acct := range v.accounts {
		store, err := v.storeOf(m, acct)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(stores, store) {
			stores = append(stores, store)
		}
	}
	return stores, nil
}

// missing counts the bodies a store lacks, of the accounts in question.
func (v *verification) missing(ctx context.Context, m *mirrors, store *localstore.Store) (int64, error) {
	var n int64
	for _, one := range m.all {
		asked := slices.ContainsFunc(v.accounts, func(acct account) bool { return acct.Name == one.Name })
		if one.store != store || len(v.accounts) > 0 && !asked {
			continue
		}
		folders, err := store.Folders(ctx, one.ID)
		if err != nil {
			return 0, err
		}
		for _, f := range folders {
			n += f.Missing
		}
	}
	return n, nil
}

func (v *verification) local(ctx context.Context, store *localstore.Store) (storeJSON, error) {
	s := storeJSON{Store: store.Path(), Findings: []findingJSON{}}
	bar := newMeter(v.ui, "reading bodies")
	defer bar.finish()
	opt := localstore.CheckOptions{Sample: v.sample.percent / 100, Progress: bar.set}
	err := store.Check(ctx, opt, func(f localstore.Finding) {
		s.Findings = append(s.Findings, findingJSON{f.Kind, f.What, int64(f.Message), f.UID, f.Account, f.Folder, f.State})
	})
	v.ui.detail("%s: %s read, %d found wrong", store.Path(), term.Size(bar.done), len(s.Findings))
	return s, err
}
