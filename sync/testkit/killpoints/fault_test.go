package killpoints_test

import (
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"mailstow/localstore"
	"mailstow/sync/testkit/faultfile"
	. "mailstow/sync/testkit/killpoints"
	"mailstow/sync/testkit/testenv"
)

var everyKind = []faultfile.Kind{faultfile.Create, faultfile.Write, faultfile.Truncate, faultfile.Sync, faultfile.Delete, faultfile.Lock}

func broken(op faultfile.Op) faultfile.Code { return op.Broken() }

func busy(faultfile.Op) faultfile.Code { return faultfile.Busy }

// full is a disk on which half of the last write has room.
func full(op faultfile.Op) faultfile.Code {
	op.Half()
	return faultfile.Full
}

var faults = []Fault{
	{Name: "full", Kinds: []faultfile.Kind{faultfile.Write}, Do: full, Lasts: true, Says: []error{localstore.ErrFull}},
	{Name: "full for a moment", Kinds: []faultfile.Kind{faultfile.Write}, Do: full, Says: []error{localstore.ErrFull}},
	{Name: "broken", Kinds: everyKind, Do: broken, Lasts: true, Says: []error{localstore.ErrIO, localstore.ErrPermission}},
	{Name: "unreadable", Kinds: []faultfile.Kind{faultfile.Read}, Do: broken, Lasts: true, Says: []error{localstore.ErrIO, localstore.ErrPermission}},
	{Name: "unreadable for a moment", Kinds: []faultfile.Kind{faultfile.Read}, Do: broken, Says: []error{localstore.ErrIO, localstore.ErrPermission}},
	{Name: "broken for a moment", Kinds: everyKind, Do: broken, Says: []error{localstore.ErrIO, localstore.ErrPermission}},
}

var held = []Fault{
	{Name: "held by another program", Kinds: []faultfile.Kind{faultfile.Lock}, Do: busy, Lasts: true, Says: []error{localstore.ErrBusy}},
	{Name: "held by another program for a moment", Kinds: []faultfile.Kind{faultfile.Lock}, Do: busy, Says: []error{localstore.ErrBusy}},
}

// Row 4: wherever a disk is full or fails, the run says so, and the next one comes to
// the right end.
func TestDiskFaults(t *testing.T) {
	var f faulty
	t.Run("scenarios", func(t *testing.T) {
		for i, s := range scenarios {
			if testing.Short() && (s.Large > 0 || i%6 > 0) {
				continue
			}
			t.Run(s.Name, func(t *testing.T) {
				besideOthers(t)
				f.try(t, i, limit(t, 2), faults)
			})
		}
	})
	f.tell(t)
}

// In a bubble of package synctest nobody waits for a store that is held. What a pool
// brought into the bubble is fatal there, so it has a process of its own.
const bubbleEnv = "MAILSTOW_TEST_BUBBLE"

// Row 5: whenever another program holds the store, for a moment or for longer than
// anybody waits, the run waits, or says so; the next one comes to the right end.
func TestBusy(t *testing.T) {
	if os.Getenv(bubbleEnv) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestBusy$", "-test.v", fmt.Sprint("-test.short=", testing.Short()))
		cmd.Env = append(os.Environ(), bubbleEnv+"=1")
		out, err := cmd.CombinedOutput()
		if t.Logf("%s", out); err != nil {
			t.Error(err)
		}
		return
	}
	synctest.Test(t, func(t *testing.T) {
		var f faulty
		for i, s := range scenarios {
			if s.Large == 0 && i%3 == 0 && !(testing.Short() && i%12 > 0) {
				f.try(t, i, limit(t, 4), held)
			}
		}
		f.tell(t)
	})
}

// faulty counts what is tried.
type faulty struct{ chances, tried, told atomic.Int64 }

func (f *faulty) try(t *testing.T, i, limit int, faults []Fault) {
	s := scenarios[i]
	m := New(t, s, testenv.Memory(t))
	for _, fault := range faults {
		all := m.Chances(fault)
		f.chances.Add(int64(all))
		step := stride(all, limit, s.Large)
		for n := 1 + (i+len(fault.Name))%step; n <= all && !t.Failed(); n += step {
			m.Fail(fault, n)
			f.tried.Add(1)
		}
	}
	f.told.Add(int64(m.Told))
}

func (f *faulty) tell(t *testing.T) {
	t.Logf("faults in %d places, %d tried, of which %d ended a run", f.chances.Load(), f.tried.Load(), f.told.Load())
	if f.told.Load() == 0 {
		t.Error("no run was ended by one: this test proves nothing")
	}
}
