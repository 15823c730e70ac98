package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/BurntSushi/toml"
)

// Config is the whole file.
type Config struct {
	Path     string
	Accounts []Account // in the order of the file
}

// Error is a mistake in the file or in a URL: what and where, and what next.
type Error struct {
	File string
	Line int // 0 = unknown
	Text string
	Hint string
}

func (e *Error) Error() string {
	switch {
	case e.File == "":
		return e.Text
	case e.Line == 0:
		return e.File + ": " + e.Text
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
}

type file struct {
	Account map[string]Account `toml:"account"`
}

// Load reads and checks the file. A file that does not exist is an empty one.
func Load(path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Config{Path: path}, nil
	}
	if err != nil {
		return nil, &Error{File: path, Text: reason(err), Hint: "make it readable, or name another one with --config"}
	}
	c, err := parse(path, string(text))
	if err != nil {
		return nil, err
	}
	return c, c.checkSecrets()
}

func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

func parse(path, text string) (*Config, error) {
	var f file
	md, err := toml.Decode(text, &f)
	if err != nil {
		return nil, syntaxError(path, err)
	}
	if keys := md.Undecoded(); len(keys) > 0 {
		return nil, unknownKey(path, text, keys[0])
	}
	c := &Config{Path: path}
	for _, key := range md.Keys() {
		if len(key) != 2 || key[0] != "account" {
			continue
		}
		a := f.Account[key[1]]
		a.Name = key[1]
		if err := a.check(); err != nil {
			return nil, locate(err, path, line(text, key))
		}
		a.resolve(filepath.Dir(path))
		c.Accounts = append(c.Accounts, a)
	}
	return c, nil
}

func syntaxError(path string, err error) error {
	e := &Error{File: path, Text: err.Error(), Hint: "see `mailstow add --help` for what an account looks like"}
	var p toml.ParseError
	if errors.As(err, &p) {
		e.Line, e.Text = p.Position.Line, p.Message
		if p.LastKey != "" {
			e.Text = p.LastKey + ": " + p.Message
		}
	} else if m := typeError.FindStringSubmatch(e.Text); m != nil {
		e.Line, _ = strconv.Atoi(m[1])
		e.Text = m[2] + ": " + m[3]
	}
	return e
}

// typeError takes apart what the TOML package gives as text only.
var typeError = regexp.MustCompile(`^toml: line (\d+) \(last key "(.*)"\): (.*)$`)

// locate adds file and line to an Error.
func locate(err error, path string, line int) error {
	var e *Error
	if errors.As(err, &e) {
		return &Error{File: path, Line: line, Text: e.Text, Hint: e.Hint}
	}
	return &Error{File: path, Line: line, Text: err.Error()}
}

// maxConnections is what servers allow a user at once; Gmail has 15.
const maxConnections = 16

// check validates one account and fills in its endpoint.
func (a *Account) check() (err error) {
	if err = CheckName(a.Name); err != nil {
		return err
	}
	if a.URL == "" {
		return a.wrong("it has no url", `add url = "imaps://user@host"`)
	}
	if a.Endpoint, err = ParseURL(a.URL); err != nil {
		return err
	}
	sources := 0
	for _, set := range []bool{len(a.PasswordCommand) > 0, len(a.TokenCommand) > 0, a.PasswordFile != "", a.Keyring != "", a.Password != ""} {
		if set {
			sources++
		}
	}
	switch {
	case sources > 1:
		return a.wrong("it says more than once where its password is", "keep one of password-command, password-file, keyring, password, token-command")
	case a.Connections < 0 || a.Connections > maxConnections:
		return a.wrong(fmt.Sprintf("connections must be from 1 to %d", maxConnections), "servers allow some 10 to 20 of a user at once")
	case a.FingerprintOnly && a.Fingerprint == "":
		return a.wrong("fingerprint-only without a fingerprint accepts nobody", "add fingerprint, or drop fingerprint-only")
	case a.Endpoint.Scheme == Plain && (a.Fingerprint != "" || a.CAFile != ""):
		return a.wrong("imap+insecure:// has no certificate to check", "use imaps:// or imap://, or drop fingerprint and ca-file")
	}
	if err := a.CheckMechanism(); err != nil {
		return err
	}
	return CheckFingerprint(a.Fingerprint)
}

func (a *Account) wrong(text, hint string) error {
	return &Error{Text: fmt.Sprintf("account %s: %s", a.Name, text), Hint: hint}
}

// checkSecrets refuses a file with a password that others can read.
func (c *Config) checkSecrets() error {
	for _, a := range c.Accounts {
		if a.Password != "" {
			return OwnerOnly(c.Path)
		}
	}
	return nil
}

// OwnerOnly refuses a file that holds a secret and that group or others may
// read or write.
func OwnerOnly(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return &Error{File: path, Text: reason(err)}
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return &Error{
			File: path,
			Text: fmt.Sprintf("it holds a password and others may read it (mode %04o)", mode),
			Hint: fmt.Sprintf("chmod 600 %s", path),
		}
	}
	return nil
}

// Find returns the account of that name.
func (c *Config) Find(name string) (Account, bool) {
	for _, a := range c.Accounts {
		if a.Name == name {
			return a, true
		}
	}
	return Account{}, false
}

// Names lists the accounts.
func (c *Config) Names() []string {
	names := make([]string, len(c.Accounts))
	for i, a := range c.Accounts {
		names[i] = a.Name
	}
	return names
}
