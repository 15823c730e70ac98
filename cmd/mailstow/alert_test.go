package main

import (
	"bytes"
	"strings"
	"testing"

	"mailstow/cmd/mailstow/config"
)

// An ALERT is shown once in a run, however many connections hear it.
func TestAlertOnce(t *testing.T) {
	var stderr bytes.Buffer
	h := host{stdout: &bytes.Buffer{}, stderr: &stderr}
	a := &app{host: h, ui: newUI(h)}
	for _, name := range []string{"work", "work", "home"} {
		a.notice(account{Account: config.Account{Name: name}}, "server alert: down at noon")
	}
	if n := strings.Count(stderr.String(), "down at noon"); n != 2 {
		t.Errorf("said %d times:\n%s", n, stderr.String())
	}
}
