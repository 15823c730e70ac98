package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/demo"
	mailsync "mailstow/sync"
	"mailstow/sync/remote"
)

func (a *app) demoCommand() *cli.Command {
	return &cli.Command{
		Name:  "demo",
		Usage: "show and check everything with a mail server of its own; needs no account",
		Description: describe(`
Starts a small mail server on this machine with a few hundred sample messages,
copies it into a store, changes things on the server, syncs again, works offline,
lets a sync do the same on the server, and verifies.
Every step is checked against what the server holds: exit code 0 means proven,
not just run. The network, your mail and your configuration are not touched.

The store is thrown away at the end, unless --keep names a folder for it.`,
			[]string{"mailstow demo", "mailstow demo --keep /tmp/demo"}, exitOK, exitFailed, exitUsage, exitInterrupted),
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "keep", Usage: "put the store into `DIR` and leave it there"},
		},
		Action: a.demo,
	}
}

func (a *app) demo(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	dir, cleanup, err := demoFolder(c)
	if err != nil {
		return err
	}
	defer cleanup()
	path := filepath.Join(dir, "mail.db")
	if _, err := os.Lstat(path); err == nil {
		return usage(fmt.Sprintf("%s is already there", path), "name another folder with --keep")
	}
	server, err := demo.Start()
	if err != nil {
		return err
	}
	defer server.Close()
	store, err := a.openWriter(c.Context, path, true)
	if err != nil {
		return err
	}
	began := a.now()
	s := &show{app: a, server: server, store: store, acct: demoAccount(server)}
	if err := errors.Join(s.perform(c.Context), store.Close()); err != nil {
		return fmt.Errorf("demo, step %d: %w", s.step, err)
	}
	a.say("\nEvery step was checked, in %.1f s.\n", a.now().Sub(began).Seconds())
	a.whatNext(c.String("keep"), path)
	return nil
}

// demoFolder is where the store goes, and what is to be done with it afterwards.
func demoFolder(c *cli.Context) (string, func(), error) {
	dir := c.String("keep")
	if c.IsSet("keep") {
		if dir == "" {
			return "", nil, usage("--keep needs a folder", "")
		}
		return dir, func() {}, os.MkdirAll(dir, 0o700)
	}
	dir, err := os.MkdirTemp("", "mailstow-demo-*")
	return dir, func() { os.RemoveAll(dir) }, err
}

func demoAccount(server *demo.Server) mailsync.Account {
	cfg := remote.Config{
		Host: server.Host, Port: server.Port, Security: remote.Plain, User: demo.User,
		Password: func(context.Context) (string, error) { return demo.Password, nil },
	}
	return mailsync.Account{Name: "demo", URL: server.URL(),
		Dial: func(ctx context.Context) (*remote.Conn, error) { return remote.Dial(ctx, cfg) }}
}

// say tells the story; here it is what was asked for, so it goes to stdout.
func (a *app) say(format string, args ...any) {
	if !a.ui.quiet {
		fmt.Fprintf(a.stdout, format+"\n", args...)
	}
}

func (a *app) whatNext(keep, path string) {
	if keep != "" {
		path = shellWord(path)
		a.say("The store stays at %s; look around:\n", path)
		a.say("  mailstow --store %[1]s list INBOX\n  mailstow --store %[1]s move --folder INBOX --unseen Archive/2024\n  mailstow --store %[1]s pending\n  mailstow --store %[1]s verify\n  sqlite3 %[1]s 'SELECT folder, date, sender, subject FROM mail LIMIT 10'\n", path)
	}
	a.say("Your own mail, next (nothing on the server is changed):\n")
	a.say("  mailstow add home imaps://you%%40example.org@imap.example.org\n  mailstow sync\n  mailstow list INBOX")
}

// shellWord quotes a path where a shell would take it apart.
func shellWord(path string) string {
	if !strings.ContainsFunc(path, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-+:@", r)
	}) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
