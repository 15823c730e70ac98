package wire

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

var (
	// ErrSyntax marks a response that does not parse. Returned by a Handler it
	// makes the exchange skip that response and go on.
	ErrSyntax = errors.New("malformed response")
	// ErrStray is returned by a Handler that has no use for a response.
	ErrStray = errors.New("response nobody asked for")
	// ErrInjected: bytes came between the answer to STARTTLS and the TLS handshake
	// (CVE-2020-14954 and its family).
	ErrInjected = errors.New("server sent data in clear ahead of the TLS handshake")
	// ErrBusy: a raw exchange was started while the client has commands in flight.
	ErrBusy = errors.New("commands of the client are still in flight")
	// ErrBadString: a string that cannot be sent (NUL, or CR and LF in a name).
	ErrBadString = errors.New("holds NUL, CR or LF")
)

// What of a LimitError, for the limits that a user may set.
const (
	// WhatRatio: data inflates beyond all measure.
	WhatRatio = "ratio of inflated data"
	// WhatLiteral: a message is longer than Options.MaxLiteral.
	WhatLiteral = "literal"
)

// LimitError reports input beyond one of the limits; the connection is gone.
type LimitError struct {
	What  string
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s exceeds the limit of %d", e.What, e.Limit)
}

// ProtocolError reports input that is not IMAP; the connection is gone.
type ProtocolError struct{ What string }

func (e *ProtocolError) Error() string { return e.What }

// SilenceError reports that the peer neither sent nor took a byte for After.
type SilenceError struct{ After time.Duration }

func (e *SilenceError) Error() string { return fmt.Sprintf("no sign of life for %v", e.After) }

// Timeout makes it a net.Error's timeout.
func (e *SilenceError) Timeout() bool { return true }

// ByeError is the end of a connection that the server announced.
type ByeError struct{ Status Status }

func (e *ByeError) Error() string { return "server said goodbye: " + e.Status.Text }

// SourceError: what a literal was to be sent from failed, or has not the length
// announced; the connection was given up with the literal incomplete.
type SourceError struct{ Err error }

func (e *SourceError) Error() string { return "reading what was to be sent: " + e.Err.Error() }

func (e *SourceError) Unwrap() error { return e.Err }

// cut turns the end of the stream inside a line or literal into
// io.ErrUnexpectedEOF: a part never looks like a whole.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// silence turns a passed deadline into a SilenceError.
func silence(err error, after time.Duration) error {
	var ne net.Error
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &ne) && ne.Timeout() {
		return &SilenceError{After: after}
	}
	return err
}
