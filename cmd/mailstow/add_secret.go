package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/config"
	"mailstow/cmd/mailstow/term"
)

// secretToAdd finds the password and notes where it comes from; where it is to
// be kept by us is for keepSecret, once it has been tried.
func (a *app) secretToAdd(c *cli.Context, acct *account) (string, error) {
	sources := 0
	for _, name := range []string{"password-command", "password-file", "keyring", "token-command"} {
		if c.IsSet(name) {
			sources++
		}
	}
	if sources > 1 {
		return "", usage("more than one place for the password", "keep one of --password-command, --password-file, --keyring, --token-command")
	}
	words, err := splitWords(c.String("password-command"))
	if err != nil || c.IsSet("password-command") && len(words) == 0 {
		return "", usage("--password-command: a quote is not closed, or there is no command", "")
	}
	acct.PasswordCommand = words
	if err := tokenToAdd(c, acct); err != nil {
		return "", err
	}
	if acct.PasswordFile, err = absolute(c.String("password-file")); err != nil {
		return "", err
	}
	acct.byURL = len(words) == 0 && acct.PasswordFile == "" && len(acct.TokenCommand) == 0 // MAILSTOW_PASSWORD counts
	secret, err := a.password(c.Context, *acct)
	if errors.Is(err, errNobodyToAsk) {
		err = usage(fmt.Sprintf("account %s: no password, and no terminal to ask for it", acct.Name),
			"use --password-command or --password-file, or set MAILSTOW_PASSWORD")
	}
	return secret, err
}

// splitWords splits a command into words: at blanks, except inside single or
// double quotes. There is no shell and nothing is expanded.
func splitWords(s string) ([]string, error) {
	var words []string
	var word strings.Builder
	quote, started := rune(0), false
	for _, r := range s {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, started = r, true
		case quote == 0 && (r == ' ' || r == '\t' || r == '\n'):
			if started {
				words = append(words, word.String())
			}
			word.Reset()
			started = false
		default:
			word.WriteRune(r)
			started = true
		}
	}
	if quote != 0 {
		return nil, errors.New("a quote is not closed")
	}
	if started {
		words = append(words, word.String())
	}
	return words, nil
}

// keepSecret keeps a password that was typed, or came from the environment. The
// function it returns takes back a file it made, for a run that fails later.
func (a *app) keepSecret(c *cli.Context, acct *account, secret string) (forget func(), err error) {
	forget = func() {}
	if !acct.byURL {
		return forget, nil
	}
	err = a.keyring.Set(config.DefaultService, acct.Endpoint.Login(), secret)
	if err == nil {
		acct.Keyring = config.DefaultService
		a.ui.say("password kept in the keyring, service %s", config.DefaultService)
		return forget, nil
	}
	if c.Bool("keyring") {
		return forget, &problem{code: exitFailed, text: fmt.Sprintf("the keyring does not take the password: %v", err),
			hint: "unlock it, or use --password-command or --password-file", err: err}
	}
	path, err := filepath.Abs(filepath.Join(filepath.Dir(a.config), acct.Name+".password"))
	if err != nil {
		return forget, err
	}
	if err := writeSecret(path, secret); err != nil {
		return forget, err
	}
	acct.PasswordFile = path
	a.ui.say("there is no keyring here; password kept in %s, which only you can read", path)
	return func() { os.Remove(path) }, nil
}

// writeSecret makes a new file for the owner alone; an existing one stays, and
// half a one does not.
func writeSecret(path, secret string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return usage(fmt.Sprintf("%s exists already", term.Clean(path)), "remove it, or name it with --password-file")
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(secret + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(path)
	}
	return err
}
