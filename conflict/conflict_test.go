package conflict

import (
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"pgregory.net/rapid"
)

func TestCanonical(t *testing.T) {
	for _, c := range []struct {
		in   []imap.Flag
		want Flags
	}{
		{nil, ""},
		{[]imap.Flag{`\SEEN`, `\answered`}, `\Answered \Seen`},
		{[]imap.Flag{`\Recent`, `\recent`, `\RECENT`}, ""},
		{[]imap.Flag{`\*`, ""}, ""},
		{[]imap.Flag{"Work", `\Seen`, "work", `\SEEN`}, `\Seen Work`},
		{[]imap.Flag{"$forwarded", "$JUNK"}, `$Forwarded $Junk`},
		{[]imap.Flag{"two words", "ok"}, "ok"},
		{[]imap.Flag{"\xf6", "\xe4"}, "\xe4 \xf6"}, // different, though neither is UTF-8
		{[]imap.Flag{"t", "ſ", "s"}, "s t ſ"},
	} {
		if got := Canonical(c.in); got != c.want {
			t.Errorf("Canonical(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// One row per message: base, local, remote -> merged.
func TestMerge(t *testing.T) {
	for _, c := range []struct{ base, local, remote, want Flags }{
		{"", "", "", ""},
		{"", "", `\Seen`, `\Seen`},
		{"", `\Seen`, "", `\Seen`},
		{`\Seen`, "", `\Seen`, ""},
		{`\Seen`, `\Seen`, "", ""},
		{`\Seen`, "", "", ""},
		{"", `\Flagged`, `\Seen`, `\Flagged \Seen`},
		{`\Seen`, `\Flagged`, `\Answered \Seen`, `\Answered \Flagged`},
		{"work", "WORK", "work", "work"},
		{`\Flagged`, `\Flagged x`, "", "x"},
		{"\xe4", "\xe4", "\xf6", "\xf6"},
		{"s", "s ſ", "s", "s ſ"},
	} {
		if got := Merge(c.base, c.local, c.remote); got != c.want {
			t.Errorf("Merge(%q, %q, %q) = %q, want %q", c.base, c.local, c.remote, got, c.want)
		}
		if got := MergeText(string(c.base), string(c.local), string(c.remote)); got != string(c.want) {
			t.Errorf("MergeText(%q, %q, %q) = %q, want %q", c.base, c.local, c.remote, got, c.want)
		}
	}
}

var pool = []imap.Flag{`\Seen`, `\SEEN`, `\Flagged`, `\Deleted`, "work", "Work", "$Junk", "z"}

func flagSets() *rapid.Generator[Flags] {
	return rapid.Map(rapid.SliceOf(rapid.SampledFrom(pool)), Canonical)
}

// The merge is the set algebra, flag by flag, whatever the spelling.
func TestMergeIsPerFlag(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, local, remote := flagSets().Draw(t, "base"), flagSets().Draw(t, "local"), flagSets().Draw(t, "remote")
		got := Merge(base, local, remote)
		for _, f := range pool {
			want := remote.Has(f)
			if local.Has(f) != base.Has(f) {
				want = local.Has(f)
			}
			if got.Has(f) != want {
				t.Fatalf("Merge(%q, %q, %q) = %q: %s is %v, want %v", base, local, remote, got, f, got.Has(f), want)
			}
		}
	})
}

func TestMergeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, local, remote := flagSets().Draw(t, "base"), flagSets().Draw(t, "local"), flagSets().Draw(t, "remote")
		merged := Merge(base, local, remote)
		if again := Canonical(merged.List()); again != merged {
			t.Fatalf("%q is not canonical: %q", merged, again)
		}
		if !Merge(base, remote, local).Equal(merged) {
			t.Fatalf("the merge depends on which side is called local")
		}
		if !Merge(remote, merged, remote).Equal(merged) {
			t.Fatalf("a second merge changes %q", merged)
		}
	})
}

// Equal must not see spelling, and Canonical must not see order.
func TestCanonicalProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOf(rapid.SampledFrom(pool)).Draw(t, "flags")
		set := Canonical(in)
		shuffled := Canonical(rapid.Permutation(in).Draw(t, "shuffled"))
		if set != shuffled {
			t.Fatalf("order matters: %q, %q", set, shuffled)
		}
		if !set.Equal(Flags(strings.ToUpper(string(set)))) {
			t.Fatalf("case matters for %q", set)
		}
	})
}
