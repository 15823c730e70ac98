package histories_test

import (
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mailstow/conflict"
	"mailstow/sync/testkit/histories"
	"mailstow/sync/testkit/testenv"
)

// How many histories, from which on, and one alone: what a failure prints.
const (
	countEnv  = "MAILSTOW_TEST_HISTORIES"
	firstEnv  = "MAILSTOW_TEST_HISTORIES_FROM"
	replayEnv = "MAILSTOW_TEST_HISTORY"
	soakEnv   = "MAILSTOW_TEST_SOAK"
)

// For a release: any number of histories that no run before has seen.
var soak = flag.Duration("soak", soakTime(), "how long to try histories, from "+soakEnv)

func soakTime() time.Duration {
	d, _ := time.ParseDuration(os.Getenv(soakEnv))
	return d
}

// Whatever people do on both sides, and wherever runs are cut: nothing is lost or
// doubled, and in the end both sides are equal.
func TestHistories(t *testing.T) {
	if text := os.Getenv(replayEnv); text != "" {
		replay(t, text)
		return
	}
	before := debug.SetGCPercent(400) // little is kept, much is thrown away
	t.Cleanup(func() { debug.SetGCPercent(before) })
	first := testenv.Number(t, firstEnv, 0)
	end, until := int64(first+testenv.Number(t, countEnv, map[bool]int{true: 8, false: 150}[testing.Short()])), time.Time{}
	if *soak > 0 {
		end, until = math.MaxInt64, time.Now().Add(*soak)
		first = testenv.Number(t, firstEnv, int(time.Now().Unix())<<20)
	}
	var next, failures atomic.Int64
	next.Store(int64(first))
	began := time.Now()
	t.Cleanup(func() {
		t.Logf("%d histories from %d on in %v", min(next.Load(), end)-int64(first), first, time.Since(began).Round(time.Second))
	})
	for i := range runtime.GOMAXPROCS(0) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			ground := histories.NewGround(testenv.Memory(t))
			defer ground.Close()
			for n := next.Add(1) - 1; n < end && failures.Load() < 5 && (until.IsZero() || time.Now().Before(until)); n = next.Add(1) - 1 {
				if wrong := ground.Run(history.Example(int(n)), io.Discard); len(wrong) > 0 {
					failures.Add(1)
					report(t, int(n), ground, wrong)
				}
			}
		})
	}
}

// report tells of the shortest history that goes wrong as the n-th does.
func report(t *testing.T, n int, ground *histories.Ground, wrong []string) {
	t.Helper()
	kind := strings.Fields(wrong[0])
	tries := 0
	short := histories.Shrink(history.Example(n), func(h histories.History) bool {
		tries++
		now := ground.Run(h, io.Discard)
		return tries < 1500 && len(now) > 0 && same(strings.Fields(now[0]), kind)
	})
	t.Errorf("history %d: %s\n%s='%s' go test -run TestHistories$ ./sync/testkit/histories/", n,
		strings.Join(ground.Run(short, io.Discard), "\n"), replayEnv, short)
}

// same: the words that are no numbers are alike, one in three or more.
func same(a, b []string) bool {
	alike := 0
	for _, word := range a {
		if slices.Contains(b, word) {
			alike++
		}
	}
	return 3*alike >= len(a)
}

// replay runs one history again, and tells what happens.
func replay(t *testing.T, text string) {
	t.Helper()
	h, err := histories.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	ground := histories.NewGround(testenv.Memory(t))
	defer ground.Close()
	for _, wrong := range ground.Run(h, os.Stderr) {
		t.Error(wrong)
	}
}

// history makes one of a seed.
var history = rapid.Custom(func(t *rapid.T) histories.History {
	h := histories.History{
		Hide:     rapid.IntRange(0, 4).Draw(t, "hide") == 4,
		Policy:   rapid.SampledFrom([]conflict.Policy{conflict.Server, conflict.Local, conflict.Both}).Draw(t, "policy"),
		Machines: 1 + rapid.IntRange(0, 3).Draw(t, "machines")/3,
	}
	for _, name := range histories.Capabilities() {
		if rapid.IntRange(0, 3).Draw(t, name) > 0 {
			h.Caps = append(h.Caps, name)
		}
	}
	if rapid.IntRange(0, 2).Draw(t, "connections") == 2 {
		h.Connections = rapid.IntRange(2, 3).Draw(t, "more")
	}
	for range max(0, rapid.IntRange(-2, 2).Draw(t, "quirks")) {
		h.Quirks = append(h.Quirks, rapid.SampledFrom(histories.Quirks()).Draw(t, "quirk"))
	}
	does := slices.Concat(histories.OwnerDoes, histories.OthersDo, histories.RunsAre)
	number := rapid.IntRange(0, 1<<14)
	h.Steps = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) histories.Step {
		s := histories.Step{Do: rapid.SampledFrom(does).Draw(t, "do"), M: rapid.IntRange(0, 1).Draw(t, "m"),
			A: number.Draw(t, "a"), B: number.Draw(t, "b"), C: number.Draw(t, "c")}
		if s.Do == "run-meanwhile" {
			s.Then = rapid.SampledFrom(histories.OthersDo).Draw(t, "then")
		}
		return s
	}), 3, 30).Draw(t, "steps")
	return h
})
