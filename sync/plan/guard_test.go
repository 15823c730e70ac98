package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func vanishing(n int) Plan {
	p := Plan{Flags: []FlagChange{{ID: 1}}}
	for i := range n {
		p.Vanish = append(p.Vanish, int64(i))
	}
	return p
}

// Row 21 of the failure table and invariant I26.
func TestGuard(t *testing.T) {
	limit := func(s string) Limit {
		l, err := ParseLimit(s)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	for name, c := range map[string]struct {
		deletes int
		mailbox Mailbox
		limit   string
		held    Reason // "" = passes
	}{
		"nothing":                   {0, Mailbox{Known: 0, Remote: 0}, "", ""},
		"twenty of any mailbox":     {20, Mailbox{Known: 21, Remote: 1}, "", ""},
		"twenty-one of forty":       {21, Mailbox{Known: 40, Remote: 19}, "", ManyDeleted},
		"a quarter of a large one":  {250, Mailbox{Known: 1000, Remote: 750}, "", ""},
		"more than a quarter":       {251, Mailbox{Known: 1000, Remote: 749}, "", ManyDeleted},
		"emptied":                   {3, Mailbox{Known: 3, Remote: 0}, "", MailboxEmptied},
		"emptied trash":             {300, Mailbox{Known: 300, Exempt: true}, "", ""},
		"gone":                      {1, Mailbox{Known: 1, Gone: true}, "", MailboxGone},
		"gone and empty":            {0, Mailbox{Known: 0, Gone: true}, "", ""},
		"few unmatched after reset": {5, Mailbox{Known: 100, Remote: 95, Stale: 5}, "", ""},
		"all unmatched after reset": {100, Mailbox{Known: 100, Remote: 10, Stale: 100}, "", Unmatched},
		"count allows":              {100, Mailbox{Known: 100, Remote: 0}, "100", ""},
		"count refuses":             {100, Mailbox{Known: 100, Remote: 0}, "99", MailboxEmptied},
		"count below default":       {5, Mailbox{Known: 100, Remote: 95}, "4", ManyDeleted},
		"percent allows":            {50, Mailbox{Known: 100, Remote: 50}, "50%", ""},
		"percent refuses":           {51, Mailbox{Known: 100, Remote: 49}, "50%", ManyDeleted},
		"zero refuses":              {1, Mailbox{Known: 100, Remote: 99}, "0", ManyDeleted},
		"off":                       {100, Mailbox{Known: 100, Gone: true}, "off", ""},
	} {
		in := vanishing(c.deletes)
		got := Guard(in, c.mailbox, limit(c.limit))
		want := in
		if c.held != "" {
			want.Vanish = nil
			want.Held = &Held{Reason: c.held, Count: c.deletes, Of: c.mailbox.Known}
		}
		if !cmp.Equal(got, want) {
			t.Errorf("%s: %s", name, cmp.Diff(want, got))
		}
	}
}

// What the override says must be enough, and nothing less may be.
func TestHeldOverrideIsExact(t *testing.T) {
	p := Guard(vanishing(40), Mailbox{Known: 40, Remote: 0}, Limit{})
	if p.Held == nil || p.Held.Override() != "--max-deletes 40" || p.Held.Percent() != 100 {
		t.Fatalf("held: %+v", p.Held)
	}
	for s, passes := range map[string]bool{"40": true, "39": false} {
		l, _ := ParseLimit(s)
		if q := Guard(vanishing(40), Mailbox{Known: 40}, l); (q.Held == nil) != passes {
			t.Errorf("limit %s: held %v", s, q.Held)
		}
	}
}

func TestParseLimit(t *testing.T) {
	for _, s := range []string{"", "0", "17", "0%", "100%", "off"} {
		if l, err := ParseLimit(s); err != nil || l.String() != s {
			t.Errorf("ParseLimit(%q) = %q, %v", s, l, err)
		}
	}
	for _, s := range []string{"-1", "101%", "x", "10 %", "OFF", "1.5", "%"} {
		if l, err := ParseLimit(s); err == nil {
			t.Errorf("ParseLimit(%q) = %q, want an error", s, l)
		}
	}
}

func TestExempt(t *testing.T) {
	for _, c := range []struct {
		role, name, delim string
		want              bool
	}{
		{"trash", "Papierkorb", "/", true}, {"junk", "x", "/", true}, {"drafts", "x", "/", true},
		{"sent", "Sent", "/", false}, {"archive", "Trash", "/", false}, {"", "INBOX", "/", false},
		{"", "Trash", "/", true}, {"", "INBOX.Trash", ".", true}, {"", "INBOX.Trash", "", false},
		{"", "Trash/old", "/", false},
	} {
		if got := Exempt(c.role, c.name, c.delim); got != c.want {
			t.Errorf("Exempt(%q, %q, %q) = %v", c.role, c.name, c.delim, got)
		}
	}
}
