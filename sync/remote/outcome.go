package remote

import (
	"errors"

	"github.com/emersion/go-imap/v2"
)

// Outcome is what became of a change on the server (invariant I19).
type Outcome int

const (
	// Unknown: the command may have reached the server and its answer did not come.
	// Look before anything is sent again.
	Unknown Outcome = iota
	// NotDone: the server refused, or the command never left as a whole.
	NotDone
	// Done: the tagged OK came.
	Done
)

func (o Outcome) String() string { return [...]string{"unknown", "not done", "done"}[o] }

// OutcomeOf tells from the error of a method that runs one command whether the
// command was carried out.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return Done
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Outcome
	}
	return Unknown
}

// ErrNotOffered: the server lacks the capability for it. Nothing was sent.
var ErrNotOffered = errors.New("the server does not offer it")

// Outcomes sorts the messages that a change was asked for by what became of them.
type Outcomes struct {
	// Done are those whose command was answered OK. A message that no longer existed
	// is among them: for UID commands that is no error (RFC 9051 section 6.4.8).
	Done, NotDone, Unknown imap.UIDSet
	// Err is why some are not Done: the first refusal, or the end of the connection.
	Err error
}

// put sorts messages in.
func (o *Outcomes) put(to Outcome, uids imap.UIDSet, err error) {
	into := map[Outcome]*imap.UIDSet{Done: &o.Done, NotDone: &o.NotDone, Unknown: &o.Unknown}[to]
	*into = merge(append(*into, uids...))
	if o.Err == nil {
		o.Err = err
	}
}
