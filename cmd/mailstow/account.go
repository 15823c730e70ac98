package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mailstow/cmd/mailstow/config"
	"mailstow/sync/remote"
)

// account is one to work with.
type account struct {
	config.Account
	byURL   bool // named by its URL on the command line
	unnamed bool // and not configured: Name is made from the URL
}

// argument is how the user names the account on the command line.
func (acct account) argument() string {
	if acct.unnamed {
		return acct.Endpoint.String()
	}
	return acct.Name
}

func (a *app) defaultConfig() string {
	return filepath.Join(a.xdg("XDG_CONFIG_HOME", ".config"), "mailstow", "config.toml")
}

// xdg finds a base directory (XDG Base Directory Specification; a relative
// path in the variable is to be ignored).
func (a *app) xdg(variable, fallback string) string {
	if dir := a.getenv(variable); filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(a.home(), fallback)
}

// home is $HOME, or what the system says where a service manager sets none.
func (a *app) home() string {
	if dir := a.getenv("HOME"); dir != "" {
		return dir
	}
	if u, err := user.Current(); err == nil {
		return u.HomeDir
	}
	return "."
}

// accounts resolves names and URLs; no argument means all that are configured.
func (a *app) accounts(args []string) ([]account, error) {
	c, err := config.Load(a.config)
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		args = c.Names()
	}
	if len(args) == 0 {
		return nil, usage("no account is configured", "mailstow add NAME imaps://user@host, or give a URL instead of a name")
	}
	var accounts []account
	for _, arg := range args {
		acct, err := resolve(c, arg)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(accounts, func(b account) bool { return b.Name == acct.Name }) {
			accounts = append(accounts, acct)
		}
	}
	return accounts, nil
}

// account resolves the one account that a command works on: the argument, or
// the only one configured.
func (a *app) account(args []string) (account, error) {
	if len(args) > 1 {
		return account{}, usage("one account at a time", "")
	}
	accounts, err := a.accounts(args)
	if err != nil {
		return account{}, err
	}
	if len(accounts) > 1 {
		return account{}, usage("which account?", "name one of: "+names(accounts))
	}
	return accounts[0], nil
}

func names(accounts []account) string {
	var all []string
	for _, acct := range accounts {
		all = append(all, acct.Name)
	}
	return strings.Join(all, ", ")
}

// resolve finds an account by name, or by URL. A URL that is also configured
// means the configured account, so that its mail is not kept twice.
func resolve(c *config.Config, arg string) (account, error) {
	if !config.IsURL(arg) {
		if found, ok := c.Find(arg); ok {
			return account{Account: found}, nil
		}
		return account{}, unknownAccount(c, arg)
	}
	endpoint, err := config.ParseURL(arg)
	if err != nil {
		return account{}, err
	}
	for _, found := range c.Accounts {
		if found.Endpoint == endpoint {
			return account{Account: found, byURL: true}, nil
		}
	}
	acct := config.Account{Name: urlName(endpoint), URL: endpoint.String(), Endpoint: endpoint}
	return account{Account: acct, byURL: true, unnamed: true}, nil
}

// urlName names an account that has no name. An unusual port belongs to it: two
// tunnels on one host are two servers.
func urlName(e config.Endpoint) string {
	_, rest, _ := strings.Cut(e.String(), "://")
	return strings.Replace(rest, rest[:strings.LastIndex(rest, "@")], e.User, 1)
}

func unknownAccount(c *config.Config, name string) error {
	hint := "mailstow add NAME imaps://user@host"
	if near := nearest(name, c.Names()); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	} else if len(c.Accounts) > 0 {
		hint = "configured are: " + strings.Join(c.Names(), ", ")
	}
	return usage(fmt.Sprintf("no account %q in %s", name, c.Path), hint)
}

// remoteConfig says how to connect. The password is found before anything is
// sent, so that a missing one is told at once and nobody is asked twice.
func (a *app) remoteConfig(ctx context.Context, acct account) (remote.Config, error) {
	cfg, err := a.connection(acct)
	if err != nil {
		return cfg, err
	}
	secret, err := a.password(ctx, acct)
	a.credentials(&cfg, acct, secret)
	return cfg, err
}

// connection is remoteConfig without the password.
func (a *app) connection(acct account) (remote.Config, error) {
	a.warnPlain(acct)
	if err := checkCAFile(acct); err != nil {
		return remote.Config{}, err
	}
	timeout, err := a.timeout(acct)
	return remote.Config{
		Host: acct.Endpoint.Host, Port: acct.Endpoint.Port, Security: security(acct.Endpoint.Scheme),
		User:   acct.Endpoint.User,
		CAFile: acct.CAFile, Fingerprint: acct.Fingerprint, FingerprintOnly: acct.FingerprintOnly,
		Timeout: timeout, MaxMessage: int64(acct.MaxMessage), Mechanism: acct.Mechanism, Trace: a.trace, Compress: acct.Compress.Compress,
		ReadOnly: acct.ReadOnly,
		Notice:   func(text string) { a.notice(acct, text) },
	}, err
}

// checkCAFile finds mistakes in a setting before they look like those of a server.
func checkCAFile(acct account) error {
	if acct.CAFile == "" {
		return nil
	}
	text, err := os.ReadFile(acct.CAFile)
	switch {
	case err != nil:
		return usage(fmt.Sprintf("account %s: ca-file: %v", acct.Name, err), "")
	case !x509.NewCertPool().AppendCertsFromPEM(text):
		return usage(fmt.Sprintf("account %s: ca-file %s holds no certificate", acct.Name, acct.CAFile),
			"it takes PEM: text that begins with -----BEGIN CERTIFICATE-----")
	}
	return nil
}

// notice passes on what remote has to say. An ALERT must reach the user (RFC
// 9051 section 7.1); what was only repaired on the way is for who watches.
func (a *app) notice(acct account, text string) {
	if strings.HasPrefix(text, "server alert: ") {
		if _, said := a.alerts.LoadOrStore(acct.Name+" "+text, true); said {
			return // another connection of this run heard it
		}
		a.ui.warn("account %s: %s", acct.Name, text)
		return
	}
	a.ui.detail("%s: %s", acct.Name, text)
}

func security(scheme string) remote.Security {
	switch scheme {
	case config.StartTLS:
		return remote.StartTLS
	case config.Plain:
		return remote.Plain
	}
	return remote.ImplicitTLS
}

// timeout: MAILSTOW_TIMEOUT, else the account's, else remote's default.
func (a *app) timeout(acct account) (time.Duration, error) {
	env := a.getenv("MAILSTOW_TIMEOUT")
	if env == "" {
		return time.Duration(acct.Timeout), nil
	}
	d, err := config.ParseTimeout(env)
	if err != nil {
		return 0, usage("MAILSTOW_TIMEOUT: "+err.Error(), "")
	}
	return d, nil
}

func (a *app) warnPlain(acct account) {
	if acct.Endpoint.Scheme == config.Plain && !acct.Endpoint.Loopback() {
		what := "mail crosses"
		if acct.Mechanism != "" && !strings.HasPrefix(strings.ToUpper(acct.Mechanism), "SCRAM-") {
			what = "password and mail cross" // asked for by name
		}
		a.ui.warn("account %s: %s the network unencrypted", acct.Name, what)
		a.ui.hint("use imaps:// or imap:// instead of imap+insecure://")
	}
}
