package config

import (
	"strings"
	"testing"

	"mailstow/conflict"
)

func TestPolicy(t *testing.T) {
	const head = "[account.a]\nurl = \"imaps://me@h\"\n"
	for text, want := range map[string]conflict.Policy{
		"": conflict.Server, `conflicts = "server"`: conflict.Server, `conflicts = "local"`: conflict.Local, `conflicts = "both"`: conflict.Both,
	} {
		c, err := parse("f", head+text)
		if err != nil || c.Accounts[0].Conflicts.Policy != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{`conflicts = "mine"`, `conflicts = true`} {
		if _, err := parse("f", head+text); err == nil || !strings.Contains(err.Error(), "f:3: account.a.conflicts") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
