package conflict

import (
	"strings"
	"testing"
)

// One row per case: what was done here, what the server did meanwhile, and what
// becomes of it under server, local and both.
func TestDecide(t *testing.T) {
	for _, row := range []string{
		// edit    message    mailbox  answer | rule           server local both
		"flags     -          -        -      | -              push push push",
		"flags     flags      -        -      | flags-flags    push push push",
		"flags     expunged   -        -      | flags-expunged drop recreate drop",
		"flags     lookalike  -        -      | flags-expunged drop recreate drop",
		"flags     moved      -        -      | flags-moved    follow follow follow",
		"flags     moved      deleted  -      | flags-moved    follow follow follow",
		"delete    -          -        -      | -              push push push",
		"delete    flags      -        -      | delete-flags   push push push",
		"delete    expunged   -        -      | agreed         done done done",
		"delete    moved      -        -      | delete-moved   follow follow drop",
		"delete    lookalike  -        -      | delete-lookalike drop drop drop",
		"move      flags      -        -      | flags-flags    push push push",
		"move      expunged   -        -      | move-expunged  drop recreate recreate",
		"move      expunged   deleted  -      | move-expunged  drop recreate+create recreate+create",
		"move      lookalike  -        -      | move-expunged  drop recreate recreate",
		"move      moved      -        -      | move-moved     drop follow copy",
		"move      moved      deleted  -      | move-moved     drop follow+create copy+create",
		"move      moved!     -        -      | agreed         done done done",
		"move      -          deleted  -      | target-deleted create create create",
		"move      flags      deleted  -      | target-deleted create create create",
		"move      rebound    deleted  -      | target-deleted create create create",
		"move      -          renamed  -      | target-renamed follow follow follow",
		"copy      flags      -        -      | flags-flags    push push push",
		"copy      expunged   -        -      | copy-expunged  recreate recreate recreate",
		"copy      expunged   deleted  -      | copy-expunged  recreate+create recreate+create recreate+create",
		"copy      moved      -        -      | copy-moved     follow follow follow",
		"copy      -          deleted  -      | target-deleted create create create",
		"append    -          -        -      | -              push push push",
		"append    -          renamed  -      | target-renamed follow follow follow",
		"append    -          deleted  -      | target-deleted create create create",
		"append    -          renumbered -    | append-renumbered push push push",
		"create    -          taken    -      | agreed         done done done",
		"rename    -          -        -      | -              push push push",
		"rename    -          renamed  -      | rename-renamed drop follow drop",
		"rename    -          renamed! -      | agreed         done done done",
		"rename    -          deleted  -      | rename-deleted drop recreate drop",
		"rename    -          taken    -      | rename-taken   park park park",
		"remove    -          -        -      | -              push push push",
		"remove    -          deleted  -      | agreed         done done done",
		"remove    -          arrived  -      | remove-arrived drop push drop",
		"remove    -          renamed  -      | remove-renamed drop follow drop",
		"subscribe -          deleted  -      | subscribe-deleted drop drop drop",
		"subscribe -          renamed  -      | target-renamed follow follow follow",
		"flags     rebound    -        -      | renumbered     push push push",
		"delete    rebound    -        -      | renumbered     push push push",
		"flags     unmatched  -        -      | unmatched      park park park",
		"move      unmatched  deleted  -      | unmatched      park park park",
		"delete    unmatched  -        -      | delete-unmatched park park park",
		"flags     -          -        unstorable | keyword-unstorable keep keep keep",
		"flags     -          -        refused    | refused    wait wait wait",
		"append    -          deleted  refused    | refused    wait wait wait",
		"append    -          -        too-large  | too-large  park park park",
		"append    -          -        ambiguous  | append-ambiguous park park park",
		// ~: the mirror does not have the body
		"delete~   -          -        -      | unheld         wait wait wait",
		"delete~   flags      -        -      | unheld         wait wait wait",
		"delete~   moved      -        -      | unheld         wait wait delete-moved:drop",
		"remove~   -          arrived  -      | remove-arrived drop unheld:wait drop",
		"remove~   -          -        -      | unheld         wait wait wait",
		"flags~    expunged   -        -      | flags-expunged drop never-held:drop drop",
		"copy~     expunged   -        -      | never-held     drop drop drop",
		"move~     -          -        -      | -              push push push",
	} {
		check(t, row)
	}
}

// check reads a row and compares each policy's decision with it. A column may
// name a rule of its own.
func check(t *testing.T, row string) {
	t.Helper()
	in, want, _ := strings.Cut(row, "|")
	c, cols := parseCase(strings.Fields(in)), strings.Fields(want)
	for i, col := range cols[1:] {
		c.Policy = Policy(i)
		rule, action, own := strings.Cut(col, ":")
		if !own {
			rule, action = cols[0], col
		}
		action, create := strings.CutSuffix(action, "+create")
		d := Decide(c)
		if d.Rule != strings.TrimPrefix(rule, "-") || string(d.Action) != action || d.Create != create {
			t.Errorf("%s\n%s: got %s %s, create %v", row, c.Policy, d.Rule, d.Action, d.Create)
		}
	}
}

// parseCase reads the left side: "!" says that the server did the same, "~"
// that the mirror does not have the body, "-" that nothing happened.
func parseCase(f []string) Case {
	fate := func(s string) Fate { return Fate(strings.TrimSuffix(strings.TrimSuffix(s, "!"), "-")) }
	edit, unheld := strings.CutSuffix(f[0], "~")
	return Case{
		Edit: Edit(edit), Held: !unheld, Agrees: strings.Contains(f[1]+f[2], "!"),
		Message: fate(f[1]), Mailbox: fate(f[2]), Answer: fate(f[3]),
	}
}
