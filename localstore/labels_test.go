package localstore

import (
	"slices"
	"testing"
)

func TestLabelText(t *testing.T) {
	for _, test := range []struct {
		labels []string
		want   string
	}{
		{nil, `[]`},
		{[]string{"b", "a b", `\Inbox`, "b"}, `["\\Inbox","a b","b"]`},
		{[]string{"<&>", "Ärger"}, `["<&>","Ärger"]`},
	} {
		got := LabelText(test.labels)
		if got != test.want {
			t.Errorf("%q: %s, want %s", test.labels, got, test.want)
		}
		slices.Sort(test.labels)
		if back := Labels(got); !slices.Equal(back, slices.Compact(test.labels)) {
			t.Errorf("%s gives %q", got, back)
		}
	}
	if Labels("") != nil || Labels("x") != nil {
		t.Error("no labels are some")
	}
}

// Labels come with a message, follow the server, and come back with it anew.
func TestSetLabels(t *testing.T) {
	s := newStore(t)
	p := newPlace(t, s, "INBOX")
	var id MessageID
	arriveWith := func(labels string) {
		update(t, s, func(tx *Tx) error {
			ids, err := tx.Arrive(p.run, p.gen, []Arrival{{UID: 1, Size: -1, Identity: "G:1", Labels: labels}})
			if err != nil {
				return err
			}
			id = ids[0]
			return tx.SetCursor(p.gen, Cursor{Listed: 1})
		})
	}
	want := func(labels string) {
		t.Helper()
		if m, err := s.Message(bg, id); err != nil || m.Labels != labels {
			t.Errorf("labels are %q, want %q: %v", m.Labels, labels, err)
		}
	}
	arriveWith(`["a"]`)
	want(`["a"]`)
	update(t, s, func(tx *Tx) error { return tx.SetLabels(p.gen, map[uint32]string{1: `["b"]`, 2: `["c"]`}) })
	want(`["b"]`)
	update(t, s, func(tx *Tx) error { return tx.Vanish(p.run, []MessageID{id}) })
	arriveWith(`[]`)
	want(`[]`)
	update(t, s, func(tx *Tx) error { return tx.Vanish(p.run, []MessageID{id}) })
	update(t, s, func(tx *Tx) error { return tx.SetLabels(p.gen, map[uint32]string{1: `["late"]`}) })
	want(`[]`)
}
