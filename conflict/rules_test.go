package conflict

import (
	"cmp"
	"slices"
	"strings"
	"testing"
)

// What can happen to what, for going through every case there is.
var (
	allMessageFates = []Fate{Unchanged, FlagsChanged, Expunged, MovedAway, Lookalike, Rebound, Unmatched}
	allMailboxFates = []Fate{Unchanged, Renamed, Deleted, Taken, Arrived, Renumbered}
	allAnswers      = []Fate{Unchanged, Refused, TooLarge, Unstorable, Ambiguous}
)

func everyCase(visit func(Case)) {
	for _, edit := range everything {
		for _, message := range allMessageFates {
			for _, mailbox := range allMailboxFates {
				for _, answer := range allAnswers {
					for bits := range 12 {
						visit(Case{Policy(bits / 4), edit, message, mailbox, answer, bits&1 != 0, bits&2 != 0})
					}
				}
			}
		}
	}
}

// world is where copies of one message are, and what became of the edit of it.
type world struct {
	server map[string]bool // the mailboxes that have it: A where it was, X where it is wanted, Y where the server moved it
	mirror bool            // the body is held, in history or before the owner's eyes
	queued bool
	done   bool // what was wanted is so
}

// before is the world that a case describes.
func before(c Case) world {
	w := world{server: map[string]bool{}, mirror: c.Held, queued: true}
	switch c.Message {
	case Unchanged, FlagsChanged, Rebound:
		if c.Edit != EditAppend {
			w.server["A"] = true
		}
	case MovedAway:
		w.server["Y"] = true
	}
	if c.Edit == EditAppend {
		w.mirror = true // it came from here
	}
	return w
}

// after carries a decision out.
func after(t *testing.T, c Case, d Decision, w world) world {
	here := "A"
	if d.Action == Follow && c.Message == MovedAway {
		here = "Y"
	}
	switch d.Action {
	case Push, Follow, Create:
		w.queued, w.done = false, true
		if slices.Contains(incoming, c.Edit) {
			w.server["X"] = true
		}
		if c.Edit == EditMove || c.Edit == EditDelete || c.Edit == EditRemove {
			delete(w.server, here)
		}
	case Copy:
		w.queued, w.done = false, true
		w.server["X"] = true
	case Recreate:
		if !c.Held {
			t.Fatalf("%+v: nothing to put back from", c)
		}
		w.queued, w.done = false, true
		w.server["X"] = true
	case Done:
		w.queued, w.done = false, true
	case Drop:
		w.queued = false
	}
	return w
}

// Whatever happened and whatever the policy: the message is somewhere, on the
// server or in the mirror, and the edit is carried out, still queued or recorded.
func TestNothingIsEverLost(t *testing.T) {
	everyCase(func(c Case) {
		d := Decide(c)
		w := before(c)
		existed := w.mirror || len(w.server) > 0
		w = after(t, c, d, w)
		if existed && !w.mirror && len(w.server) == 0 {
			t.Fatalf("%+v: %s %s: the message is nowhere", c, d.Rule, d.Action)
		}
		if !w.done && !w.queued && !d.Record {
			t.Fatalf("%+v: %s %s: the edit is forgotten", c, d.Rule, d.Action)
		}
	})
}

// A rule that lets one side lose is recorded, so that it can be resolved; what
// goes into a mailbox that is no more has it made again.
func TestDecisionsAreExplained(t *testing.T) {
	seen := map[string]bool{}
	everyCase(func(c Case) {
		d := Decide(c)
		seen[d.Rule] = true
		if (d.Rule == "") != (d.Why == "") || (d.Rule == "") != (d.Keeps == "") || d.Rule == "" && d.Action != Push {
			t.Fatalf("%+v: %+v", c, d)
		}
		if (d.Action == Drop || d.Action == Park || d.Action == Copy) && !d.Record {
			t.Fatalf("%+v: %s is not recorded", c, d.Rule)
		}
		goes := d.Action == Push || d.Action == Follow || d.Action == Copy || d.Action == Recreate
		if goes && slices.Contains(incoming, c.Edit) && c.Mailbox == Deleted && !d.Create {
			t.Fatalf("%+v: %s %s goes into a mailbox that is no more", c, d.Rule, d.Action)
		}
	})
	for _, r := range Rules() {
		if !seen[r.Name] {
			t.Errorf("no case leads to rule %s", r.Name)
		}
	}
}

func TestRulesAreDocumented(t *testing.T) {
	names := map[string]bool{}
	for _, r := range Rules() {
		if names[r.Name] || r.Name != strings.ToLower(r.Name) || strings.ContainsAny(r.Name, " |") {
			t.Errorf("rule name %q", r.Name)
		}
		names[r.Name] = true
		for p, o := range r.By {
			if o.Action == "" || o.Text == "" || strings.Contains(o.Text, "|") {
				t.Errorf("%s under %s: %+v", r.Name, Policy(p), o)
			}
		}
		if r.Local == "" || r.Server == "" || r.Keeps == "" {
			t.Errorf("%s: not explained: %+v", r.Name, r)
		}
	}
}

// What each side of a conflict means when its owner takes it.
func TestResolve(t *testing.T) {
	want := map[string]string{ // server local both
		"flags-expunged":    "drop recreate -",
		"delete-flags":      "recreate push -",
		"delete-moved":      "recreate follow recreate",
		"delete-lookalike":  "drop - drop",
		"move-expunged":     "drop recreate recreate",
		"move-moved":        "drop follow copy",
		"never-held":        "drop - -",
		"target-deleted":    "- create -",
		"rename-renamed":    "drop follow -",
		"rename-deleted":    "drop recreate -",
		"rename-taken":      "drop push -",
		"remove-arrived":    "drop push -",
		"remove-renamed":    "drop follow -",
		"subscribe-deleted": "drop - -",
		"unmatched":         "drop recreate recreate",
		"delete-unmatched":  "drop - drop",
		"too-large":         "drop push -",
		"append-ambiguous":  "drop push push",
	}
	for _, r := range append(Rules(), Rule{Name: "of-the-future"}) {
		var got []string
		for _, take := range []Policy{Server, Local, Both} {
			a, err := Resolve(r.Name, take)
			if (a == "") != (err != nil) || err != nil && strings.HasSuffix(err.Error(), ": ") {
				t.Errorf("%s, %s: %q, %v", r.Name, take, a, err)
			}
			got = append(got, cmp.Or(string(a), "-"))
		}
		if w := cmp.Or(want[r.Name], "- - -"); strings.Join(got, " ") != w {
			t.Errorf("%s: %v, want %s", r.Name, got, w)
		}
		if _, recorded := want[r.Name]; recorded != r.Record {
			t.Errorf("%s: recorded %v", r.Name, r.Record)
		}
	}
}

// Taking a side gives what its policy would have given at once, wherever that
// was not what everybody gets.
func TestResolveAgreesWithPolicy(t *testing.T) {
	for _, r := range Rules() {
		for p, o := range r.By {
			a, err := Resolve(r.Name, Policy(p))
			differs := r.By[Server] != r.By[Local]
			if differs && Policy(p) != Both && (err != nil || a != o.Action) {
				t.Errorf("%s: policy %s does %s, taking it %s, %v", r.Name, Policy(p), o.Action, a, err)
			}
		}
	}
}

func TestParsePolicy(t *testing.T) {
	for s, want := range map[string]Policy{"": Server, "server": Server, "local": Local, "both": Both} {
		if p, err := ParsePolicy(s); err != nil || p != want || s != "" && p.String() != s {
			t.Errorf("ParsePolicy(%q) = %v, %v", s, p, err)
		}
	}
	for _, s := range []string{"Server", "mine", " local"} {
		if _, err := ParsePolicy(s); err == nil {
			t.Errorf("ParsePolicy(%q) gives no error", s)
		}
	}
}
