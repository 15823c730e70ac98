package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
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
	return err
}

func explainStore(s *localstore.Error) error {
	p := &problem{code: exitFailed, text: s.Error(), hint: s.Hint, err: s}
	if errors.Is(s, localstore.ErrInUse) {
		p.code = exitInUse
		if p.hint == "" {
			p.hint = "wait for it, for instance with --wait 10m"
		}
	}
	return p
}

var remoteCode = map[remote.Class]int{
	remote.Connect:  exitConnection,
	remote.TLS:      exitConnection,
	remote.Auth:     exitAuth,
	remote.Canceled: exitInterrupted,
}

func explainRemote(r *remote.Error) error {
	p := &problem{code: exitFailed, text: r.Error(), hint: r.Hint, err: r}
	if code, ok := remoteCode[r.Class]; ok {
		p.code = code
	}
	if p.hint == "" {
		p.hint = remoteHint(r)
	}
	return p
}

// remoteHint says what to do about errors that come from below sync/remote.
func remoteHint(r *remote.Error) string {
	var dns *net.DNSError
	switch {
	case errors.As(r, &dns) && dns.IsNotFound:
		return fmt.Sprintf("check the spelling of %s in the account's URL, and that the network is up", dns.Name)
	case errors.As(r, &dns):
		return "the name server does not answer: is the network up?"
	case errors.Is(r, syscall.ECONNREFUSED):
		return "check host and port; imaps:// is port 993, imap:// and imap+insecure:// are port 143"
	case errors.Is(r, syscall.ENETUNREACH), errors.Is(r, syscall.EHOSTUNREACH):
		return "is the network up?"
	case errors.Is(r, os.ErrDeadlineExceeded):
		return "try later; MAILSTOW_TIMEOUT=5m waits longer for a slow server"
	}
	return map[remote.Class]string{
		remote.Connect:  "try later; mailstow doctor shows how far the connection comes",
		remote.TLS:      "set ca-file or fingerprint for the account if you know this server; imap+insecure:// is for loopback",
		remote.Auth:     "check user name and password; many providers want an app password",
		remote.Refused:  "mailstow doctor shows what the server offers",
		remote.Protocol: "the server broke the protocol; mailstow doctor shows what it offers",
	}[r.Class]
}
