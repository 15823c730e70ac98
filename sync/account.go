package sync

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"mailstow/conflict"
	"mailstow/sync/plan"
	"mailstow/sync/remote"
)

// Account is a login on a server and its name in the store.
type Account struct {
	Name string
	URL  string // without password
	Dial func(ctx context.Context) (*remote.Conn, error)
	// MaxMessage is the longest message that is asked for, in octets; longer ones are
	// set aside with a reason. 0: whatever Dial's connections take.
	MaxMessage int64
	// ReadOnly: nothing on the server is ever changed; edits wait. Dial must give
	// connections that refuse to.
	ReadOnly bool

	goodbye *sync.WaitGroup // waits for the ends of sessions; nil: who begins one waits
}

// Options of a Pull. The zero value syncs all mailboxes with the default guard.
type Options struct {
	Folders    []string   // patterns as plan.Selected reads them
	Rematch    []string   // patterns of mailboxes to treat as if UIDVALIDITY had changed
	Full       bool       // open every mailbox and try everything again, whatever the mirror remembers
	Narrow     bool       // Folders are fewer than usual: the run says nothing of the account as a whole
	DryRun     bool       // plan only: the store may be read-only
	MaxDeletes plan.Limit // invariant I26, in both directions
	PullOnly   bool       // send nothing
	PushOnly   bool       // look only at mailboxes that the owner's edits are about
	Policy     conflict.Policy
	// Connections is how many carry messages at a time, where it pays; 0: DefaultConnections.
	Connections int
	Observer    Observer // nil: nobody watches
	Now         func() time.Time
	pace        func(*remote.Conn) (swift, slow bool) // how mail is known to come; nil: what the connection says
	// Backoff is the pause before the n-th reconnection in a row, n from 1;
	// nil: exponential with jitter.
	Backoff func(n int) time.Duration
}

func (o Options) withDefaults() Options {
	if o.Observer == nil {
		o.Observer = ObserverFunc(func(Event) {})
	}
	o.Observer = &serial{to: o.Observer}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.pace == nil {
		o.pace = (*remote.Conn).Pace
	}
	if o.Backoff == nil {
		o.Backoff = backoff
	}
	return o
}

func (o Options) connections() int {
	if o.Connections == 0 {
		return DefaultConnections
	}
	return o.Connections
}

// backoff doubles from one second to a minute; half of it is random, so that
// clients cut off together do not come back together. Bodies that are stored while
// a connection is lost may set n back to 0.
func backoff(n int) time.Duration {
	d := min(time.Second<<min(max(n-1, 0), 6), time.Minute)
	return d/2 + rand.N(d/2)
}
