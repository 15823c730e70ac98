package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"mailstow/conflict"
	"mailstow/localstore"
	mailsync "mailstow/sync"
)

// readState finds out whether mail shall be kept, and where the state is if not.
func (m *migration) readState(c *cli.Context) error {
	switch state := c.String("state"); {
	case !c.Bool("no-store") && state != "":
		return usage("--state goes with --no-store", "without it, mail is kept in the store, which --store names")
	case !c.Bool("no-store"):
		return nil
	case m.app.store != "":
		return usage("--store and --no-store exclude each other", "--state names the file that --no-store keeps")
	case state != "":
		m.state = state
	default:
		m.state = filepath.Join(filepath.Dir(m.defaultStore()), stateName(m.source.Name, m.target.Name))
	}
	return nil
}

// stateName is a name for a pair of accounts that every file system takes.
func stateName(source, target string) string {
	plain := strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '.' || r == '-' || r == '@' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z') {
			return r
		}
		return '_'
	}, source+"-"+target)
	if len(plain) > 100 || plain != source+"-"+target || strings.Contains(source+target, "-") {
		sum := sha256.Sum256([]byte(source + "\x00" + target))
		plain = fmt.Sprintf("%.100s-%x", plain, sum[:4])
	}
	return "migrate-" + plain + ".db"
}

// open opens the store, or the state.
func (m *migration) open() (*localstore.Store, func(), error) {
	if m.state == "" {
		return m.openForSync(m.ctx, m.source, false)
	}
	m.ui.detail("what was brought is noted in %s", m.state)
	s, err := localstore.Open(m.ctx, m.state, localstore.Options{Create: true, Passing: true, Wait: m.wait, Now: m.now, Merge: conflict.MergeText})
	if err != nil {
		return nil, func() {}, err
	}
	if err := s.Update(m.ctx, func(tx *localstore.Tx) error { return tx.SetDue(nil) }); err != nil {
		return nil, func() {}, errors.Join(err, s.Close())
	}
	return s, func() {}, nil
}

// pass brings the mail over without keeping any of it, portion after portion; look
// compares only.
func (m *migration) pass(look bool) error {
	first, err := mailsync.PlanMigration(m.ctx, m.store, m.want)
	if err != nil {
		return err
	}
	if len(first.Folders) == 0 {
		return nothingChosen(slices.Clone(m.want.Folders))
	}
	p := mailsync.Passage{Want: m.want, Look: look, Sides: mailsync.Sides{
		Source: func() error { return m.sync(m.source, mailsync.Pull, m.sourceOptions(), nil) },
		Target: func(bring *mailsync.Migrated) error {
			if bring != nil {
				return m.sync(m.target, bring.Bring, m.push, nil)
			}
			o := m.push
			o.pullOnly = true
			return m.sync(m.target, mailsync.Pull, o, nil)
		}}}
	if err := p.Do(m.ctx, m.store); err != nil {
		return err
	}
	what := done{made: map[string]bool{}, copied: p.Copied, flags: p.Flags, deleted: p.Deleted}
	for _, t := range first.Targets {
		what.made[t.Name] = t.ID == 0 && !look
	}
	return errors.Join(m.report(p.After, what, false), m.store.Shrink(context.WithoutCancel(m.ctx)))
}

// news are the failures that were not told yet: each portion meets them again.
func (m *migration) news(all []mailsync.Failure) (some []mailsync.Failure) {
	for _, f := range all {
		if !m.told[f] {
			some = append(some, f)
		}
		m.told[f] = true
	}
	return some
}
