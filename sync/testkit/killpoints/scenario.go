package killpoints

import (
	"time"

	"mailstow/conflict"
	"mailstow/sync/testkit/model/proto"
)

// Scenario is a situation, and what somebody does in it.
type Scenario struct {
	Name   string
	Caps   []string // of the server; nil: everything
	Lies   proto.Lies
	Policy conflict.Policy
	// Prepare leads to the situation. Nobody dies in it.
	Prepare func(*Owner)
	// Bare: there is no store yet; Prepare is about servers alone.
	Bare bool
	// Passing: the store is the state of migrations, and keeps no body.
	Passing bool
	// Does is what the process does that dies, and what its owner does again then;
	// nil: a run.
	Does func(*Owner) error
	// Large is how much longer a try takes than usual; 0: no longer.
	Large int
	// Forgets: bodies go, as they shall.
	Forgets bool
	// Want is what the servers have in the end: mailboxes by name, messages by number
	// with their flags.
	Want string
	// Conflicts is how many are listed for the owner.
	Conflicts int
}

// TB is what of a test is needed.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
	TempDir() string
}

// Machine tries one scenario.
type Machine struct {
	TB
	Scenario
	Points []string // that a whole life passes
	Aloud  bool     // tell what is sent
	Told   int      // how many lives ended with an error

	dir   string // of its stores
	base  string // what they begin with
	steps []change
	want  outcome
	tries int
}

// New prepares a scenario in a directory, and lets one process live to its end.
func New(t TB, s Scenario, dir string) *Machine {
	t.Helper()
	m := &Machine{TB: t, Scenario: s, dir: dir, base: dir + "/base"}
	if s.Caps == nil {
		m.Caps = proto.Everything
	}
	m.prepare()
	m.reference()
	return m
}

// start is when everything begins.
var start = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)
