package remote

import (
	"errors"

	"mailstow/sync/wire"
)

// ErrReadOnly: Config.ReadOnly forbids what was asked for. Nothing was sent.
var ErrReadOnly = errors.New("this account is read-only, nothing on the server is changed")

// reading are the commands that change nothing, whatever their arguments here:
// FETCH is always BODY.PEEK. All others are refused on a read-only connection.
var reading = map[string]bool{
	"ID": true, "ENABLE": true, "NAMESPACE": true, "LIST": true, "LSUB": true,
	"STATUS": true, "EXAMINE": true, "UID FETCH": true, "UID SEARCH": true,
}

// allowed is the last guard in front of the wire: whoever makes a command, one
// that changes something is not sent on a read-only connection.
func (c *Conn) allowed(cmd *wire.Command) *wire.Command {
	if c.cfg.ReadOnly && !reading[cmd.Name()] {
		return cmd.Fail(ErrReadOnly)
	}
	return cmd
}

// mayChange refuses an operation on a read-only connection before it begins.
func (c *Conn) mayChange(op, where string) error {
	if !c.cfg.ReadOnly {
		return nil
	}
	return &Error{Class: Refused, Op: op, Where: where, Err: ErrReadOnly, Outcome: NotDone,
		Hint: "set read-only = false for this account to push changes"}
}
