package remote_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
)

// Every transcript of a real server goes through the whole stack: no panic, no
// hang, no complaint about the protocol where the server kept to it.
func TestTranscripts(t *testing.T) {
	all := transcripts()
	if len(all) == 0 {
		t.Skip("NOT TESTED: no transcripts: set MAILSTOW_CORPUS to the folder that holds them")
	}
	for name, text := range all {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			switch {
			case strings.Contains(name, "greeting"):
				c, err := remote.Dial(t.Context(), cannedConfig(text))
				if err == nil { // PREAUTH with capabilities: all there is to say
					c.Close()
					return
				}
				wantClass(t, err, remote.Connect, "EOF") // behind the greeting
			case strings.Contains(name, "/list-"), strings.Contains(name, "/status-"):
				list := hear(t, welcome+text+answers(2, 40))
				entries := strings.Count(text, "* LIST ") - strings.Count(text, `"/" ""`)
				if len(list) != entries {
					t.Errorf("%d mailboxes of %d entries: %+v", len(list), entries, list)
				}
			case strings.Contains(name, "/fetch"):
				replayFetch(t, text)
			default:
				hear(t, welcome+text)
			}
		})
	}
}

// replayFetch: no message of the transcript may be missing.
func replayFetch(t *testing.T, text string) {
	c, err := remote.Dial(t.Context(), cannedConfig(welcome+text))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	seen := map[imap.UID]bool{}
	err = c.Metadata(t.Context(), 1, 0, remote.Want{}, func(m remote.Meta) error { seen[m.UID] = true; return nil })
	want := map[string]bool{}
	for _, m := range regexp.MustCompile(`FETCH \(UID (\d+) FLAGS`).FindAllStringSubmatch(text, -1) {
		want[m[1]] = true
	}
	if len(seen) != len(want) || len(want) > 0 && err != nil {
		t.Errorf("%d messages of %d, %v", len(seen), len(want), err)
	}
}

// answers is the OK to the commands from first to last.
func answers(first, last int) string {
	var b strings.Builder
	for n := first; n <= last; n++ {
		fmt.Fprintf(&b, "M%d OK\r\n", n)
	}
	return b.String()
}
