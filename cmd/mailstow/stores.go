package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/config"
	"mailstow/conflict"
	"mailstow/localstore"
)

// storePath is where an account's mail is kept.
func (a *app) storePath(acct config.Account) string {
	switch {
	case a.store != "":
		return a.store
	case acct.Store != "":
		return acct.Store
	}
	return a.defaultStore()
}

func (a *app) defaultStore() string {
	return filepath.Join(a.xdg("XDG_DATA_HOME", ".local/share"), "mailstow", "mail.db")
}

// openWriter opens the store to change it; only one process can.
func (a *app) openWriter(ctx context.Context, path string, create bool) (*localstore.Store, error) {
	return localstore.Open(ctx, path, localstore.Options{Create: create, Wait: a.wait, Now: a.now, Merge: conflict.MergeText})
}

func (a *app) openReader(ctx context.Context, path string) (*localstore.Store, error) {
	return localstore.Open(ctx, path, localstore.Options{ReadOnly: true, Now: a.now})
}

// mirror is one account as some store holds it.
type mirror struct {
	localstore.Account
	store *localstore.Store
}

// mirrors is every account in every store in use, opened for reading. It needs
// no network and works beside a running sync.
type mirrors struct {
	all    []mirror
	stores []*localstore.Store
}

// openMirrors opens the store of --store, or the default one and those of the
// configured accounts. Stores that do not exist yet are left out, unless none
// does.
func (a *app) openMirrors(ctx context.Context) (*mirrors, error) {
	paths, err := a.storePaths()
	if err != nil {
		return nil, err
	}
	m := &mirrors{}
	var absent error
	for _, path := range paths {
		err := m.add(ctx, a, path)
		if errors.Is(err, localstore.ErrNoStore) {
			absent = errors.Join(absent, err)
			continue
		}
		if err != nil {
			m.close()
			return nil, err
		}
	}
	if len(m.stores) == 0 {
		return nil, noStore(paths, absent)
	}
	return m, nil
}

// noStore is the problem that none of paths is a store; localstore may know
// more of it than that it is not there yet.
func noStore(paths []string, absent error) error {
	p := &problem{code: exitFailed, text: fmt.Sprintf("%s: no store here yet", strings.Join(paths, ", ")),
		hint: "mailstow sync makes it", err: absent}
	if s := (*localstore.Error)(nil); errors.As(absent, &s) && s.Hint != "" {
		p.hint = s.Hint
	}
	return p
}

func (a *app) storePaths() ([]string, error) {
	if a.store != "" {
		return []string{a.store}, nil
	}
	c, err := config.Load(a.config)
	if err != nil {
		return nil, err
	}
	paths := []string{a.defaultStore()}
	for _, acct := range c.Accounts {
		if path := a.storePath(acct); !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths, nil
}

func (m *mirrors) add(ctx context.Context, a *app, path string) error {
	store, err := a.openReader(ctx, path)
	if err != nil {
		return err
	}
	return m.hold(ctx, store)
}

// hold takes in a store and its accounts.
func (m *mirrors) hold(ctx context.Context, store *localstore.Store) error {
	m.stores = append(m.stores, store)
	accounts, err := store.Accounts(ctx)
	for _, acct := range accounts {
		m.all = append(m.all, mirror{acct, store})
	}
	return err
}

func (m *mirrors) close() {
	for _, s := range m.stores {
		s.Close() // nothing was written
	}
}

func (m *mirrors) names() []string {
	var names []string
	for _, one := range m.all {
		names = append(names, one.Name)
	}
	return names
}

// only keeps the account of that name; "" keeps all.
func (m *mirrors) only(name string) ([]mirror, error) {
	if name == "" {
		return m.all, nil
	}
	for _, one := range m.all {
		if one.Name == name || one.URL == name {
			return []mirror{one}, nil
		}
	}
	hint := "held are: " + strings.Join(m.names(), ", ")
	if len(m.all) == 0 {
		hint = "mailstow sync fetches one"
	}
	return nil, usage(fmt.Sprintf("no account %q in the store", name), hint)
}

// eachMirror does something with the accounts that a command reads: that of
// --account, or all.
func (a *app) eachMirror(c *cli.Context, do func(one mirror, several bool) error) error {
	m, err := a.openMirrors(c.Context)
	if err != nil {
		return err
	}
	defer m.close()
	chosen, err := m.only(c.String("account"))
	for _, one := range chosen {
		if err == nil {
			err = do(one, len(chosen) > 1)
		}
	}
	return err
}

// argument is how the user names a held account on the command line: the
// account of a URL has no name there.
func (m mirror) argument() string {
	if e, err := config.ParseURL(m.URL); err == nil && m.Name == urlName(e) {
		return m.URL
	}
	return m.Name
}

// folder takes apart what a person calls a folder: account:folder, or only the
// folder where the account is known.
func (m *mirrors) folder(ctx context.Context, accountFlag, arg string) (mirror, string, error) {
	candidates, err := m.only(accountFlag)
	if err == nil && len(candidates) > 1 {
		candidates, err = withFolders(ctx, candidates)
	}
	if err != nil {
		return mirror{}, "", err
	}
	if len(candidates) == 1 {
		name, ok := strings.CutPrefix(arg, candidates[0].Name+":")
		if ok && accountFlag == "" {
			return candidates[0], name, nil
		}
		return candidates[0], arg, nil
	}
	best, ok := prefix(candidates, arg)
	if !ok {
		return best, "", usage(fmt.Sprintf("folder %q of which account?", arg), m.whichHint(arg))
	}
	return best, arg[len(best.Name)+1:], nil
}

// prefix finds the account that stands before a folder.
func prefix(candidates []mirror, folder string) (best mirror, ok bool) {
	for _, one := range candidates {
		if strings.HasPrefix(folder, one.Name+":") && len(one.Name) >= len(best.Name) {
			best, ok = one, true
		}
	}
	return best, ok
}

// withFolders leaves out accounts that never got as far as a folder, such as a
// URL with a slip in it: they are no reason to ask which account is meant.
func withFolders(ctx context.Context, all []mirror) ([]mirror, error) {
	var some []mirror
	for _, one := range all {
		boxes, err := one.store.Mailboxes(ctx, one.ID)
		if err != nil {
			return nil, err
		}
		if len(boxes) > 0 {
			some = append(some, one)
		}
	}
	if len(some) == 0 {
		return all, nil
	}
	return some, nil
}

func (m *mirrors) whichHint(folder string) string {
	if len(m.all) == 0 {
		return "the store is empty; mailstow sync fills it"
	}
	return fmt.Sprintf("write %s:%s or --account NAME; held are: %s", m.all[0].Name, folder, strings.Join(m.names(), ", "))
}
