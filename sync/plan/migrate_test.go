package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mailstow/conflict"
)

var (
	dotted  = Space{Prefix: "INBOX.", Delim: "."}
	slashed = Space{Delim: "/"}
	flat    = Space{}
)

// Names come from one kind of server to another and back.
func TestMigratedNames(t *testing.T) {
	for _, test := range []struct {
		from, to   Space
		name, want string
	}{
		{slashed, slashed, "a/b", "a/b"},
		{slashed, slashed, "INBOX", "INBOX"},
		{slashed, dotted, "inbox", "INBOX"},
		{slashed, dotted, "a/b", "INBOX.a.b"},
		{slashed, dotted, "v1.2/x", "INBOX.v1=2E2.x"},
		{dotted, slashed, "INBOX.v1=2E2.x", "v1.2/x"},
		{dotted, dotted, "INBOX.v1=2E2.x", "INBOX.v1=2E2.x"},
		{slashed, dotted, "INBOX/below", "INBOX.below"},
		{dotted, slashed, "INBOX.below", "below"},
		{dotted, slashed, "INBOX.50=50", "50=50"},
		{slashed, dotted, "a=2Eb", "INBOX.a=3D2Eb"},
		{dotted, slashed, "INBOX.a=3D2Eb", "a=2Eb"},
		{Space{Delim: "."}, slashed, "a.b/c", "a/b=2Fc"},
		{slashed, flat, "a/b", "a=2Fb"},
		{flat, slashed, "a=2Fb", "a=2Fb"},
		{slashed, dotted, "a\x01", "INBOX.a=01"},
		{Space{Prefix: "Mail/", Delim: "/"}, slashed, "Mail/a/b", "a/b"},
	} {
		if got := test.to.name(test.from.path(test.name, test.from.Delim)); got != test.want {
			t.Errorf("%+v to %+v: %q is %q, want %q", test.from, test.to, test.name, got, test.want)
		}
	}
}

// Whatever a path holds, its name is legal and reads as the same path again; no two
// paths have one name.
func TestNamesCanBeReadBack(t *testing.T) {
	part := rapid.StringMatching(`[a=23DEF./\x01ä]{1,8}`)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom([]Space{slashed, {Delim: "."}, {Prefix: "Mail.", Delim: "."}}).Draw(t, "space")
		path := rapid.SliceOfN(part, 1, 3).Draw(t, "path")
		name := s.name(path)
		if got := s.path(name, s.Delim); !slices.Equal(got, path) {
			t.Fatalf("%q is %q, which is %q", path, name, got)
		}
		if bad := strings.ContainsFunc(strings.ReplaceAll(name, s.Delim, ""), func(r rune) bool { return illegal(r, s.Delim) }); bad {
			t.Fatalf("%q", name)
		}
	})
}

func TestNameRule(t *testing.T) {
	for rule, bad := range map[string]bool{"a=b": false, "old/*=new/*": false, "old/*=new": false, "a": true, "=b": true, "a=": true,
		"a*b*=c*": true, "a=b*": true} {
		if _, err := ParseNameRule(rule); (err != nil) != bad {
			t.Errorf("%q: %v", rule, err)
		}
	}
	for _, test := range []struct{ rule, name, want string }{
		{"old/*=new/*", "old/a/b", "new/a/b"}, {"old/*=new/*", "older/a", ""}, {"*=all", "x/y", "all"},
		{"a=b/c", "a", "b/c"}, {"a=b/c", "a/d", ""}, {"inbox=Old Inbox", "INBOX", "Old Inbox"}, {"ab*bc=x*", "abc", ""},
	} {
		r, err := ParseNameRule(test.rule)
		if err != nil {
			t.Fatal(err)
		}
		path, ok := r.apply(strings.Split(test.name, "/"))
		if got := strings.Join(path, "/"); ok != (test.want != "") || ok && got != test.want {
			t.Errorf("%s of %q: %q %v", test.rule, test.name, got, ok)
		}
	}
}

// box is one that can hold mail.
func migrateBox(id int64, name, role string) MigrateBox {
	return MigrateBox{ID: id, Name: name, Delim: "/", Role: role, Mail: true}
}

// Special mailboxes find each other by attribute, then by name; rules go first.
func TestMigratedFolders(t *testing.T) {
	below := func(id int64, name, role string) MigrateBox {
		return MigrateBox{ID: id, Name: name, Delim: ".", Role: role, Mail: true, Subscribed: true}
	}
	rule, err := ParseNameRule("Projects/*=Work/*")
	if err != nil {
		t.Fatal(err)
	}
	p := Migrate(MigrateInput{SourceSpace: slashed, TargetSpace: dotted, Map: []NameRule{rule},
		Source: []MigrateBox{migrateBox(1, "INBOX", "inbox"), migrateBox(2, "Sent Items", ""), migrateBox(3, "Bin", "trash"), migrateBox(4, "Trash", ""),
			migrateBox(5, "Projects/Boat", ""), migrateBox(6, "Spam", ""), migrateBox(7, "All Mail", "all"), {ID: 8, Name: "Projects", Delim: "/"}, migrateBox(9, "Drafts", "drafts")},
		Target: []MigrateBox{below(11, "INBOX", "inbox"), below(12, "INBOX.Sent", "sent"), below(13, "INBOX.Trash", ""), below(14, "INBOX.Junk", "junk")},
	})
	got := map[string]string{}
	for _, f := range p.Folders {
		got[f.Name] = p.TargetName(f)
	}
	want := map[string]string{"INBOX": "INBOX", "Sent Items": "INBOX.Sent", "Bin": "INBOX.Trash", "Trash": "INBOX.Trash",
		"Projects/Boat": "INBOX.Work.Boat", "Spam": "INBOX.Junk", "Drafts": "INBOX.Drafts"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, target := range p.Targets {
		if made := target.Name == "INBOX.Work.Boat" || target.Name == "INBOX.Drafts"; made != (target.ID == 0) {
			t.Errorf("%+v", target)
		}
		if target.Name == "INBOX.Drafts" && target.Role != "drafts" {
			t.Errorf("%+v", target)
		}
	}
}

func TestMigrate(t *testing.T) {
	in := func(change func(*MigrateInput)) MigrateInput {
		in := MigrateInput{SourceSpace: slashed, TargetSpace: slashed,
			Source: []MigrateBox{migrateBox(1, "INBOX", "inbox")}, Target: []MigrateBox{migrateBox(11, "INBOX", "inbox"), migrateBox(12, "Else", "")},
			Messages: []Copyable{{ID: 1, Mailbox: 1, Body: 7, Size: 10, Date: 5, Flags: `\Seen`}}}
		change(&in)
		return in
	}
	has := func(c ...TargetMail) func(*MigrateInput) { return func(in *MigrateInput) { in.There = c } }
	same := TargetMail{ID: 101, Mailbox: 11, Body: 7, Size: 10, Date: 5, Flags: `\Seen`}
	with := func(change func(*TargetMail)) TargetMail {
		c := same
		change(&c)
		return c
	}
	counts := func(f FolderPlan) [6]int { return [6]int{f.There, f.Put, f.Waits, f.Unsure, f.Unheld, f.Flags} }
	for name, test := range map[string]struct {
		in     MigrateInput
		want   [6]int // there, to copy, waiting, unsure, unheld, flags
		flags  []Reflag
		delete []int64
	}{
		"empty target":     {in: in(has()), want: [6]int{0, 1, 0, 0, 0, 0}},
		"has it":           {in: in(has(same)), want: [6]int{1, 0, 0, 0, 0, 0}},
		"has it elsewhere": {in: in(has(with(func(c *TargetMail) { c.Mailbox = 12 }))), want: [6]int{0, 1, 0, 0, 0, 0}},
		"made of it, elsewhere, other bytes": {in: in(has(with(func(c *TargetMail) { c.Mailbox, c.Body, c.Of = 12, 8, 1 }))),
			want: [6]int{1, 0, 0, 0, 0, 0}},
		"one for two": {in: in(func(in *MigrateInput) {
			in.There = []TargetMail{same}
			in.Messages = append(in.Messages, Copyable{ID: 2, Mailbox: 1, Body: 7, Size: 10, Date: 5, Flags: `\Seen`})
		}), want: [6]int{1, 1, 0, 0, 0, 0}},
		"made of the other": {in: in(has(with(func(c *TargetMail) { c.Of = 2 }))), want: [6]int{0, 1, 0, 0, 0, 0}},
		"waits":             {in: in(has(with(func(c *TargetMail) { c.Of, c.Waits = 1, true }))), want: [6]int{0, 0, 1, 0, 0, 0}},
		"unread there":      {in: in(has(with(func(c *TargetMail) { c.Body = 0 }))), want: [6]int{0, 0, 0, 1, 0, 0}},
		"another unread":    {in: in(has(with(func(c *TargetMail) { c.Body, c.Date = 0, 6 }))), want: [6]int{0, 1, 0, 0, 0, 0}},
		"not held":          {in: in(func(in *MigrateInput) { in.Messages[0].Body = 0 }), want: [6]int{0, 0, 0, 0, 1, 0}},
		"not looked at":     {in: in(func(in *MigrateInput) { in.Target[0].Unseen = true }), want: [6]int{0, 0, 0, 1, 0, 0}},
		"not looked at, made of it": {in: in(func(in *MigrateInput) {
			in.Target[0].Unseen = true
			in.There = []TargetMail{with(func(c *TargetMail) { c.Of = 1 })}
		}), want: [6]int{1, 0, 0, 0, 0, 0}},
		"flags of one like it": {in: in(has(with(func(c *TargetMail) { c.Flags = "x" }))), want: [6]int{1, 0, 0, 0, 0, 1},
			flags: []Reflag{{ID: 101, Add: `\Seen`}}},
		"flags of one made of it": {in: in(has(with(func(c *TargetMail) { c.Flags, c.Of = "x", 1 }))), want: [6]int{1, 0, 0, 0, 0, 1},
			flags: []Reflag{{ID: 101, Add: `\Seen`, Remove: "x"}}},
		"flags changed there": {in: in(has(with(func(c *TargetMail) { c.Flags, c.Of, c.Changed = "x", 1, true }))), want: [6]int{1, 0, 0, 0, 0, 1},
			flags: []Reflag{{ID: 101, Add: `\Seen`}}},
		"gone from the source": {in: in(func(in *MigrateInput) {
			in.There = []TargetMail{same, {ID: 102, Mailbox: 11, Body: 9, Of: 50, OfGone: true}, {ID: 103, Mailbox: 11, Body: 9}}
			in.Delete = true
		}), want: [6]int{1, 0, 0, 0, 0, 0}, delete: []int64{102}},
		"gone, but the same again": {in: in(func(in *MigrateInput) {
			in.There = []TargetMail{with(func(c *TargetMail) { c.Of, c.OfGone = 50, true })}
			in.Delete = true
		}), want: [6]int{1, 0, 0, 0, 0, 0}},
	} {
		p := Migrate(test.in)
		if got := counts(p.Folders[0]); got != test.want || len(p.Put) != test.want[1] {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
		if d := cmp.Diff(test.flags, p.Flags); d != "" {
			t.Errorf("%s: flags (-want +got):\n%s", name, d)
		}
		if !slices.Equal(p.Delete, test.delete) {
			t.Errorf("%s: deletes %v", name, p.Delete)
		}
		if f := p.Folders[0]; f.Missing() != f.Put+f.Waits+f.Unsure+f.Unheld {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// Whatever is there already: after what is planned, there is nothing left to plan, and
// as many of each as in the source, at least.
func TestMigrateTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := MigrateInput{SourceSpace: slashed, TargetSpace: slashed, Source: []MigrateBox{migrateBox(1, "INBOX", ""), migrateBox(2, "b", "")},
			Target: []MigrateBox{migrateBox(11, "INBOX", ""), migrateBox(12, "b", "")}}
		box, body := rapid.Int64Range(1, 2), rapid.Int64Range(1, 3)
		for id := range int64(rapid.IntRange(0, 8).Draw(t, "source")) {
			in.Messages = append(in.Messages, Copyable{ID: id + 1, Mailbox: box.Draw(t, "box"), Body: body.Draw(t, "body"), Flags: conflict.Flags("x")})
		}
		for id := range int64(rapid.IntRange(0, 8).Draw(t, "there")) {
			of := rapid.Int64Range(0, 9).Draw(t, "of")
			in.There = append(in.There, TargetMail{ID: 100 + id, Mailbox: 10 + box.Draw(t, "box"), Body: body.Draw(t, "body"), Of: of, OfGone: of > int64(len(in.Messages))})
		}
		first := Migrate(in)
		for i, p := range first.Put {
			w := in.Messages[slices.IndexFunc(in.Messages, func(w Copyable) bool { return w.ID == p.ID })]
			in.There = append(in.There, TargetMail{ID: 1000 + int64(i), Mailbox: first.Targets[p.Target].ID, Body: w.Body, Of: p.ID, Flags: p.Flags})
		}
		again := Migrate(in)
		if len(again.Put) > 0 || again.Missing() > 0 {
			t.Fatalf("first %+v\nagain %+v", first, again)
		}
	})
}
