package hostile

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mailstow/sync/testkit/testenv"
)

// How many streams, and from which on.
const (
	countEnv = "MAILSTOW_TEST_STREAMS"
	firstEnv = "MAILSTOW_TEST_STREAMS_FROM"
)

// Whatever a server says, be it garbled on the way, made up, or meant for somebody
// else: the run ends, and loses nothing.
func TestStreams(t *testing.T) {
	root := testenv.Memory(t)
	for _, dir := range []string{"a/b/stores", "home", "tmp", "work"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	transcripts := testenv.Transcripts("../../..")
	t.Chdir(filepath.Join(root, "work"))
	t.Setenv("HOME", filepath.Join(root, "home"))
	t.Setenv("TMPDIR", filepath.Join(root, "tmp"))
	dir := filepath.Join(root, "a/b/stores")
	stage, err := NewStage(dir, transcripts)
	if err != nil {
		t.Fatal(err)
	}
	count := testenv.Number(t, countEnv, map[bool]int{true: 15, false: 300}[testing.Short()]) // runs, of some 9 connections each
	first := testenv.Number(t, firstEnv, 0)
	began := time.Now()
	var sum sums
	for at := first; at < first+count; at += 100 {
		bounded(t, func() {
			var next atomic.Int64
			next.Store(int64(at))
			var wg sync.WaitGroup
			for i := range runtime.GOMAXPROCS(0) {
				wg.Go(func() {
					for n := next.Add(1) - 1; n < int64(min(at+100, first+count)); n = next.Add(1) - 1 {
						path := filepath.Join(dir, fmt.Sprint("mail", i, ".db"))
						p := stage.Play(uint64(n), path)
						report(t, p)
						sum.add(p)
						Remove(path)
					}
				})
			}
			wg.Wait()
		})
		if t.Failed() {
			break
		}
	}
	inside(t, root)
	t.Logf("%d runs in %v, %s", count, time.Since(began).Round(time.Second), sum.text())
	if count == 300 && sum.streams < 2000 {
		t.Errorf("only %d streams", sum.streams)
	}
}

// sums are what was played in all.
type sums struct {
	mu               sync.Mutex
	streams, changes int
	exits            map[int]int
}

func (s *sums) add(p *Played) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.exits == nil {
		s.exits = map[int]int{}
	}
	s.streams, s.changes = s.streams+p.Streams, s.changes+len(p.Did)
	s.exits[p.Exit]++
}

func (s *sums) text() string {
	return fmt.Sprintf("%d streams, %d changes; exit codes %v", s.streams, s.changes, s.exits)
}

func report(t *testing.T, p *Played) {
	t.Helper()
	if len(p.Wrong) > 0 {
		t.Errorf("%s=%d %s=1: %s\nwhat was done:\n%s", firstEnv, p.Seed, countEnv, strings.Join(p.Wrong, "\n"), strings.Join(p.Did, "\n"))
	}
}

// inside: nothing was written outside the folder of the stores.
func inside(t *testing.T, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Base(filepath.Dir(path)) != "stores" {
			t.Errorf("%s was written", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A server that does not come to an end costs time, and no memory.
func TestMonsters(t *testing.T) {
	dir := testenv.Memory(t)
	stage, err := NewStage(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range monsters {
		if testing.Short() && i%15 != 3 {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			bounded(t, func() {
				p := stage.meet(m, dir)
				if report(t, p); p.Streams == 1 && p.Exit == 0 {
					t.Error("the run took no notice of it")
				}
			})
		})
	}
}
