package config

import (
	"strings"
	"testing"
)

// FuzzURL: a URL that is accepted survives being written, and none that holds a
// password shows it.
func FuzzURL(f *testing.F) {
	for _, s := range []string{"imaps://me%40example.org@imap.example.org", "imap://me@h:143/", "imap+insecure://me@[::1]:1143", "imaps://me:hunter2@h", "imaps://m%zze@h", "imaps://%00@h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := ParseURL(s)
		if err == nil {
			if again, err := ParseURL(e.String()); err != nil || again != e {
				t.Fatalf("%q is %+v, which is %+v, %v", s, e, again, err)
			}
			return
		}
		const secret = "hunter2"
		_, err = ParseURL("imaps://me:" + secret + "@" + s)
		if err == nil || strings.Contains(err.Error()+err.(*Error).Hint, secret) && !strings.Contains(s, secret) {
			t.Fatalf("%q: %v", s, err)
		}
	})
}

// FuzzConfig: any file is read or refused with a reason.
func FuzzConfig(f *testing.F) {
	f.Add("[account.a]\nurl = \"imaps://me@h\"\nmax-message = \"2GiB\"\ntimeout = \"60s\"\n")
	f.Add("[account.a]\nurl = \"x\"\n")
	f.Add("[account]\na = 1\n")
	f.Add("account.a.url = \"imaps://me@h\"\naccount.a.what = 3")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := parse("f", text); (c == nil) == (err == nil) || err != nil && err.Error() == "" {
			t.Fatalf("%q: %v, %v", text, c, err)
		}
	})
}
