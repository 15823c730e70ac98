package hostile

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"mailstow/conflict"
	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
	"mailstow/sync/testkit/model"
	"mailstow/sync/testkit/model/proto"
)

// Stage is what all streams need: stores to begin with, and recordings of what an
// honest server says when they are synced.
type Stage struct {
	transcripts []string
	stores      [][]byte   // by scene; nil: there is none yet
	records     [][]string // by scene: what was said on each connection
}

// NewStage prepares it in an empty folder.
func NewStage(dir string, transcripts map[string]string) (*Stage, error) {
	s := &Stage{}
	for _, name := range slices.Sorted(maps.Keys(transcripts)) {
		s.transcripts = append(s.transcripts, transcripts[name])
	}
	for i, sc := range scenes {
		path := filepath.Join(dir, fmt.Sprint("begun", i, ".db"))
		store, err := sc.prepare(path)
		if err != nil {
			return nil, fmt.Errorf("scene %d: %w", i, err)
		}
		s.stores = append(s.stores, store)
		said, err := s.record(i, filepath.Join(dir, fmt.Sprint("recorded", i, ".db")))
		if err != nil {
			return nil, fmt.Errorf("recording scene %d: %w", i, err)
		}
		s.records = append(s.records, said)
	}
	return s, nil
}

// prepare makes a store that has been synced, and edited.
func (sc scene) prepare(path string) ([]byte, error) {
	if !sc.busy {
		return nil, nil
	}
	store, err := open(path)
	if err != nil {
		return nil, err
	}
	a := model.New()
	begin(a)
	srv := proto.NewServer(a, sc.caps...)
	rc, err := mailsync.Pull(context.Background(), store, account(srv.Dial, sc.compress), options())
	if err == nil && rc.Exit != 0 {
		err = fmt.Errorf("exit %d: %+v", rc.Exit, rc.Failures)
	}
	if err == nil {
		err = edit(context.Background(), store)
	}
	if err2 := store.Close(); err == nil {
		err = err2
	}
	srv.Wait()
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// server is the honest one of a scene.
func (sc scene) server() *proto.Server {
	a := model.New()
	begin(a)
	if sc.busy {
		news(a)
	}
	return proto.NewServer(a, sc.caps...)
}

// record lets an honest run take place.
func (s *Stage) record(i int, path string) (said []string, err error) {
	srv := scenes[i].server()
	var mu sync.Mutex
	var heard []*strings.Builder
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := srv.Dial(ctx, network, addr)
		mu.Lock()
		defer mu.Unlock()
		b := &strings.Builder{}
		heard = append(heard, b)
		return &recorded{c, b}, err
	}
	store, err := s.begin(i, path)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	rc, err := mailsync.Pull(context.Background(), store, account(dial, scenes[i].compress), options())
	srv.Wait()
	if err != nil || rc.Exit != 0 || rc.Pending != 0 {
		return nil, fmt.Errorf("exit %d, %d pending, %+v: %w", rc.Exit, rc.Pending, rc.Failures, err)
	}
	for _, b := range heard {
		said = append(said, b.String())
	}
	return said, nil
}

type recorded struct {
	net.Conn
	to io.Writer
}

func (r *recorded) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	_, _ = r.to.Write(p[:n])
	return n, err
}

// begin is a store as a scene begins with it.
func (s *Stage) begin(i int, path string) (*localstore.Store, error) {
	if s.stores[i] != nil {
		if err := os.WriteFile(path, s.stores[i], 0o600); err != nil {
			return nil, err
		}
	}
	return open(path)
}

func open(path string) (*localstore.Store, error) {
	return localstore.Open(context.Background(), path, localstore.Options{Create: true, Merge: conflict.MergeText})
}

// Remove takes away a store.
func Remove(path string) {
	for _, end := range []string{"", "-wal", "-shm", "-journal", ".lock"} {
		_ = os.Remove(path + end)
	}
}

// URL and User are those of the account in every store.
const (
	User = "ann"
	URL  = "imap+insecure://" + User + "@model"
)

func account(dial func(ctx context.Context, network, addr string) (net.Conn, error), compress remote.Compress) mailsync.Account {
	cfg := remote.Config{Host: "model", Compress: compress, Port: 143, Security: remote.Plain, User: User, ListAhead: true, Timeout: 20 * time.Second, Dial: dial,
		Password: func(context.Context) (string, error) { return "secret", nil }}
	return mailsync.Account{Name: "work", URL: URL, Dial: func(ctx context.Context) (*remote.Conn, error) { return remote.Dial(ctx, cfg) }}
}

func options() mailsync.Options {
	return mailsync.Options{MaxDeletes: plan.NoLimit, Connections: 1, Backoff: func(int) time.Duration { return 0 }}
}
