package plan

import (
	"testing"

	"github.com/emersion/go-imap/v2"
	"pgregory.net/rapid"

	"mailstow/conflict"
)

func TestStorable(t *testing.T) {
	for _, c := range []struct {
		permanent []imap.Flag
		flags     []imap.Flag
		yes, no   string
	}{
		{nil, []imap.Flag{"x"}, "x", ""}, // not said
		{[]imap.Flag{}, []imap.Flag{"x", `\Seen`}, "", `x \Seen`},
		{[]imap.Flag{`\seen`, "WORK"}, []imap.Flag{`\Seen`, "work", "x"}, `\Seen work`, "x"},
		{[]imap.Flag{`\*`}, []imap.Flag{`\Seen`, "x"}, `\Seen x`, ""},
	} {
		if yes, no := Storable(c.flags, c.permanent); list(yes) != c.yes || list(no) != c.no {
			t.Errorf("%v of %v: %v, %v", c.flags, c.permanent, yes, no)
		}
	}
}

// I15. One row per message: base, local, what the server has now, how often it
// was sent: what is sent next.
func TestAgain(t *testing.T) {
	for _, c := range []struct {
		base, local, remote conflict.Flags
		tries               int
		want                string
	}{
		{"", `\Seen`, `\Flagged`, 1, `+\Seen`},
		{`\Seen`, "", `\Flagged \Seen`, 1, `-\Seen`},
		{`\Seen`, `work`, `\Seen x`, 1, `+work -\Seen`},
		{"", `\Seen`, `\Seen`, 1, ""},
		{`\Seen`, "", "", 1, ""},
		{"", `\Seen`, `\Flagged`, 3, `+\Seen`},
		{"", `\Seen`, `\Flagged`, 4, "stop"},
		{"", `\Seen`, `\Seen`, 9, ""},
	} {
		r := Again(c.base, c.local, c.remote, c.tries)
		got := word(len(r.Add) > 0, "+"+list(r.Add)) + word(len(r.Add)*len(r.Remove) > 0, " ") + word(len(r.Remove) > 0, "-"+list(r.Remove)) + word(r.Stop, "stop")
		if got != c.want || r.Base != c.remote || r.Local != conflict.Merge(c.base, c.local, c.remote) {
			t.Errorf("%+v: %q, %+v", c, got, r)
		}
	}
}

// However often somebody else is faster: what is sent makes the server equal the
// merge, and after some tries the message is left to the next run.
func TestAgainConverges(t *testing.T) {
	flags := rapid.Map(rapid.SliceOf(rapid.SampledFrom([]imap.Flag{`\Seen`, `\Flagged`, "x", "y"})), conflict.Canonical)
	rapid.Check(t, func(t *rapid.T) {
		base, local := flags.Draw(t, "base"), flags.Draw(t, "local")
		for tries := 1; ; tries++ {
			remote := flags.Draw(t, "remote")
			r := Again(base, local, remote, tries)
			if r.Stop && (tries < MaxTries || r.Base.Equal(r.Local)) || tries > MaxTries {
				t.Fatalf("after %d tries: %+v", tries, r)
			}
			if r.Stop {
				return
			}
			if got := stored(remote, r.Add, r.Remove); !got.Equal(r.Local) {
				t.Fatalf("server %q, mirror %+v", got, r)
			}
			if len(r.Add)+len(r.Remove) == 0 {
				return
			}
			base, local = r.Base, r.Local
		}
	})
}

// stored is what a server makes of flags.
func stored(flags conflict.Flags, add, remove []imap.Flag) conflict.Flags {
	gone := conflict.Canonical(remove)
	var left []imap.Flag
	for _, f := range append(flags.List(), add...) {
		if !gone.Has(f) {
			left = append(left, f)
		}
	}
	return conflict.Canonical(left)
}
