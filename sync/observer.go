package sync

import (
	"sync"

	"mailstow/sync/plan"
)

// Kind says what an Event tells.
type Kind int

const (
	// Opened: a mailbox is being looked at.
	Opened Kind = iota
	// Planned: what will be done to a mailbox; Plan is set.
	Planned
	// Progress: bodies are arriving; the counters of the account are set.
	Progress
	// Note: something worth knowing that is no failure; Text says what.
	Note
	// Failed: something could not be done and was set aside; Text says what.
	Failed
	// Waiting: the connection was lost and will be tried again; Text says when.
	Waiting
)

// Event is a moment of a run. Texts and names may hold what a server said: who
// prints them makes them safe.
type Event struct {
	Kind    Kind
	Account string
	Mailbox string // decoded name
	Text    string
	Plan    *plan.MailboxPlan

	// Bodies of this run over all mailboxes seen so far: stored and expected.
	Messages, MessagesTotal int64
	Bytes, BytesTotal       int64
}

// Observer watches a run. Events come from several goroutines, one at a time.
type Observer interface{ Event(Event) }

// ObserverFunc is a function that watches.
type ObserverFunc func(Event)

// Event calls f.
func (f ObserverFunc) Event(e Event) { f(e) }

// serial lets events through one at a time, whichever goroutines they come from.
type serial struct {
	mu sync.Mutex
	to Observer
}

func (s *serial) Event(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.to.Event(e)
}
