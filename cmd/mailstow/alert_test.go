package main

import (
	"bytes"
	"strings"
	"testing"

	"mailstow/cmd/mailstow/config"
)

// An ALERT is shown once in a run, however many connections hear it, and whatever
// is in it stays in its line and away from the terminal (row 30).
func TestAlertOnce(t *testing.T) {
	var stderr bytes.Buffer
	h := host{stdout: &bytes.Buffer{}, stderr: &stderr}
	a := &app{host: h, ui: newUI(h)}
	for _, name := range []string{"work", "work", "home"} {
		a.notice(account{Account: config.Account{Name: name}}, "server alert: down at noon \x1b]0;owned\a\x1b[31m\r\nfrom your bank\u202e")
	}
	if strings.ContainsAny(stderr.String(), "\x1b\a\r\u202e") || strings.Count(stderr.String(), "\n") != 2 {
		t.Errorf("not cleaned: %q", stderr.String())
	}
	if n := strings.Count(stderr.String(), "down at noon"); n != 2 {
		t.Errorf("said %d times:\n%s", n, stderr.String())
	}
}
