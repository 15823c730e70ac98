package main

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"
)

// Exit codes, a contract with scripts.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitPartial     = 3
	exitAuth        = 4
	exitConnection  = 5
	exitGuard       = 6
	exitInUse       = 7
	exitInterrupted = 130
)

var exitMeaning = map[int]string{
	exitOK:          "all done",
	exitFailed:      "failed",
	exitUsage:       "wrong usage or configuration",
	exitPartial:     "done in part: some messages or mailboxes failed; the receipt lists them",
	exitAuth:        "the server refused the credentials",
	exitConnection:  "no connection, or TLS not acceptable: try later",
	exitGuard:       "a guard refused, for instance too many deletions",
	exitInUse:       "the store is in use by another process",
	exitInterrupted: "interrupted; what was committed stays",
}

// problem is an error made for people: what and where, what to do next, and
// the exit code. An empty text only carries the code: all has been said.
type problem struct {
	code int
	text string
	hint string
	err  error
}

func (p *problem) Error() string { return p.text }
func (p *problem) Unwrap() error { return p.err }

// usage is a problem of wrong usage or configuration.
func usage(text, hint string) error {
	return &problem{code: exitUsage, text: text, hint: hint}
}

// exitCode is the one place where an error becomes an exit code.
func exitCode(err error) int {
	var p *problem
	var c cli.ExitCoder
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &p):
		return p.code
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &c): // cli itself: an unknown help topic
		return exitUsage
	}
	return exitFailed
}

// severity orders exit codes for a run over several accounts: the worst one
// speaks for the run. What a person must act on outranks what a later run may
// cure by itself.
var severity = []int{exitOK, exitPartial, exitConnection, exitGuard, exitInUse, exitAuth, exitFailed, exitUsage, exitInterrupted}

func worst(a, b int) int {
	rank := func(code int) int {
		for i, c := range severity {
			if c == code {
				return i
			}
		}
		return len(severity)
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}
