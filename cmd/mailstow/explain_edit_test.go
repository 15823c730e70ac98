package main

import (
	"errors"
	"fmt"
	"testing"

	"mailstow/localstore"
)

// What the store refuses is told with what to do about it, and is no crash of ours.
func TestRefusals(t *testing.T) {
	for _, cause := range []error{localstore.ErrVanished, localstore.ErrNotSelectable, localstore.ErrExists, localstore.ErrNotEmpty,
		localstore.ErrImpossible, localstore.ErrUnsettled, localstore.ErrOtherAccount, localstore.ErrNotSynced, localstore.ErrNotHeld} {
		err := explain(fmt.Errorf("message 7: %w", cause))
		p, ok := err.(*problem)
		if !ok || p.hint == "" || p.text != "message 7: "+cause.Error() || exitCode(err) != exitFailed {
			t.Errorf("%v: %#v", cause, err)
		}
	}
	if err := explain(errors.New("other")); exitCode(err) != exitFailed {
		t.Errorf("%#v", err)
	}
}
