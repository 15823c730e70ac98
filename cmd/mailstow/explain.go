package main

import (
	"context"
	"errors"
	"path/filepath"
	"syscall"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/config"
	"mailstow/localstore"
	"mailstow/sync/remote"
)

// explain makes a problem of any error: what and where, what next, which code.
// What it does not know passes as it is and ends with code 1.
func explain(err error) error {
	var p *problem
	var c *config.Error
	var s *localstore.Error
	var r *remote.Error
	var exit cli.ExitCoder
	switch {
	case err == nil:
		return nil
	case errors.As(err, &p):
		return p
	case errors.Is(err, context.Canceled):
		return &problem{code: exitInterrupted, text: "interrupted", hint: "what was committed stays; run the command again to go on", err: err}
	case errors.As(err, &c):
		return &problem{code: exitUsage, text: c.Error(), hint: c.Hint, err: err}
	case errors.As(err, &s):
		return explainStore(s)
	case errors.As(err, &r):
		return explainRemote(r)
	case errors.Is(err, syscall.EPIPE):
		return &problem{code: exitFailed, err: err} // the reader of stdout left; nobody wants to hear more
	case errors.As(err, &exit):
		return usage(err.Error(), "mailstow --help lists the commands")
	}
	if p := refusal(err); p != nil {
		return p
	}
	return err
}

func explainStore(s *localstore.Error) error {
	p := &problem{code: exitFailed, text: s.Error(), hint: s.Hint, err: s}
	if errors.Is(s, localstore.ErrInUse) || errors.Is(s, localstore.ErrBusy) {
		p.code = exitInUse
		if p.hint == "" {
			p.hint = "wait for it, for instance with --wait 10m"
		}
	}
	if p.hint == "" {
		p.hint = storeHint(s)
	}
	return p
}

// storeHint says what to do about a path that is no place for a store.
func storeHint(s *localstore.Error) string {
	switch {
	case errors.Is(s, syscall.EISDIR):
		return "name a file in it with --store, for instance " + filepath.Join(s.Path, "mail.db")
	case errors.Is(s, syscall.ENOTDIR):
		return "name another file with --store"
	case errors.Is(s, localstore.ErrPermission):
		return "check the permissions of the file and its folder, or name another one with --store"
	}
	return ""
}
