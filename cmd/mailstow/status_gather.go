package main

import (
	"context"
	"fmt"
	"time"

	"mailstow/cmd/mailstow/config"
	"mailstow/localstore"
)

// gatherStatus looks at every account of the stores and at those that are only
// configured yet.
func (a *app) gatherStatus(ctx context.Context, only string, maxAge time.Duration) ([]statusJSON, error) {
	m, err := a.openMirrors(ctx)
	if err != nil && !a.neverSynced(err) {
		return nil, err
	}
	all := []statusJSON{}
	if m != nil {
		defer m.close()
		for _, one := range m.all {
			s, err := a.accountStatus(ctx, one, maxAge)
			if err != nil {
				return nil, err
			}
			all = append(all, s)
		}
	}
	if all, err = a.addConfigured(all); err != nil {
		return nil, err
	}
	return pickStatus(all, only)
}

// neverSynced: no store yet is an answer, if an account is configured.
func (a *app) neverSynced(err error) bool {
	p, ok := err.(*problem)
	if !ok || p.err == nil || a.store != "" {
		return false
	}
	c, err := config.Load(a.config)
	return err == nil && len(c.Accounts) > 0
}

// addConfigured adds accounts that no run has seen; --store asks about one file
// alone.
func (a *app) addConfigured(all []statusJSON) ([]statusJSON, error) {
	if a.store != "" {
		return all, nil
	}
	c, err := config.Load(a.config)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, s := range all {
		known[s.Account] = true
	}
	for _, acct := range c.Accounts {
		if !known[acct.Name] {
			all = append(all, statusJSON{Account: acct.Name, URL: acct.Endpoint.String(), Store: a.storePath(acct),
				Why: "never synced", Problems: []problemJSON{}, Folders: []folderJSON{}})
		}
	}
	return all, nil
}

func pickStatus(all []statusJSON, only string) ([]statusJSON, error) {
	if only == "" {
		return all, nil
	}
	for _, s := range all {
		if s.Account == only || s.URL == only {
			return []statusJSON{s}, nil
		}
	}
	return nil, usage(fmt.Sprintf("no account %q", only), "mailstow status lists them")
}

func (a *app) accountStatus(ctx context.Context, one mirror, maxAge time.Duration) (statusJSON, error) {
	st, err := one.store.Status(ctx, one.Account)
	if err != nil {
		return statusJSON{}, err
	}
	problems, err := one.store.Problems(ctx, one.ID)
	if err != nil {
		return statusJSON{}, err
	}
	finished, err := lastFinished(ctx, one, st.Last)
	if err != nil {
		return statusJSON{}, err
	}
	owes, err := readBacklog(ctx, one)
	if err != nil {
		return statusJSON{}, err
	}
	s := statusJSON{Account: one.Name, URL: one.URL, Store: one.store.Path(), LastRun: newRunJSON(st.Last), LastGood: newRunJSON(st.Good),
		Folders: folderList(one.Name, st.Folders, owes), Problems: []problemJSON{},
		Pending: owes.pending, Parked: owes.parked, Conflicts: owes.conflicts}
	s.Why = judge(st.Good, finished, maxAge, a.now())
	s.OK = s.Why == ""
	if st.Good != nil {
		age := int64(a.now().Sub(st.Good.Ended).Seconds())
		s.Age = &age
	}
	s.add(problems)
	return s, nil
}

func (s *statusJSON) add(problems []localstore.Problem) {
	for _, f := range s.Folders {
		s.Messages += f.Messages
		s.Unseen += f.Unseen
		s.Size += f.Size
		s.Missing += f.Missing
	}
	for _, p := range problems {
		s.Problems = append(s.Problems, problemJSON{p.Folder, p.UID, p.Kind, p.Reason, p.Tries, p.First.UTC(), p.RetryAt.UTC()})
	}
}

func newRunJSON(r *localstore.Run) *runJSON {
	if r == nil {
		return nil
	}
	return &runJSON{int64(r.ID), r.Started.UTC(), utc(r.Ended), r.Outcome, r.Exit}
}
