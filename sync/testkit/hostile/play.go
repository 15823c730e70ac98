package hostile

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"time"

	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/remote"
	"mailstow/sync/testkit/model"
	"mailstow/sync/testkit/model/proto"
)

// Played is what became of a stream.
type Played struct {
	Seed    uint64
	Exit    int
	Wrong   []string // what must not be
	Did     []string // what was done to the words of the server
	Streams int      // connections
}

func (p *Played) errorf(format string, args ...any) {
	p.Wrong = append(p.Wrong, fmt.Sprintf(format, args...))
}

var (
	errLate = errors.New("still at work two seconds after its input had ended")
	errHang = errors.New("hangs")
)

// bound ends a run whatever happens.
const bound = 60 * time.Second

// Play plays the stream of a seed to a new store at a path, which is left there.
func (s *Stage) Play(seed uint64, path string) *Played {
	p := &Played{Seed: seed}
	sc := int(seed/2) % len(scenes)
	var srv *proto.Server
	m := newMutator(seed, s.transcripts)
	dial := s.recordedWords(m, sc)
	if seed%2 == 0 {
		srv = scenes[sc].server()
		dial = live(srv, m)
	}
	s.run(p, sc, path, dial)
	if p.Did = m.did; srv != nil {
		srv.Wait()
		srv.Do(func(a *model.Account) { p.served(a) })
	}
	return p
}

// dialer opens the next connection of a play.
type dialer func(w *watch) net.Conn

// live is the model server, its words changed on the way.
func live(srv *proto.Server, m *mutator) dialer {
	return func(w *watch) net.Conn {
		m.over, m.late = false, nil
		near, far := newLine(w, m.mutate, m.asked)
		go srv.Serve(far)
		return near
	}
}

// recordedWords are those of an honest server, changed; it does not listen.
func (s *Stage) recordedWords(m *mutator, sc int) dialer {
	n := 0
	return func(w *watch) net.Conn {
		words := s.records[sc][min(n, len(s.records[sc])-1)]
		n++
		m.over, m.late = false, nil
		heard, _ := m.mutate([]byte(words))
		return &said{r: strings.NewReader(string(heard)), watch: w}
	}
}

// run is a run of the engine on what is said, and a look at the store behind it.
func (s *Stage) run(p *Played, sc int, path string, dial dialer) {
	store, err := s.begin(sc, path)
	if err != nil {
		p.errorf("open: %v", err)
		return
	}
	before := held(p, path)
	p.sync(store, scenes[sc].compress, dial)
	p.sound(store)
	if err := store.Close(); err != nil {
		p.errorf("close: %v", err)
	}
	now := held(p, path)
	for sha := range before {
		if !now[sha] {
			p.errorf("the store has no longer the body %s", sha)
		}
	}
}

// sync runs the engine; who does not end is left behind.
func (p *Played) sync(store *localstore.Store, compress remote.Compress, dial dialer) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	w := &watch{late: func() { cancel(errLate) }}
	acct := account(func(context.Context, string, string) (net.Conn, error) {
		w.begun()
		p.Streams++
		return dial(w), nil
	}, compress)
	done := make(chan mailsync.Receipt, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				buf := make([]byte, 64<<10)
				p.errorf("panic: %v\n%s", r, buf[:runtime.Stack(buf, false)])
				done <- mailsync.Receipt{}
			}
		}()
		rc, err := mailsync.Pull(ctx, store, acct, options())
		if rc.Exit == mailsync.ExitFailed && remote.ClassOf(err) == remote.Other {
			p.errorf("the run failed, and not because of the server: %v", err)
		}
		done <- rc
	}()
	select {
	case rc := <-done:
		w.begun()
		p.Exit = rc.Exit
	case <-time.After(bound):
		buf := make([]byte, 1<<20)
		panic(fmt.Sprintf("stream %d: %v:\n%s", p.Seed, errHang, buf[:runtime.Stack(buf, true)]))
	}
	if context.Cause(ctx) == errLate {
		p.errorf("%v", errLate)
	}
}

// sound: the store's own check finds nothing.
func (p *Played) sound(store *localstore.Store) {
	err := store.Check(context.Background(), localstore.CheckOptions{}, func(f localstore.Finding) {
		p.errorf("store: %s: %s (message %d, uid %d of %s)", f.Kind, f.What, f.Message, f.UID, f.Folder)
	})
	if err != nil {
		p.errorf("check: %v", err)
	}
}

// held are the hashes of all bodies in a store.
func held(p *Played, path string) map[string]bool {
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		p.errorf("%v", err)
		return nil
	}
	defer db.Close()
	all := map[string]bool{}
	rows, err := db.Query("SELECT lower(hex(sha256)) FROM body WHERE damaged = 0")
	if err != nil {
		p.errorf("%v", err)
		return nil
	}
	defer rows.Close()
	for rows.Next() {
		var sha string
		if err := rows.Scan(&sha); err != nil {
			p.errorf("%v", err)
		}
		all[sha] = true
	}
	if err := rows.Err(); err != nil {
		p.errorf("%v", err)
	}
	return all
}

// served: whoever garbled the words, the honest server at the other end has every
// message that nobody removed.
func (p *Played) served(a *model.Account) {
	there := map[[32]byte]bool{}
	for _, box := range a.Mailboxes() {
		for _, m := range box.Messages {
			there[sha256.Sum256(m.Body)] = true
		}
	}
	last := 0
	for _, f := range folders {
		last += f.mail
	}
	for n := 1; n <= last; n++ {
		if n != expunged && !there[sha256.Sum256(text(n))] {
			p.errorf("message %d is gone from the server", n)
		}
	}
}
