package config

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// The schemes of an account's URL, those that aerc's users know.
const (
	TLS      = "imaps"         // TLS from the first byte, port 993
	StartTLS = "imap"          // STARTTLS required, port 143
	Plain    = "imap+insecure" // no encryption, port 143
)

var defaultPort = map[string]int{TLS: 993, StartTLS: 143, Plain: 143}

// Endpoint is where an account lives and who logs in.
type Endpoint struct {
	Scheme string // TLS, StartTLS or Plain
	User   string // decoded
	Host   string
	Port   int
}

// IsURL tells a URL from a configured name.
func IsURL(arg string) bool { return strings.Contains(arg, "://") }

// ParseURL reads imaps://user@host[:port]. Its errors never repeat the
// userinfo, which may hold a password.
func ParseURL(s string) (Endpoint, error) {
	u, err := url.Parse(s)
	if err != nil {
		return Endpoint{}, urlError("it is not a valid URL", "write @ in a user name as %40, and / as %2F")
	}
	if _, ok := defaultPort[u.Scheme]; !ok {
		return Endpoint{}, schemeError(u.Scheme)
	}
	if _, has := u.User.Password(); has {
		return Endpoint{}, urlError("it holds a password, which other users of this machine can see in the list of processes",
			"leave it out: use MAILSTOW_PASSWORD, or `mailstow add` with --password-command, --password-file or --keyring")
	}
	e := Endpoint{Scheme: u.Scheme, User: u.User.Username(), Host: strings.ToLower(u.Hostname()), Port: defaultPort[u.Scheme]}
	if err := e.check(u); err != nil {
		return Endpoint{}, err
	}
	return e, nil
}

func (e *Endpoint) check(u *url.URL) error {
	form := "write " + u.Scheme + "://user@host, with %40 for an @ in the user name"
	switch {
	case e.Host == "":
		return urlError("it names no host", form)
	case e.User == "":
		return urlError("it names no user", form)
	case strings.ContainsFunc(e.User, unicode.IsControl):
		return urlError("the user name holds a control character", form)
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return urlError("something follows the host", form+"; folders are chosen with --folder")
	}
	if u.Port() == "" {
		return nil
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil || port < 1 || port > 65535 {
		return urlError("its port is not between 1 and 65535", form)
	}
	e.Port = port
	return nil
}

func schemeError(scheme string) error {
	hint := "use imaps:// (TLS), imap:// (STARTTLS) or imap+insecure:// (no encryption)"
	return urlError(fmt.Sprintf("its scheme is %q", scheme), hint)
}

func urlError(text, hint string) error {
	return &Error{Text: "account URL: " + text, Hint: hint}
}

// String gives the canonical URL: the default port is left out.
func (e Endpoint) String() string {
	host := e.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if e.Port != defaultPort[e.Scheme] {
		host += ":" + strconv.Itoa(e.Port)
	}
	return e.Scheme + "://" + url.User(e.User).String() + "@" + host
}

// Login names the account for people, and in the keyring: user@host.
func (e Endpoint) Login() string { return e.User + "@" + e.Host }

// Loopback tells whether the host is this machine, where plaintext is harmless.
func (e Endpoint) Loopback() bool {
	ip := net.ParseIP(e.Host)
	return e.Host == "localhost" || ip != nil && ip.IsLoopback()
}
