package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mailstow/sync/plan"
)

func TestParseURL(t *testing.T) {
	for in, want := range map[string]Endpoint{
		"imaps://me%40example.org@imap.example.org": {TLS, "me@example.org", "imap.example.org", 993},
		"imaps://me@example.org@imap.example.org/":  {TLS, "me@example.org", "imap.example.org", 993},
		"imap://me@Host":                {StartTLS, "me", "host", 143},
		"imap+insecure://me@[::1]:1143": {Plain, "me", "::1", 1143},
		"IMAPS://dom%5Cme@h:10993":      {TLS, `dom\me`, "h", 10993},
	} {
		got, err := ParseURL(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got != want {
			t.Errorf("%s = %+v, want %+v", in, got, want)
		}
		if again, err := ParseURL(got.String()); err != nil || again != got {
			t.Errorf("%s does not survive: %s, %v", in, got, err)
		}
	}
}

func TestParseURLRefused(t *testing.T) {
	for in, want := range map[string]string{
		"imaps://me:secret@h":       "holds a password",
		"imaps://me:@h":             "holds a password",
		"https://me@h":              `scheme is "https"`,
		"imaps://h":                 "names no user",
		"imaps://me@":               "names no host",
		"imaps://me@h:0":            "port is not between",
		"imaps://me@h:99999":        "port is not between",
		"imaps://me@h/INBOX":        "something follows the host",
		"imaps://me@h?x=1":          "something follows the host",
		"imaps://me%0d%0aA1@h":      "control character",
		"imaps://me:sec/ret@h:port": "not a valid URL",
		"imaps://m%zze@h":           "not a valid URL",
	} {
		_, err := ParseURL(in)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", in, err, want)
		} else if strings.Contains(err.Error()+err.(*Error).Hint, "sec") && strings.Contains(in, "sec") {
			t.Errorf("%s: the error gives the password away: %v", in, err)
		}
	}
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{"localhost": true, "127.0.0.1": true, "127.8.8.8": true, "::1": true, "localhost.evil.org": false, "10.0.0.1": false} {
		if got := (Endpoint{Host: host}).Loopback(); got != want {
			t.Errorf("%s: %v", host, got)
		}
	}
}

const good = `# my mail
[account.work]
url = "imaps://me%40example.org@imap.example.org"
password-command = ["pass", "show", "mail/work"]
folders = ["INBOX", "Archive/*", "!Archive/Spam"]
max-deletes = "50%"
timeout = "90s"
store = "work.db"

[account."a.b@c"]
url = "imap://me@h"
keyring = true
max-deletes = 7
read-only = true
`

func TestParse(t *testing.T) {
	c, err := parse("/etc/x/config.toml", good)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"work", "a.b@c"}, c.Names()); diff != "" {
		t.Error(diff)
	}
	work, _ := c.Find("work")
	if work.Store != "/etc/x/work.db" || time.Duration(work.Timeout) != 90*time.Second || work.MaxDeletes.String() != "50%" {
		t.Errorf("%+v", work)
	}
	other, _ := c.Find("a.b@c")
	if other.Keyring != DefaultService || other.MaxDeletes.String() != "7" || !other.ReadOnly || other.Endpoint.Scheme != StartTLS {
		t.Errorf("%+v", other)
	}
	if other.MaxDeletes.Limit == (plan.Limit{}) {
		t.Error("max-deletes was lost")
	}
}

func TestParseErrors(t *testing.T) {
	for _, tc := range []struct{ text, want, hint string }{
		{"[account.a]\nurl = \"imaps://me@h\"\npasword-file = \"x\"\n", `f:3: unknown key "account.a.pasword-file"`, `did you mean "password-file"?`},
		{"[acount.a]\nurl = \"imaps://me@h\"\n", `f:1: unknown key "acount"`, `did you mean "account"?`},
		{"[account.a]\nurl = \"imaps://me@h\"\nzzz = 1\n", `f:3: unknown key "account.a.zzz"`, "known here: url, password-command"},
		{"[account.a]\nurl = imaps\n", "f:2: ", "mailstow add --help"},
		{"[account.a]\nurl = 7\n", "f:2: account.a.url: incompatible types", ""},
		{"[account.a]\nread-only = true\n", "f:1: account a: it has no url", "url ="},
		{"\n[account.a]\nurl = \"imaps://me:pw@h\"\n", "f:2: account URL: it holds a password", "leave it out"},
		{"[account.\"a b\"]\nurl = \"imaps://me@h\"\n", `account name "a b"`, ""},
		{"[account.a]\nurl = \"imaps://me@h\"\npassword = \"x\"\nkeyring = true\n", "more than once", "keep one of"},
		{"[account.a]\nurl = \"imaps://me@h\"\nmax-deletes = \"lots\"\n", `f:3: account.a.max-deletes: limit of deletions "lots"`, ""},
		{"[account.a]\nurl = \"imaps://me@h\"\ntimeout = \"0s\"\n", `timeout "0s"`, ""},
		{"[account.a]\nurl = \"imaps://me@h\"\nfingerprint = \"ab:cd\"\n", `fingerprint "ab:cd"`, "doctor"},
		{"[account.a]\nurl = \"imaps://me@h\"\nfingerprint-only = true\n", "accepts nobody", ""},
		{"[account.a]\nurl = \"imap+insecure://me@h\"\nca-file = \"x\"\n", "no certificate to check", ""},
	} {
		_, err := parse("f", tc.text)
		if err == nil {
			t.Errorf("accepted: %s", tc.text)
			continue
		}
		if !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.(*Error).Hint, tc.hint) {
			t.Errorf("%s\n got %v (%s)\nwant %s (%s)", tc.text, err, err.(*Error).Hint, tc.want, tc.hint)
		}
	}
}

func TestAdd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "config.toml")
	first := Account{Name: "one", URL: "imaps://me@h", PasswordCommand: []string{"pass", `a "b"`}}
	if err := Add(path, first); err != nil {
		t.Fatal(err)
	}
	handWritten := "# a comment that stays\n"
	text, _ := os.ReadFile(path)
	if err := os.WriteFile(path, append([]byte(handWritten), text...), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Add(path, Account{Name: "two.x", URL: "imap://me@h", Keyring: "svc"}); err != nil {
		t.Fatal(err)
	}
	text, _ = os.ReadFile(path)
	want := handWritten + "[account.one]\nurl = \"imaps://me@h\"\npassword-command = [\"pass\", \"a \\\"b\\\"\"]\n\n" +
		"[account.\"two.x\"]\nurl = \"imap://me@h\"\nkeyring = \"svc\"\n"
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if err := Add(path, Account{Name: "one", URL: "imap://me@h"}); err == nil {
		t.Error("a second table of the same name was written")
	}
}

func TestLoadRefusesReadableSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	text := "[account.a]\nurl = \"imaps://me@h\"\npassword = \"x\"\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "mode 0644") {
		t.Errorf("got %v", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err != nil {
		t.Error(err)
	}
	if c, err := Load(path + ".absent"); err != nil || len(c.Accounts) != 0 {
		t.Errorf("absent file: %v %v", c, err)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"sync", "status", "folders", "list", "show"}
	for in, want := range map[string]string{"snyc": "sync", "stat": "status", "folder": "folders", "xyzzy": "", "shwo": "show"} {
		if got := Nearest(in, known); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
