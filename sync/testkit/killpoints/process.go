package killpoints

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"mailstow/conflict"
	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/testkit/model/proto"
)

// process is one life of the program.
type process struct {
	*Machine
	path    string
	servers map[string]*proto.Server
	through func(dialer) dialer // what a connection goes through
	ctx     context.Context
	clock   time.Time
	store   *localstore.Store
}

// life opens the store in a directory, does something, and closes it.
func (m *Machine) life(ctx context.Context, dir string, servers map[string]*proto.Server, days int, through *counter, do func(*Owner) error) error {
	p := &process{Machine: m, path: filepath.Join(dir, "mail.db"), servers: servers, ctx: ctx, through: through.dial,
		clock: start.AddDate(0, 0, days)}
	var err error
	p.store, err = localstore.Open(ctx, p.path, localstore.Options{Create: true, Passing: m.Passing, Merge: conflict.MergeText, Now: p.now, Flush: through.flush})
	if err != nil {
		return err
	}
	err = do(&Owner{process: p, account: "work"})
	return errors.Join(err, p.store.Close())
}

func (p *process) now() time.Time { return p.clock }

// pull is a run over an account. What it left for another run is no error.
func (p *process) pull(name string, how func(*mailsync.Options)) (mailsync.Receipt, error) {
	return p.run(mailsync.Pull, name, how)
}

// runner is mailsync.Pull, or does more.
type runner func(context.Context, *localstore.Store, mailsync.Account, mailsync.Options) (mailsync.Receipt, error)

func (p *process) run(do runner, name string, how func(*mailsync.Options)) (mailsync.Receipt, error) {
	opt := mailsync.Options{Policy: p.Policy, MaxDeletes: plan.NoLimit, Now: p.now,
		Backoff: func(int) time.Duration { return 0 }}
	if how != nil {
		how(&opt)
	}
	rc, err := do(p.ctx, p.store, account(name, p.through(p.servers[name].Dial)), opt)
	if err == nil && rc.Exit != mailsync.ExitOK && rc.Exit != mailsync.ExitPartial {
		err = fmt.Errorf("exit %d: %s", rc.Exit, rc.Error)
	}
	return rc, err
}

// does is what the scenario is about.
func (m *Machine) does(o *Owner) error {
	if m.Does != nil {
		return m.Does(o)
	}
	return o.Run()
}
