package killpoints

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"mailstow/localstore"
	"mailstow/sync/testkit/mirror"
	"mailstow/sync/testkit/model"
	"mailstow/sync/testkit/model/proto"
)

// outcome is what has come of a try.
type outcome struct {
	server    string
	waits     []string
	conflicts int
}

// maxRuns is how many runs it takes at most until all is quiet: what is owed, what
// came of it, and a look.
const maxRuns = 4

// resume is the next process, which finds what the last one left.
func (m *Machine) resume(dir string, servers map[string]*proto.Server, where string) (end outcome) {
	m.Helper()
	defer os.RemoveAll(dir)
	a := &after{Machine: m, where: where, accounts: []string{"work"}}
	if m.uses("new") {
		a.accounts = append(a.accounts, "new")
	}
	err := m.life(context.Background(), dir, servers, 40, nil, func(o *Owner) error { return a.look(o, &end) })
	if err != nil {
		m.Errorf("%s: %s: %v", m.Name, where, err)
	}
	return end
}

func (m *Machine) uses(account string) bool {
	return slices.ContainsFunc(m.steps, func(c change) bool { return c.account == account })
}

// after looks at what is left.
type after struct {
	*Machine
	where    string
	accounts []string
	ask      mirror.Ask
}

func (a *after) wrong(format string, args ...any) {
	a.Helper()
	a.Errorf("%s: %s: %s", a.Name, a.where, fmt.Sprintf(format, args...))
}

func (a *after) look(o *Owner, end *outcome) error {
	a.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(o.path)+"?mode=ro")
	if err != nil {
		return err
	}
	defer db.Close()
	a.ask = db.Query
	a.sound(o)
	held := a.bodies()
	if a.Does != nil {
		if err := a.Does(o); err != nil {
			return err
		}
	}
	if err := a.settle(o); err != nil {
		return err
	}
	a.sound(o)
	a.keeps(held)
	a.equal(o)
	*end, err = a.outcome(o)
	return err
}

// settle lets runs come to rest.
func (a *after) settle(o *Owner) error {
	for range maxRuns {
		quiet := true
		for _, name := range a.accounts {
			before, err := a.ask.Dump()
			if err != nil {
				return err
			}
			a.allowed(o)
			rc, err := o.pull(name, nil)
			if err != nil {
				return fmt.Errorf("%w; %+v", err, rc.Failures)
			}
			now, err := a.ask.Dump()
			if err != nil {
				return err
			}
			quiet = a.allowed(o) && now == before && quiet
		}
		if quiet {
			return nil
		}
	}
	a.wrong("it does not come to rest")
	return nil
}

// allowed looks at what left (I14, I17, I18); quiet: nothing of it changes anything.
func (a *after) allowed(o *Owner) (quiet bool) {
	quiet = true
	for _, name := range a.accounts {
		o.servers[name].Wait()
		for _, line := range o.servers[name].Heard() {
			quiet = quiet && mirror.Reads(line)
			a.tell(line)
			if !mirror.Allowed(line) {
				a.wrong("%s was sent", line)
			}
		}
	}
	return quiet
}

// tell says what was sent, where somebody looks at one point alone.
func (a *after) tell(line string) {
	if a.Aloud {
		a.Logf("sent %s", line)
	}
}

// sound: the store's own check finds nothing.
func (a *after) sound(o *Owner) {
	a.Helper()
	err := o.store.Check(o.ctx, localstore.CheckOptions{}, func(f localstore.Finding) {
		a.wrong("%s: %s (message %d, uid %d of %s)", f.Kind, f.What, f.Message, f.UID, f.Folder)
	})
	if err != nil {
		a.wrong("%v", err)
	}
}

// bodies are the hashes of all that are held.
func (a *after) bodies() (all []string) {
	err := a.ask.Each(func(r *sql.Rows) error {
		var sha string
		err := r.Scan(&sha)
		all = append(all, sha)
		return err
	}, `SELECT lower(hex(sha256)) FROM body WHERE damaged = 0`)
	if err != nil {
		a.wrong("%v", err)
	}
	return all
}

func (a *after) keeps(held []string) {
	now := a.bodies()
	if a.Passing && len(now) > 0 {
		a.wrong("%d bodies are kept", len(now))
	}
	for _, sha := range held {
		if !slices.Contains(now, sha) && !a.Forgets {
			a.wrong("the body %s is gone", sha)
		}
	}
}

// equal: mirror and server have the same.
func (a *after) equal(o *Owner) {
	for _, name := range a.accounts {
		rows, err := a.ask.Present(name)
		if err != nil {
			a.wrong("%v", err)
		}
		o.servers[name].Do(func(acct *model.Account) {
			if diff := mirror.Difference(acct, rows); diff != "" {
				a.wrong("%s (-server +mirror):\n%s", name, diff)
			}
		})
	}
}

func (a *after) outcome(o *Owner) (end outcome, err error) {
	var all []string
	for _, name := range a.accounts {
		o.servers[name].Do(func(acct *model.Account) { all = append(all, told(acct)) })
		waits := func(in localstore.Intent) error {
			end.waits = append(end.waits, fmt.Sprintf("%s %s %s", in.Kind, in.State, in.Reason))
			return nil
		}
		if err := o.store.Intents(o.ctx, o.On(name).ID(), waits); err != nil {
			return end, err
		}
		conflicts, err := o.store.Conflicts(o.ctx, o.On(name).ID(), true)
		if err != nil {
			return end, err
		}
		end.conflicts += len(conflicts)
	}
	end.server = strings.Join(all, " | ")
	return end, nil
}

// compare wants what there is when nobody dies.
func (m *Machine) compare(got outcome, where string) {
	m.Helper()
	if diff := cmp.Diff(m.want, got, cmp.AllowUnexported(outcome{})); diff != "" {
		m.Errorf("%s: %s (-want +got):\n%s", m.Name, where, diff)
	}
}
