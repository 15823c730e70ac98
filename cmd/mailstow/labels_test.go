package main

import (
	"strings"
	"testing"
	"time"

	"mailstow/cmd/mailstow/mailview"
	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
)

// Labels are shown where a server has them, cleaned for a terminal; elsewhere no
// script finds a field that means nothing.
func TestLabelsAreShown(t *testing.T) {
	for _, test := range []struct{ labels, json, shown string }{
		{"", `"present"}`, ""},
		{"[]", `"present","labels":[]}`, ""},
		{localstore.LabelText([]string{"Work/a b", `\Inbox`, "esc\x1b[2J"}), `"present","labels":["Work/a b","\\Inbox","esc\u001b[2J"]}`,
			"Labels: Work/a b, \\Inbox, esc"},
	} {
		mail := localstore.Mail{State: localstore.StatePresent, Labels: test.labels}
		var b strings.Builder
		if err := term.WriteJSON(&b, newMailJSON(mail)); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(strings.TrimSpace(b.String()), test.json) {
			t.Errorf("%s: %s", test.labels, b.String())
		}
		text := render(mail, &mailview.View{}, &app{host: host{now: time.Now}})
		if !strings.Contains(text, test.shown) || strings.Contains(text, "Labels") != (test.shown != "") || strings.Contains(text, "\x1b") {
			t.Errorf("%s: %q", test.labels, text)
		}
	}
}
