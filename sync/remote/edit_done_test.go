package remote_test

import (
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"mailstow/sync/remote"
)

// What came of the edits in a mailbox is told before the server has carried out those
// in the others.
func TestEditTellsEachMailboxWhenItIsDone(t *testing.T) {
	edits := func(known map[imap.UID]remote.Fingerprint) (all []remote.Edits) {
		for _, raw := range []string{"a", "b", "c"} {
			all = append(all, remote.Edits{Raw: raw, UIDValidity: 7, Known: known, Store: []remote.Change{add("x", 1)}})
		}
		return all
	}
	var slow, swift []exchange
	for _, box := range []string{"a", "b", "c"} {
		slow = append(slow, exchange{`SELECT "` + box + `"`, era(7)}, exchange{"UID STORE 1 ", ""})
		swift = append(swift, proven(box, "UID 1 "+key(1), " ALL 1", "+FLAGS.SILENT (x)")...)
	}
	for _, tc := range []struct {
		name, caps string
		edits      []remote.Edits
		script     []exchange
	}{
		{"one by one", "", edits(nil), slow},
		{"in one flight", "SEARCHRES ESEARCH", edits(known(1)), swift},
	} {
		t.Run(tc.name, func(t *testing.T) {
			told := make(chan int, len(tc.edits))
			var before []int
			start := session
			if tc.caps != "" {
				start = distantSession
			}
			c := start(t, tc.caps, func(p *peer) {
				for i, x := range tc.script {
					tag := p.exactly(x.want)
					for i == len(tc.script)-1 && len(before) < 2 {
						select {
						case n := <-told:
							before = append(before, n)
						case <-time.After(long / 4):
							t.Error("nothing is told before the last mailbox is done")
							return
						}
					}
					p.reply(tag, x.data)
				}
				p.wait()
			})
			out, err := c.Edit(t.Context(), tc.edits, nil, func(i int, e remote.Edited) {
				if rendered(e) != "store done 1" {
					t.Errorf("%d: %s", i, rendered(e))
				}
				told <- i
			})
			if err != nil || len(out) != 3 || !slices.Equal(before, []int{0, 1}) || len(told) != 1 || <-told != 2 {
				t.Errorf("%v before the last, %v", before, err)
			}
		})
	}
}
