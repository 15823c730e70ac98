package config

import (
	"strings"
	"testing"
)

func TestSize(t *testing.T) {
	const head = "[account.a]\nurl = \"imaps://me@h\"\n"
	for text, want := range map[string]Size{
		"150MB": 150e6, "2GiB": 2 << 30, "1.5 gb": 15e8, "1000000": 1e6, "64 KiB": 64 << 10, "900b": 900, "1e6": 1e6,
	} {
		c, err := parse("f", head+`max-message = "`+text+`"`)
		if err != nil || c.Accounts[0].MaxMessage != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"", "MB", "-1MB", "0", "0.1b", "1TBx", "NaN", "Inf", "1e300", "2000000GiB"} {
		if _, err := parse("f", head+`max-message = "`+text+`"`); err == nil || !strings.Contains(err.Error(), "f:3: account.a.max-message") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if c, err := parse("f", head); err != nil || c.Accounts[0].MaxMessage != 0 {
		t.Error(err)
	}
}
