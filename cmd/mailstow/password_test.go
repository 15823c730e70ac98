package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/config"
)

// fakeKeyring is a keyring of one's own.
type fakeKeyring map[string]string

func (k fakeKeyring) Get(service, user string) (string, error) {
	if k == nil {
		return "", errors.New("locked")
	}
	if secret, ok := k[service+"/"+user]; ok {
		return secret, nil
	}
	return "", errNoSecret
}

func (k fakeKeyring) Set(service, user, password string) error {
	if k == nil {
		return errors.New("locked")
	}
	k[service+"/"+user] = password
	return nil
}

func testApp(t *testing.T, env map[string]string, ring keyring) (*app, *bytes.Buffer) {
	t.Helper()
	var stderr bytes.Buffer
	h := host{stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, stderr: &stderr, keyring: ring,
		getenv: func(name string) string { return env[name] }, now: func() time.Time { return day }}
	return &app{host: h, ui: newUI(h)}, &stderr
}

func TestPasswordSources(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "secret")
	if err := os.WriteFile(file, []byte("from file\r\nsecond line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	me := config.Endpoint{Scheme: config.TLS, User: "me", Host: "h", Port: 993}
	url := account{Account: config.Account{Name: "me@h", Endpoint: me}, byURL: true, unnamed: true}
	with := func(change func(*config.Account)) account {
		acct := account{Account: config.Account{Name: "work", Endpoint: me}}
		change(&acct.Account)
		return acct
	}
	ring := fakeKeyring{"mailstow/me@h": "from ring", "other/me@h": "from other"}
	env := map[string]string{"MAILSTOW_PASSWORD": "from env"}
	for _, tc := range []struct {
		name string
		acct account
		env  map[string]string
		ring keyring
		want string // or what the error says
	}{
		{"url: environment first", url, env, ring, "from env"},
		{"url: then the keyring", url, nil, ring, "from ring"},
		{"url: nothing", url, nil, fakeKeyring{}, "no password, and no terminal"},
		{"url: a locked keyring is like none", url, nil, fakeKeyring(nil), "no password, and no terminal"},
		{"name: the environment is for URLs", with(func(*config.Account) {}), env, ring, "no password, and no terminal"},
		{"command", with(func(a *config.Account) { a.PasswordCommand = []string{"printf", `from command\nnoise\n`} }), env, ring, "from command"},
		{"command without a shell", with(func(a *config.Account) { a.PasswordCommand = []string{"printf", "%s", "$HOME;x"} }), nil, ring, "$HOME;x"},
		{"file", with(func(a *config.Account) { a.PasswordFile = file }), env, ring, "from file"},
		{"table", with(func(a *config.Account) { a.Password = "from table" }), env, ring, "from table"},
		{"keyring", with(func(a *config.Account) { a.Keyring = "other" }), env, ring, "from other"},
		{"keyring without entry", with(func(a *config.Account) { a.Keyring = "none" }), env, ring, "no entry for service none, user me@h"},
		{"keyring locked", with(func(a *config.Account) { a.Keyring = "mailstow" }), env, fakeKeyring(nil), "does not answer: locked"},
		{"empty", with(func(a *config.Account) { a.PasswordCommand = []string{"true"} }), env, ring, "the password is empty"},
	} {
		a, _ := testApp(t, tc.env, tc.ring)
		got, err := a.password(context.Background(), tc.acct)
		if err != nil {
			if exitCode(explain(err)) != exitUsage {
				t.Errorf("%s: code %d", tc.name, exitCode(explain(err)))
			}
			got = err.Error()
		}
		if got != tc.want && (err == nil || !strings.Contains(got, tc.want)) {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestPasswordCommandIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a, _ := testApp(t, nil, fakeKeyring{})
	acct := account{Account: config.Account{Name: "work", PasswordCommand: []string{"sleep", "60"}}}
	if _, err := a.password(ctx, acct); exitCode(explain(err)) != exitInterrupted {
		t.Errorf("got %v", err)
	}
}

func TestSplitWords(t *testing.T) {
	for in, want := range map[string][]string{
		"pass show mail/work":  {"pass", "show", "mail/work"},
		`sh -c 'echo "a b"'`:   {"sh", "-c", `echo "a b"`},
		`a "" b`:               {"a", "", "b"},
		`  x"y z"w  `:          {"xy zw"},
		"":                     nil,
		`back\slash $HOME * ;`: {`back\slash`, "$HOME", "*", ";"},
	} {
		got, err := splitWords(in)
		if err != nil || strings.Join(got, "\x00") != strings.Join(want, "\x00") {
			t.Errorf("%s: %q, %v", in, got, err)
		}
	}
	if _, err := splitWords(`a 'b`); err == nil {
		t.Error("an open quote was accepted")
	}
}

// An add that failed after it had kept the password could not be repeated: the
// file was in its way.
func TestKeptPasswordIsTakenBack(t *testing.T) {
	a, _ := testApp(t, nil, fakeKeyring(nil))
	a.config = filepath.Join(t.TempDir(), "config.toml")
	acct := account{Account: config.Account{Name: "work"}, byURL: true}
	for range 2 {
		c := cli.NewContext(cli.NewApp(), flag.NewFlagSet("add", flag.ContinueOnError), nil)
		forget, err := a.keepSecret(c, &acct, "secret")
		if err != nil {
			t.Fatal(err)
		}
		forget()
	}
}
