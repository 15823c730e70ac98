package localstore

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// toldOnce are the columns in which a wrong bit may stay unseen: what a server, an owner
// or a clock said once, and nothing in the store repeats. None of it is mail, or says
// which mail there is, where, or with which flags.
var toldOnce = []string{
	"message.date", "message.zone", "message.size", // verify --remote compares them with the server
	"message.identity", "message.labels", "message.unlisted", // and the next listing tells them again
	"mailbox.name", "mailbox.delim", "mailbox.attrs", "mailbox.role", "mailbox.selectable", "mailbox.subscribed", // so does LIST
	"generation.uidnext", "generation.messages", "generation.highestmodseq", "generation.mailboxid", // and SELECT, in every run
	"account.url", "run.started", "run.ended", "run.exit", "run.receipt", "event.at", "event.new of created", // for people
	"problem.kind", "problem.reason", "problem.tries", "problem.first", "problem.last", "problem.retry_at", "problem.uid",
	"intent.made", "intent.since", "intent.tries", "intent.reason", "intent.retry_at", "intent.label",
	"conflict.at", "conflict.run", "conflict.rule", "conflict.mailbox", "conflict.message", "conflict.intent",
	"conflict.wanted", "conflict.had", "conflict.decision", "conflict.resolved", "conflict.resolution",
	"pass.asked", "pass.event", "pass.report", // may be deleted at any time
	"sqlite_sequence.seq", // ids may be skipped
}

// once: what is not what it was is told once.
func once(column string) bool {
	name, _, _ := strings.Cut(column, " of ")
	return slices.Contains(toldOnce, column) || slices.Contains(toldOnce, name)
}

// Failure table 37: wherever a bit of the file is wrong, no message is served that is
// not what it was, and what cannot be served is found. So is every bit that changes
// anything, but for what is told once.
func TestRotAnywhere(t *testing.T) {
	r := newRotten(t)
	tried, found, nothing := 0, 0, 0
	unseen := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(r.live)) {
		live := r.live[name]
		for i := range places(name) {
			at := live[(2*i+1)*len(live)/places(name)/2]
			file := slices.Clone(r.file)
			file[at] ^= 1 << (tried % 8)
			tried++
			what := fmt.Sprintf("%s, bit %d of byte %d", name, tried%8, at)
			is, rows := r.with(what, file, Options{ReadOnly: tried%4 > 0})
			switch {
			case is:
				found++
			case len(rows) == 0:
				nothing++
			}
			for _, row := range rows {
				if unseen[row]++; !once(row) {
					t.Errorf("%s: %s is not what it was, and the check finds nothing", what, row)
				}
			}
		}
	}
	t.Logf("%d bits that mean something, %d found, %d change nothing, the others are %v", tried, found, nothing, unseen)
	if found*5 < tried*4 {
		t.Error("hardly four of five are found")
	}
}

// places is how many bits of a tree are tried.
func places(name string) int {
	switch {
	case testing.Short():
		return 1
	case strings.Contains(name, "_"):
		return 5 // an index, which is held against its table
	}
	return 30
}

// The same with a file that ends too early.
func TestTruncatedAnywhere(t *testing.T) {
	r := newRotten(t)
	places := map[bool]int{true: 10, false: 60}[testing.Short()]
	for i := range places {
		end := i * len(r.file) / places
		if i%2 == 0 {
			end -= end % pageSize
		}
		if found, _ := r.with(fmt.Sprint("end at byte ", end), slices.Clone(r.file[:end]), Options{}); !found {
			t.Errorf("a file that ends at byte %d is as good as any other", end)
		}
	}
}
