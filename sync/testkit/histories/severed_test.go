package histories_test

import (
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mailstow/sync/testkit/histories"
	"mailstow/sync/testkit/testenv"
)

// underWay is what goes on when a line is cut: a little of everything, since every octet
// counts. Mail comes, flags of others, and an append, flags and a move leave.
var underWay = histories.History{Small: true, Machines: 1, Caps: []string{"UIDPLUS", "MOVE", "LIST-STATUS"},
	Steps: []histories.Step{{Do: "append", A: 1, B: 1}, {Do: "flag", A: 1, B: 2}, {Do: "move", B: 1}, {Do: "deliver"}, {Do: "their-flag", B: 1, C: 1}}}

// Wherever a line is cut, behind each octet of either side: the next run on a good one
// brings what is wanted, all of it and once.
func TestSevered(t *testing.T) {
	before := debug.SetGCPercent(400) // little is kept, much is thrown away
	t.Cleanup(func() { debug.SetGCPercent(before) })
	goroutines, files := runtime.NumGoroutine(), openFiles()
	for side, what := range []string{"read", "written"} {
		t.Run(what, func(t *testing.T) { everyCut(t, underWay, side) })
	}
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > goroutines && time.Now().Before(end); {
		runtime.Gosched()
	}
	if n, f := runtime.NumGoroutine(), openFiles(); n > goroutines || f > files {
		t.Errorf("%d goroutines and %d files are left, of %d and %d before", n, f, goroutines, files)
	}
}

// openFiles counts them, where the system tells.
func openFiles() int {
	all, _ := os.ReadDir("/proc/self/fd")
	return len(all)
}

// everyCut cuts behind each octet of one side until the run is over before.
func everyCut(t *testing.T, h histories.History, side int) {
	var at, cuts atomic.Int64
	var over atomic.Bool
	stride := int64(1)
	if testing.Short() {
		stride = 131
	}
	began := time.Now()
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			ground := histories.NewGround(testenv.Memory(t))
			defer ground.Close()
			for !over.Load() && !t.Failed() {
				n := at.Add(stride) - stride
				var log strings.Builder
				cut := h
				cut.Steps = append(append([]histories.Step{}, h.Steps...), histories.Step{Do: "run-severed", A: int(n), B: side})
				if wrong := ground.Run(cut, &log); len(wrong) > 0 {
					t.Errorf("%s\n%s\n%s='%s' go test -run TestHistories$ ./sync/testkit/histories/", strings.Join(wrong, "\n"), log.String(), replayEnv, cut)
				}
				if cuts.Add(1); strings.Contains(log.String(), histories.NotCut) {
					over.Store(true)
				}
			}
		})
	}
	workers.Wait()
	if cuts.Load() < 5 {
		t.Errorf("%d cuts", cuts.Load())
	}
	t.Logf("%d cuts in %v", cuts.Load(), time.Since(began).Round(time.Millisecond))
}
