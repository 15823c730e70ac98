package histories_test

import (
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mailstow/sync/testkit/histories"
)

// scenes are what is under way when a line is cut.
var scenes = map[string]histories.History{
	"pull": {Steps: []histories.Step{{Do: "deliver", B: 1}, {Do: "their-flag", A: 1, B: 1, C: 1}, {Do: "their-expunge", A: 0, B: 1}}},
	"push": {Caps: []string{"UIDPLUS"}, Steps: []histories.Step{{Do: "append", A: 2, B: 3}, {Do: "flag", A: 5, B: 0}, {Do: "move", A: 6, B: 3}}},
	"both, resynchronized": {Caps: []string{"ENABLE", "UIDPLUS", "MOVE", "LIST-EXTENDED", "LIST-STATUS", "CONDSTORE", "QRESYNC", "LITERAL+"},
		Steps: []histories.Step{{Do: "deliver", B: 1}, {Do: "append", A: 1, B: 3}, {Do: "flag", A: 5, B: 0}, {Do: "move", A: 6, B: 3}, {Do: "their-flag", A: 5, C: 1}}},
}

// Wherever a line is cut, behind each octet of either side: the next run on a good one
// brings what is wanted, all of it and once.
func TestSevered(t *testing.T) {
	for name, h := range scenes {
		if testing.Short() && name != "both, resynchronized" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for side, what := range []string{"read", "written"} {
				t.Run(what, func(t *testing.T) { everyCut(t, h, side) })
			}
		})
	}
}

// everyCut cuts behind each octet of one side until the run is over before.
func everyCut(t *testing.T, h histories.History, side int) {
	var at, cuts atomic.Int64
	var over atomic.Bool
	stride := int64(1)
	if testing.Short() {
		stride = 67
	}
	began := time.Now()
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			ground := histories.NewGround(memory(t))
			defer ground.Close()
			for !over.Load() && !t.Failed() {
				n := at.Add(stride) - stride
				var log strings.Builder
				cut := h
				cut.Machines = 1
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
