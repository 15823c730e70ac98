package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"

	"mailstow/sync/wire"
)

// fail makes an *Error of what went wrong with the connection or on the wire.
// An ended context explains every other error.
func fail(ctx context.Context, op, where string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	e := &Error{Class: classify(ctx, err), Op: op, Where: where, Err: err}
	if e.Class == Canceled && ctx.Err() != nil {
		e.Err = ctx.Err()
	}
	if e.Class == TLS {
		e.Hint = tlsHint(err)
	}
	if limit, ok := errors.AsType[*wire.LimitError](err); ok {
		e.Hint = limitHint(limit)
	}
	if bye, ok := errors.AsType[*wire.ByeError](err); ok {
		e.Code = bye.Status.Code
		if later, after := tryLater(bye.Status); later {
			e.RetryAfter, e.Hint = after, laterHint(after)
		}
	}
	return e
}

// limitHint names the setting of a limit that honest servers may come up against.
func limitHint(err *wire.LimitError) string {
	switch err.What {
	case wire.WhatRatio: // data that compresses better than any mail does
		return `compress = "off" in the account does without compression`
	case wire.WhatLiteral:
		return "max-message in the account says how long a message may be"
	}
	return ""
}

func classify(ctx context.Context, err error) Class {
	var (
		protocol *wire.ProtocolError
		limit    *wire.LimitError
	)
	switch {
	case ctx.Err() != nil:
		return Canceled
	case errors.As(err, &protocol), errors.As(err, &limit):
		return Protocol
	case errors.Is(err, wire.ErrInjected):
		return TLS
	case errors.Is(err, wire.ErrBadString), errors.Is(err, wire.ErrBusy):
		return Refused
	case isTLS(err):
		return TLS
	}
	return Connect
}

// isTLS tells failures of TLS and certificates from those of the network below.
func isTLS(err error) bool {
	var (
		record  tls.RecordHeaderError
		verify  *tls.CertificateVerificationError
		alert   tls.AlertError
		host    x509.HostnameError
		unknown x509.UnknownAuthorityError
		finger  *fingerprintError
	)
	return errors.As(err, &record) || errors.As(err, &verify) || errors.As(err, &alert) ||
		errors.As(err, &host) || errors.As(err, &unknown) || errors.As(err, &finger) || isTLSText(err)
}

// refused makes an *Error of a NO or BAD: Refused, or Connect when the server only
// wants to be left alone.
func refused(op, where string, s wire.Status) error {
	e := &Error{Class: Refused, Op: op, Where: where, Code: s.Code, Err: statusError(s)}
	if later, after := tryLater(s); later {
		e.Class, e.RetryAfter, e.Hint = Connect, after, laterHint(after)
	}
	if s.Code == "REFERRAL" {
		e.Hint = "the server refers to " + wire.OneLine([]byte(s.Arg)) + "; mailstow never follows a referral by itself"
	}
	return e
}

// statusError is the server's NO or BAD as an error.
type statusError wire.Status

func (s statusError) Error() string {
	text := "server answered " + s.Type
	if s.Code != "" {
		text += " [" + wire.OneLine([]byte(s.Code)) + "]"
	}
	if s.Text != "" {
		text += " " + s.Text
	}
	return text
}
