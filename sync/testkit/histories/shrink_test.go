package histories

import (
	"reflect"
	"testing"

	"mailstow/conflict"
)

// What is not needed to fail is left out.
func TestShrink(t *testing.T) {
	h := History{Caps: []string{"MOVE", "UIDPLUS"}, Hide: true, Policy: conflict.Both, Machines: 2}
	for i := range 20 {
		h.Steps = append(h.Steps, Step{Do: "flag", A: i, B: 100 + i, C: 100, M: 1})
	}
	got := Shrink(h, func(h History) bool {
		needed := 0
		for _, s := range h.Steps {
			if s.A == 3 || s.A == 17 {
				needed++
			}
		}
		return needed == 2 && len(h.Caps) > 0 && h.Caps[len(h.Caps)-1] == "UIDPLUS"
	})
	if len(got.Steps) != 2 || !reflect.DeepEqual(got.Caps, []string{"UIDPLUS"}) || got.Hide || got.Policy != 0 || got.Machines != 1 || got.Steps[0].B != 0 {
		t.Errorf("%v", got)
	}
	if again, err := Parse(got.String()); err != nil || !reflect.DeepEqual(again, got) {
		t.Errorf("%v, %v", again, err)
	}
}
