package config

import (
	"strings"
	"testing"

	"mailstow/sync/remote"
)

func TestCompress(t *testing.T) {
	const head = "[account.a]\nurl = \"imaps://me@h\"\n"
	for text, want := range map[string]remote.Compress{
		"": remote.CompressAuto, `compress = "auto"`: remote.CompressAuto, `compress = "on"`: remote.CompressOn, `compress = "off"`: remote.CompressOff,
	} {
		c, err := parse("f", head+text)
		if err != nil || c.Accounts[0].Compress.Compress != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{`compress = "yes"`, `compress = true`} {
		if _, err := parse("f", head+text); err == nil || !strings.Contains(err.Error(), "f:3: account.a.compress") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
