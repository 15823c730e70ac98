package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"mailstow/cmd/mailstow/config"
	"mailstow/sync/remote"
)

func (a *app) addCommand() *cli.Command {
	return &cli.Command{
		Name:      "add",
		Usage:     "test a login and write the account into the configuration",
		ArgsUsage: "NAME URL",
		Description: describe(`
URL is imaps://user@host (TLS, port 993), imap://user@host (STARTTLS required,
port 143) or imap+insecure://user@host (no encryption: for this machine only).
Write an @ in the user name as %40.

Say where the password comes from; it never goes on the command line. Without
any of the options it is asked for (or taken from MAILSTOW_PASSWORD) and kept in
the system's keyring, or, where there is none, in a file that only you can read.

The account is written as a table of the configuration file:

  [account.work]
  url = "imaps://me%40example.org@imap.example.org"
  password-command = ["pass", "show", "mail/work"]  # or password-file, keyring, password
  token-command = ["oauth2-tool", "me@example.org"] # or this: prints an OAuth access token
  mechanism = "PLAIN"                               # optional: instead of the best one offered
  folders = ["INBOX", "Archive/*", "!Archive/Spam"] # optional
  max-deletes = "50%"                               # optional, see sync --help
  conflicts = "local"                               # optional: server (usual), local or both win
  compress = "off"                                  # optional: on, off, or auto: on slow links
  timeout = "2m"                                    # optional: silence of the server
  connections = 4                                   # optional: how many download at a time where that pays; 2
  max-message = "2GiB"                              # optional: the longest message taken; 1GiB
  store = "/backup/work.db"                         # optional: a store of its own
  ca-file = "/etc/ssl/own-ca.pem"                   # optional
  fingerprint = "ab:cd:..."                         # optional: SHA-256 of certificate or key
  fingerprint-only = true                           # optional: trust it without a CA
  read-only = true                                  # optional: never change the server; edits wait`,
			[]string{`mailstow add work imaps://me%40example.org@imap.example.org --password-command "pass show mail/work"`,
				"mailstow add home imap://me@mail.home --ca-file ~/home-ca.pem --keyring"},
			exitOK, exitFailed, exitUsage, exitAuth, exitConnection, exitInterrupted),
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "password-command", Usage: "a `COMMAND` that prints the password; words are split at blanks, quotes keep them together"},
			&cli.StringFlag{Name: "token-command", Usage: "a `COMMAND` that prints an OAuth access token; it runs again for every new connection"},
			&cli.StringFlag{Name: "mechanism", Usage: "log in with this SASL `MECHANISM` instead of the best one offered"},
			&cli.StringFlag{Name: "password-file", Usage: "a `FILE` with the password in its first line; only you may read it"},
			&cli.BoolFlag{Name: "keyring", Usage: "keep the password in the system's keyring"},
			&cli.StringFlag{Name: "ca-file", Usage: "trust only the certificate authorities in this PEM `FILE`"},
			&cli.StringFlag{Name: "fingerprint", Usage: "require this SHA-256 of the server's certificate or key, `HEX`"},
			&cli.BoolFlag{Name: "fingerprint-only", Usage: "trust the fingerprint without a certificate authority"},
			&cli.StringSliceFlag{Name: "folder", Usage: "sync only folders that match `PATTERN`; may be repeated"},
		},
		Action: a.add,
	}
}

func (a *app) add(c *cli.Context) error {
	acct, err := a.readAccount(c)
	if err != nil {
		return err
	}
	secret, err := a.secretToAdd(c, &acct)
	if err != nil {
		return err
	}
	if err := a.tryLogin(c.Context, acct, secret); err != nil {
		return named(acct, err)
	}
	forget, err := a.keepSecret(c, &acct, secret)
	if err != nil {
		return err
	}
	if err := config.Add(a.config, acct.Account); err != nil {
		forget()
		return err
	}
	a.ui.say("account %s written to %s", acct.Name, a.config)
	a.ui.say("next: mailstow %ssync %s", a.configArgument(c), acct.Name)
	return nil
}

// configArgument names a configuration that is not in the usual place.
func (a *app) configArgument(c *cli.Context) string {
	if !c.IsSet("config") {
		return ""
	}
	return "--config " + shellWord(a.config) + " "
}

// readAccount checks everything that can be checked without the server.
func (a *app) readAccount(c *cli.Context) (account, error) {
	if c.NArg() != 2 {
		return account{}, usage("add takes a name and a URL", "for instance: mailstow add work imaps://me%40example.org@imap.example.org")
	}
	name, url := c.Args().Get(0), c.Args().Get(1)
	if config.IsURL(name) {
		return account{}, usage("the name comes first, then the URL", "for instance: mailstow add work "+shownURL(name))
	}
	if err := config.CheckName(name); err != nil {
		return account{}, usage(err.Error(), "")
	}
	endpoint, err := config.ParseURL(url)
	if err != nil {
		return account{}, err
	}
	existing, err := config.Load(a.config)
	if err != nil {
		return account{}, err
	}
	if _, taken := existing.Find(name); taken {
		return account{}, usage(fmt.Sprintf("account %q is in %s already", name, a.config), "choose another name, or edit the file")
	}
	acct := config.Account{Name: name, URL: endpoint.String(), Endpoint: endpoint,
		Fingerprint: c.String("fingerprint"), FingerprintOnly: c.Bool("fingerprint-only"), Mechanism: c.String("mechanism"), Folders: c.StringSlice("folder")}
	if err := config.CheckFingerprint(acct.Fingerprint); err != nil {
		return account{}, err
	}
	acct.CAFile, err = absolute(c.String("ca-file"))
	return account{Account: acct}, err
}

// shownURL gives a URL back only when it is a good one: a bad one may hold a
// password.
func shownURL(s string) string {
	if e, err := config.ParseURL(s); err == nil {
		return e.String()
	}
	return "imaps://user@host"
}

// absolute: in the configuration, paths start at the file's directory; on the
// command line they start here.
func absolute(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	return filepath.Abs(path)
}

func (a *app) tryLogin(ctx context.Context, acct account, secret string) error {
	cfg, err := a.connection(acct)
	if err != nil {
		return err
	}
	a.credentials(&cfg, acct, secret)
	conn, err := remote.Dial(ctx, cfg)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.Logout(ctx); err != nil {
		a.ui.detail("%s: logout: %v", acct.Name, err) // the login was proven before
	}
	a.ui.say("%s: login works", acct.Endpoint.Login())
	return nil
}
