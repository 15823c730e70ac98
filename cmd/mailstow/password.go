package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	xterm "golang.org/x/term"

	"mailstow/cmd/mailstow/config"
	"mailstow/cmd/mailstow/term"
)

// password finds the secret of an account: for a configured one where the
// account says, for a URL in MAILSTOW_PASSWORD, else in the keyring; a person
// at a terminal is asked when there is nothing else. It is called before the
// first connection and its result kept for the next ones.
func (a *app) password(ctx context.Context, acct account) (string, error) {
	secret, err := a.findPassword(ctx, acct)
	if err != nil {
		return "", err
	}
	if secret == "" {
		what := "password"
		if len(acct.TokenCommand) > 0 {
			what = "token"
		}
		return "", usage(fmt.Sprintf("account %s: the %s is empty", acct.Name, what), fmt.Sprintf("look at what the account's %s setting gives", what))
	}
	return secret, nil
}

func (a *app) findPassword(ctx context.Context, acct account) (string, error) {
	env := a.getenv("MAILSTOW_PASSWORD")
	switch {
	case len(acct.TokenCommand) > 0:
		return a.secretCommand(ctx, acct, "token-command", acct.TokenCommand)
	case acct.byURL && env != "":
		return env, nil
	case len(acct.PasswordCommand) > 0:
		return a.secretCommand(ctx, acct, "password-command", acct.PasswordCommand)
	case acct.PasswordFile != "":
		return passwordFile(acct)
	case acct.Password != "":
		return acct.Password, nil
	case acct.Keyring != "":
		return a.passwordKeyring(acct)
	}
	if acct.byURL && acct.unnamed {
		if secret, err := a.keyring.Get(config.DefaultService, acct.Endpoint.Login()); err == nil {
			return secret, nil
		}
	}
	return a.prompt(ctx, acct)
}

// secretCommand runs the command of a setting, without a shell, and takes the first
// line it prints. What it says on stderr is for the user (gpg asks there).
func (a *app) secretCommand(ctx context.Context, acct account, key string, argv []string) (string, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stderr = a.stderr
	if f, ok := a.stdin.(*os.File); ok {
		cmd.Stdin = f
	}
	var out bytes.Buffer
	cmd.Stdout = &out
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, os.ErrNotExist):
		return "", usage(fmt.Sprintf("account %s: %s: %s is not installed or not on the PATH", acct.Name, key, argv[0]),
			key+" is a list of words, not a shell line: [\"pass\", \"show\", \"mail/work\"]")
	case err != nil:
		return "", usage(fmt.Sprintf("account %s: %s %s failed: %v", acct.Name, key, argv[0], err),
			"run the command by hand and see what it says")
	}
	return firstLine(&out), nil
}

func passwordFile(acct account) (string, error) {
	var e *config.Error
	if err := config.OwnerOnly(acct.PasswordFile); errors.As(err, &e) {
		return "", usage(fmt.Sprintf("account %s: password-file %v", acct.Name, e), e.Hint)
	}
	f, err := os.Open(acct.PasswordFile)
	if err != nil {
		return "", usage(fmt.Sprintf("account %s: password-file: %v", acct.Name, err), "")
	}
	defer f.Close()
	return firstLine(f), nil
}

func firstLine(r io.Reader) string {
	line, _ := bufio.NewReader(io.LimitReader(r, 64<<10)).ReadString('\n')
	return strings.TrimRight(line, "\r\n")
}

func (a *app) passwordKeyring(acct account) (string, error) {
	secret, err := a.keyring.Get(string(acct.Keyring), acct.Endpoint.Login())
	if errors.Is(err, errNoSecret) {
		return "", usage(fmt.Sprintf("account %s: the keyring has no entry for service %s, user %s", acct.Name, acct.Keyring, acct.Endpoint.Login()),
			fmt.Sprintf("add one, for instance: secret-tool store --label=mailstow service %s username %s", acct.Keyring, acct.Endpoint.Login()))
	}
	if err != nil {
		return "", usage(fmt.Sprintf("account %s: the keyring does not answer: %v", acct.Name, err),
			"unlock it; from cron, where there is none, use password-command or password-file")
	}
	return secret, nil
}

// prompt asks, if there is somebody to ask.
func (a *app) prompt(ctx context.Context, acct account) (string, error) {
	in, ok := a.stdin.(*os.File)
	if !ok || !xterm.IsTerminal(int(in.Fd())) || !a.ui.tty {
		return "", noPassword(acct)
	}
	fmt.Fprint(a.stderr, term.Clean(fmt.Sprintf("password for %s: ", acct.Endpoint.Login())))
	defer fmt.Fprintln(a.stderr)
	secret, err := readSecret(ctx, int(in.Fd()))
	if err == nil && secret == "" {
		err = usage(fmt.Sprintf("account %s: no password was typed", acct.Name), "")
	}
	return secret, err
}

var errNobodyToAsk = errors.New("nobody to ask")

func noPassword(acct account) error {
	hint := "set MAILSTOW_PASSWORD, or use `mailstow add` to configure the account"
	if !acct.unnamed {
		hint = "add password-command, password-file or keyring to the account"
	}
	return &problem{code: exitUsage, text: fmt.Sprintf("account %s: no password, and no terminal to ask for it", acct.Name),
		hint: hint, err: errNobodyToAsk}
}

// readSecret reads a line without echo. An interrupt gives the terminal its
// echo back; the read itself cannot be stopped and ends with the process.
func readSecret(ctx context.Context, fd int) (string, error) {
	state, err := xterm.GetState(fd)
	if err != nil {
		return "", err
	}
	type answer struct {
		secret []byte
		err    error
	}
	done := make(chan answer, 1)
	go func() {
		secret, err := xterm.ReadPassword(fd)
		done <- answer{secret, err}
	}()
	select {
	case got := <-done:
		return string(got.secret), got.err
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), xterm.Restore(fd, state))
	}
}
