package plan

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// What of one message of the source is to be done, by what is known of it and of what
// the target holds, where no mail is kept.
func TestMigratePassing(t *testing.T) {
	const source, target = 1, 2
	for name, test := range map[string]struct {
		from  Copyable
		there []TargetMail
		want  FolderPlan
		put   int
		fetch []Fetching
		read  []Fetching
	}{
		"unknown":                    {Copyable{Size: 7}, nil, FolderPlan{Fetch: 1}, 0, []Fetching{{10, 7}}, nil},
		"here":                       {Copyable{Body: 5, Size: 7}, nil, FolderPlan{Put: 1, PutBytes: 7}, 1, nil, nil},
		"dropped":                    {Copyable{Body: 5, Size: 7, Dropped: true}, nil, FolderPlan{Fetch: 1}, 0, []Fetching{{10, 7}}, nil},
		"brought":                    {Copyable{Body: 5, Size: 7, Dropped: true}, []TargetMail{{ID: 20, Body: 5, Of: 10}}, FolderPlan{There: 1}, 0, nil, nil},
		"brought, and nothing known": {Copyable{Size: 7}, []TargetMail{{ID: 20, Of: 10}}, FolderPlan{There: 1}, 0, nil, nil},
		"waits":                      {Copyable{Body: 5, Size: 7}, []TargetMail{{ID: 20, Body: 5, Of: 10, Waits: true}}, FolderPlan{Waits: 1, Waiting: []int64{20}}, 0, nil, nil},
		"there":                      {Copyable{Body: 5, Size: 7, Dropped: true}, []TargetMail{{ID: 20, Body: 5}}, FolderPlan{There: 1}, 0, nil, nil},
		"another one there":          {Copyable{Body: 5, Size: 7}, []TargetMail{{ID: 20, Body: 6}}, FolderPlan{Put: 1, PutBytes: 7}, 1, nil, nil},
		"something unread there": {Copyable{Size: 7}, []TargetMail{{ID: 20, Size: 9}}, FolderPlan{Fetch: 1}, 0,
			[]Fetching{{10, 7}}, []Fetching{{20, 9}}},
		"here, and something unread there": {Copyable{Body: 5, Size: 7}, []TargetMail{{ID: 20, Size: 9}}, FolderPlan{Fetch: 1}, 0,
			nil, []Fetching{{20, 9}}},
		"there, and something unread":      {Copyable{Body: 5, Size: 7}, []TargetMail{{ID: 20, Body: 5}, {ID: 21, Size: 9}}, FolderPlan{There: 1}, 0, nil, nil},
		"something like it cannot be read": {Copyable{Body: 5, Size: 7}, []TargetMail{{ID: 20, Size: 7, Aside: true}}, FolderPlan{Unsure: 1}, 0, nil, nil},
		"something else cannot be read":    {Copyable{Body: 5, Size: 7}, []TargetMail{{ID: 20, Size: 9, Aside: true}}, FolderPlan{Put: 1, PutBytes: 7}, 1, nil, nil},
		"cannot be had":                    {Copyable{Size: 7, Aside: true}, nil, FolderPlan{Unheld: 1, Lacking: []int64{10}}, 0, nil, nil},
		"cannot be had again":              {Copyable{Body: 5, Size: 7, Dropped: true, Aside: true}, nil, FolderPlan{Unheld: 1, Lacking: []int64{10}}, 0, nil, nil},
	} {
		test.from.ID, test.from.Mailbox = 10, source
		for i := range test.there {
			test.there[i].Mailbox = target
		}
		p := Migrate(MigrateInput{Passing: true, SourceSpace: Space{Delim: "/"}, TargetSpace: Space{Delim: "/"},
			Source: []MigrateBox{{ID: source, Name: "INBOX", Delim: "/", Mail: true}}, Target: []MigrateBox{{ID: target, Name: "INBOX", Delim: "/", Mail: true}},
			Messages: []Copyable{test.from}, There: test.there})
		test.want.Source, test.want.Name, test.want.Messages, test.want.Bytes = source, "INBOX", 1, 7
		if d := gocmp.Diff(test.want, p.Folders[0]); d != "" || len(p.Put) != test.put {
			t.Errorf("%s: %d put; (-want +got):\n%s", name, len(p.Put), d)
		}
		if d := gocmp.Diff([][]Fetching{test.fetch, test.read}, [][]Fetching{p.Fetch, p.Read}); d != "" {
			t.Errorf("%s: fetch and read (-want +got):\n%s", name, d)
		}
	}
}

// What was begun comes first, what was refused last; what came after all is told.
func TestFetchOrder(t *testing.T) {
	box := func(id int64) []MigrateBox { return []MigrateBox{{ID: id, Name: "INBOX", Delim: "/", Mail: true}} }
	p := Migrate(MigrateInput{Passing: true, SourceSpace: Space{Delim: "/"}, TargetSpace: Space{Delim: "/"}, Source: box(1), Target: box(2),
		Messages: []Copyable{{ID: 10, Mailbox: 1, Refused: 2}, {ID: 11, Mailbox: 1}, {ID: 12, Mailbox: 1, Refused: 1}, {ID: 13, Mailbox: 1},
			{ID: 14, Mailbox: 1, Begun: true, Refused: 3}, {ID: 15, Mailbox: 1, Refused: 1}, {ID: 16, Mailbox: 1, Refused: 1}, {ID: 17, Mailbox: 1}},
		There: []TargetMail{{ID: 20, Mailbox: 2, Body: 3, Of: 15}, {ID: 21, Mailbox: 2, Body: 4, Of: 16, Waits: true}, {ID: 22, Mailbox: 2, Body: 5, Of: 17},
			{ID: 23, Mailbox: 2}, {ID: 24, Mailbox: 2, Begun: true}}})
	ids := func(all []Fetching) (ids []int64) {
		for _, x := range all {
			ids = append(ids, x.ID)
		}
		return ids
	}
	if d := gocmp.Diff([][]int64{{14, 11, 13, 12, 10}, {24, 23}, {15}}, [][]int64{ids(p.Fetch), ids(p.Read), p.Accepted}); d != "" {
		t.Errorf("fetch, read, accepted (-want +got):\n%s", d)
	}
}

// What is gone from the source goes from the target when all else is there, and not
// before: one that is not there may be the same.
func TestMigratePassingDeletes(t *testing.T) {
	const source, target = 1, 2
	there := TargetMail{ID: 20, Mailbox: target, Body: 5, Of: 10}
	for name, test := range map[string]struct {
		from   Copyable
		there  []TargetMail
		delete []int64
	}{
		"all is there":            {Copyable{Body: 5, Dropped: true}, []TargetMail{there}, []int64{21}},
		"is to be fetched":        {Copyable{}, nil, nil},
		"is to be fetched again":  {Copyable{Body: 5, Dropped: true}, nil, nil},
		"is to be put":            {Copyable{Body: 5}, nil, nil},
		"something is to be read": {Copyable{Body: 5}, []TargetMail{{ID: 22, Mailbox: target, Size: 9}}, nil},
		"waits":                   {Copyable{Body: 5}, []TargetMail{{ID: 20, Mailbox: target, Body: 5, Of: 10, Waits: true}}, nil},
		"cannot be had":           {Copyable{Aside: true}, nil, nil},
		"cannot be told":          {Copyable{Body: 5, Size: 7}, []TargetMail{{ID: 22, Mailbox: target, Size: 7, Aside: true}}, nil},
		"the same came back":      {Copyable{Body: 6, Dropped: true}, nil, nil},
	} {
		test.from.ID, test.from.Mailbox = 10, source
		gone := TargetMail{ID: 21, Mailbox: target, Body: 6, Of: 11, OfGone: true}
		in := MigrateInput{Passing: true, Delete: true, SourceSpace: slashed, TargetSpace: slashed,
			Source: []MigrateBox{migrateBox(source, "INBOX", "")}, Target: []MigrateBox{migrateBox(target, "INBOX", "")},
			Messages: []Copyable{test.from}, There: append(test.there, gone)}
		if d := gocmp.Diff(test.delete, Migrate(in).Delete); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		in.Delete = false
		if p := Migrate(in); len(p.Delete) != 0 {
			t.Errorf("%s: %v, and nothing is to be deleted", name, p.Delete)
		}
	}
}

// A portion is what a budget allows, in order, and one message in any case.
func TestTake(t *testing.T) {
	const m = 1 << 20
	all := []Fetching{{1, m}, {2, 90 * m}, {3, m}, {4, -1}, {5, 0}}
	for _, test := range []struct {
		budget int64
		tried  []int64
		want   []int64
	}{
		{64 * m, nil, []int64{1}},
		{64 * m, []int64{1}, []int64{2}},
		{64 * m, []int64{1, 2}, []int64{3, 4, 5}},
		{200 * m, nil, []int64{1, 2, 3, 4, 5}},
		{1, []int64{1, 2, 3}, []int64{4}},
		{2 * leastSize, []int64{1, 2, 3}, []int64{4, 5}},
		{1, []int64{1, 2, 3, 4, 5}, nil},
	} {
		tried := map[int64]bool{}
		for _, id := range test.tried {
			tried[id] = true
		}
		var got []int64
		for _, x := range Take(all, test.budget, tried) {
			got = append(got, x.ID)
		}
		if d := gocmp.Diff(test.want, got); d != "" {
			t.Errorf("%d without %v (-want +got):\n%s", test.budget, test.tried, d)
		}
	}
}
