package sync

import (
	"context"
	"time"

	"mailstow/localstore"
)

func (m Migration) now() time.Time {
	if m.Now == nil {
		return time.Now()
	}
	return m.Now()
}

// standings are how messages fared so far where no mail is kept.
type standings struct {
	aside   map[localstore.MessageID]bool // they cannot be had before their time
	begun   map[localstore.MessageID]bool // a part of them is here
	refused map[localstore.MessageID]int  // how often, by the target
}

func standing(ctx context.Context, store *localstore.Store, m Migration) (s standings, err error) {
	if !store.Passing() {
		return s, nil
	}
	s = standings{aside: map[localstore.MessageID]bool{}, refused: map[localstore.MessageID]int{}}
	if s.begun, err = store.Begun(ctx); err != nil {
		return s, err
	}
	for _, acct := range []localstore.AccountID{m.Source, m.Target} {
		problems, err := store.Problems(ctx, acct)
		if err != nil {
			return s, err
		}
		s.note(problems, m.now())
	}
	return s, nil
}

func (s standings) note(problems []localstore.Problem, now time.Time) {
	for _, x := range problems {
		if x.Message != 0 && !now.Before(x.Last) && now.Before(x.RetryAt) {
			s.aside[x.Message] = true
		}
		if x.Message != 0 && x.Kind == localstore.KindRefused {
			s.refused[x.Message] = x.Tries
		}
	}
}
