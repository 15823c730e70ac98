package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Class says what a caller can do about an error.
type Class int

const (
	// Other: not an error of this package.
	Other Class = iota
	// Connect: no connection, lost, silent for too long, BYE, or a server that
	// throttles: nothing more is to be had from this connection. Try later.
	Connect
	// TLS: the server's TLS or certificate is not acceptable.
	TLS
	// Auth: the server refused the credentials, or none can be sent safely.
	Auth
	// Refused: NO or BAD to this one command; the connection is fine.
	Refused
	// Protocol: the server broke the rules; the connection is gone.
	Protocol
	// Canceled: the caller's context ended; the connection is gone.
	Canceled
)

func (c Class) String() string {
	return [...]string{"other", "connect", "tls", "auth", "refused", "protocol", "canceled"}[c]
}

// Error is every error this package makes. Err may hold text of the server, raw
// but in one line of bounded length; it never holds a credential.
type Error struct {
	Class Class
	Op    string   // "connect", "login", "examine", "fetch" ...
	Where string   // host:port, or the raw name of the mailbox
	UID   imap.UID // the message at fault, where one is known
	Code  string   // response code such as NONEXISTENT, in upper case
	Err   error
	Hint  string // what to do next; may be empty
	// RetryAfter is how long the server wants to be left alone; 0: it does not say.
	RetryAfter time.Duration
	// Outcome tells of a command that was to change something what came of it.
	Outcome Outcome
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Where != "" {
		fmt.Fprintf(&b, " %q", e.Where)
	}
	if e.UID != 0 {
		fmt.Fprintf(&b, " uid %d", e.UID)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// ClassOf returns the class of err; an ended context counts as Canceled
// whoever reports it.
func ClassOf(err error) Class {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Canceled
	}
	return Other
}
