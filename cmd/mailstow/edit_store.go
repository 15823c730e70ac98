package main

import (
	"cmp"
	"fmt"

	"github.com/urfave/cli/v2"

	"mailstow/localstore"
)

// editedStore finds the file. It may be one that an older mailstow wrote: opening
// it for writing upgrades it.
func (a *app) editedStore(c *cli.Context, folders []string) (string, error) {
	paths, err := a.storePaths()
	if err != nil {
		return "", err
	}
	if len(paths) == 1 {
		return paths[0], nil
	}
	m, err := a.openMirrors(c.Context)
	if err != nil {
		return "", err
	}
	defer m.close()
	store, err := m.storeOf(c.String("account"), folders...)
	if err != nil {
		return "", err
	}
	return store.Path(), nil
}

// storeOf finds the store that is meant: that of the account, that of the account
// before one of the folders, the only one.
func (m *mirrors) storeOf(account string, folders ...string) (*localstore.Store, error) {
	if account != "" {
		chosen, err := m.only(account)
		if err != nil {
			return nil, err
		}
		return chosen[0].store, nil
	}
	if len(m.stores) == 1 {
		return m.stores[0], nil
	}
	for _, folder := range folders {
		if one, ok := prefix(m.all, folder); ok {
			return one.store, nil
		}
	}
	if folder := cmp.Or(folders...); folder != "" {
		return nil, usage(fmt.Sprintf("folder %q of which account?", folder), m.whichHint(folder))
	}
	return nil, usage("ids are those of one store, and there are several", "name one with --account or --store")
}
