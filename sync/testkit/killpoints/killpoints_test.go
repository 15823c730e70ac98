package killpoints_test

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	. "mailstow/sync/testkit/killpoints"

	"mailstow/sync/testkit/testenv"
)

// What a failure prints, to try one point again: a scenario and a number.
const pointEnv = "MAILSTOW_TEST_KILLPOINT"

// How many points are tried of a scenario; 0: all.
const limitEnv = "MAILSTOW_TEST_KILLPOINTS"

var processors = make(chan struct{}, runtime.GOMAXPROCS(0))

// besideOthers runs a scenario with others, but no more than there are processors: none
// waits for a server, and the page caches of more than that take memory from each other, to
// the system and back, for a sixth of all time.
func besideOthers(t *testing.T) {
	t.Parallel()
	processors <- struct{}{}
	t.Cleanup(func() { <-processors })
}

// Whatever the point at which a process dies, the next one comes to the right end.
func TestKillPoints(t *testing.T) { each(t, limit(t, 35), 2, (*Machine).Kill) }

// The same when the machine dies with it: what was not synced is there or not.
func TestPowerCuts(t *testing.T) { each(t, limit(t, 8), 6, (*Machine).PowerCut) }

// each dies at some points of all scenarios; when time is short, of one in some.
func each(t *testing.T, limit, oneIn int, die func(m *Machine, n int)) {
	if text := os.Getenv(pointEnv); text != "" {
		replay(t, text, die)
		return
	}
	var points, tried atomic.Int64
	t.Run("scenarios", func(t *testing.T) {
		for i, s := range scenarios {
			if testing.Short() && (s.Large > 0 || i%oneIn > 0) {
				continue
			}
			t.Run(s.Name, func(t *testing.T) {
				besideOthers(t)
				m := New(t, s, testenv.Memory(t))
				stride := stride(len(m.Points), limit, s.Large)
				t.Logf("%d points, every %d. is tried", len(m.Points), stride)
				points.Add(int64(len(m.Points)))
				for n := 1 + i*7%stride; n <= len(m.Points) && !t.Failed(); n += stride {
					if die(m, n); t.Failed() {
						name, _, _ := strings.Cut(t.Name(), "/")
						t.Logf("%s='%s@%d' go test -run %s$ ./sync/testkit/killpoints/", pointEnv, s.Name, n, name)
					}
					tried.Add(1)
				}
			})
		}
	})
	t.Logf("%d scenarios, %d points, %d tried", len(scenarios), points.Load(), tried.Load())
}

// limit is how many points are tried of a scenario. 0: all.
func limit(t *testing.T, usual int) int {
	return testenv.Number(t, limitEnv, map[bool]int{true: 1, false: usual}[testing.Short()])
}

// stride is such that about as many points are tried as shall be, and fewer where each
// takes longer.
func stride(points, limit, longer int) int {
	if limit == 0 {
		return 1
	}
	limit = max(limit/max(longer, 1), 1)
	return (points + limit - 1) / limit
}

func replay(t *testing.T, text string, die func(m *Machine, n int)) {
	name, number, _ := strings.Cut(text, "@")
	n, err := strconv.Atoi(number)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scenarios {
		if s.Name == name {
			m := New(t, s, testenv.Memory(t))
			m.Aloud = true
			die(m, n)
		}
	}
}
