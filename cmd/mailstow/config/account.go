package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"mailstow/sync/plan"
)

// Account is one [account.NAME] table.
type Account struct {
	Name     string   `toml:"-"`
	Endpoint Endpoint `toml:"-"` // from URL

	URL string `toml:"url"`

	// Where the password comes from: one of these at most.
	PasswordCommand []string `toml:"password-command,omitempty"` // first line of its output
	PasswordFile    string   `toml:"password-file,omitempty"`    // first line; 0600 or refused
	Keyring         Keyring  `toml:"keyring,omitempty"`
	Password        string   `toml:"password,omitempty"` // this file must then be 0600

	TokenCommand []string `toml:"token-command,omitempty"` // prints an OAuth access token instead
	Mechanism    string   `toml:"mechanism,omitempty"`     // "" = the best one offered
	Compress     Compress `toml:"compress,omitempty"`      // 0 = auto

	Folders         []string `toml:"folders,omitempty"`
	ReadOnly        bool     `toml:"read-only,omitempty"`
	CAFile          string   `toml:"ca-file,omitempty"`
	Fingerprint     string   `toml:"fingerprint,omitempty"` // SHA-256 of certificate or key
	FingerprintOnly bool     `toml:"fingerprint-only,omitempty"`
	Store           string   `toml:"store,omitempty"`
	MaxDeletes      Limit    `toml:"max-deletes,omitempty"`
	Conflicts       Policy   `toml:"conflicts,omitempty"`
	Connections     int      `toml:"connections,omitzero"` // downloads at a time; 0 = the default
	MaxMessage      Size     `toml:"max-message,omitzero"` // octets; 0 = the default
	Timeout         Duration `toml:"timeout,omitzero"`     // silence timeout; 0 = the default
}

// DefaultService is the keyring service when the file says only "true".
const DefaultService = "mailstow"

// Keyring is the service name under which the password is kept; "" = not there.
type Keyring string

// UnmarshalText accepts true, false or a service name.
func (k *Keyring) UnmarshalText(text []byte) error {
	switch s := string(text); s {
	case "true":
		*k = DefaultService
	case "false":
		*k = ""
	default:
		*k = Keyring(s)
	}
	return nil
}

// Limit is plan.Limit in the file: N, "N%" or "off".
type Limit struct{ plan.Limit }

// UnmarshalText accepts what --max-deletes accepts.
func (l *Limit) UnmarshalText(text []byte) (err error) {
	l.Limit, err = plan.ParseLimit(string(text))
	return err
}

// Duration is a time.Duration in the file, such as "90s".
type Duration time.Duration

// UnmarshalText accepts positive durations.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := ParseTimeout(string(text))
	*d = Duration(v)
	return err
}

// ParseTimeout reads a silence timeout, such as 60s.
func ParseTimeout(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf(`timeout %q: want a positive duration such as "60s"`, s)
	}
	return d, nil
}

// CheckName tells why name cannot name an account. Names stand before a colon
// in account:folder and as words on the command line.
func CheckName(name string) error {
	if name == "" || strings.HasPrefix(name, "-") || strings.HasPrefix(name, ".") {
		return fmt.Errorf("account name %q: must start with a letter or a digit", name)
	}
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._@-", r) {
			return fmt.Errorf("account name %q: only letters, digits and ._@- may stand in it", name)
		}
	}
	return nil
}

// resolve makes the account's paths absolute: ~ is the home directory,
// anything relative starts at the directory of the configuration file.
func (a *Account) resolve(dir string) {
	for _, p := range []*string{&a.PasswordFile, &a.CAFile, &a.Store} {
		*p = expand(*p, dir)
	}
}

func expand(path, dir string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return filepath.Join(dir, path)
}
