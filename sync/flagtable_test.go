package sync

import (
	"fmt"
	"testing"

	"github.com/emersion/go-imap/v2"
)

// Flags made up for every message do not stay in memory; they are right all the same.
func TestFlagTableIsBounded(t *testing.T) {
	table := flagTable{}
	for i := range 3 * maxFlagTable {
		flag := fmt.Sprint("f", i)
		if got := table.set([]imap.Flag{imap.Flag(flag), "a"}); string(got) != "a "+flag {
			t.Fatalf("%q", got)
		}
		if got := table.text(flag); string(got) != flag {
			t.Fatalf("%q", got)
		}
	}
	if len(table) > maxFlagTable {
		t.Errorf("%d sets are kept", len(table))
	}
}
