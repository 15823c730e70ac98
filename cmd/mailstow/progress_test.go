package main

import (
	"strings"
	"testing"

	"github.com/rivo/uniseg"
)

// A line wider than the terminal left a new one behind with each step.
func TestDescriptionFitsTheTerminal(t *testing.T) {
	const long = "10000/30000 messages, 400 MB of 1.2 GB"
	for _, tc := range []struct {
		columns int
		want    string
	}{
		{0, "work Ein sehr langer Na… " + long},
		{200, "work Ein sehr langer Na… " + long},
		{90, "work Ein seh… " + long},
		{80, "work Ein sehr langer Na… 10000/30000"},
		{60, "work Ein … 10000/30000"},
	} {
		got := description(tc.columns, "work", "Ein sehr langer Name einer Mailbox", "10000/30000", long)
		if got != tc.want {
			t.Errorf("%d columns: %q, want %q", tc.columns, got, tc.want)
		}
		if n := uniseg.StringWidth(got) + barTail; tc.columns > 0 && n > tc.columns {
			t.Errorf("%d columns: the line has %d", tc.columns, n)
		}
	}
	if got := description(80, "work", "\x1b[2J", "1/2", ""); strings.Contains(got, "\x1b") {
		t.Errorf("%q", got)
	}
}
