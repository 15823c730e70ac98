package histories

import (
	"context"

	"mailstow/localstore"
)

func (e *editing) subscribe() (func(), error) {
	e.logf("   %s", e.to().Shown())
	return nil, e.tx.WantSubscribed(e.to().ID, e.A%2 == 0)
}

// drop takes back an edit that waits, with those that need it. What they brought here
// alone goes with them, and what they would have done to a message is not known any more.
func (e *editing) drop() (func(), error) {
	var all []localstore.Intent
	err := e.store.Intents(context.Background(), e.accountID(), func(in localstore.Intent) error {
		all = append(all, in)
		return nil
	})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	in := all[e.A%len(all)]
	e.logf("   %s %s of %d", in.Kind, in.State, in.Message.ID)
	about := map[localstore.IntentID][]int{}
	for _, x := range all {
		about[x.ID] = e.about(x)
	}
	dropped, err := e.tx.DropIntent(in.ID)
	return func() {
		for _, id := range dropped {
			for _, n := range about[id] {
				e.ledger.unsure(n)
			}
		}
	}, err
}

// about are the messages that an edit is about.
func (e *editing) about(in localstore.Intent) (numbers []int) {
	for _, id := range []localstore.MessageID{in.Message.ID, in.Result.ID} {
		if mail, err := e.store.Message(context.Background(), id); err == nil && numberOf(mail.Subject) > 0 {
			numbers = append(numbers, numberOf(mail.Subject))
		}
	}
	return numbers
}

// among are the messages of one mailbox.
func (e *editing) among() (ids []localstore.MessageID, box localstore.Mailbox) {
	box = e.boxes[e.C%len(e.boxes)]
	for _, m := range e.mail {
		if m.Mailbox == box.ID {
			ids = append(ids, m.ID)
		}
	}
	return ids, box
}

func (e *editing) flagAll() (func(), error) {
	ids, box := e.among()
	flag, who := flagOf(e.B), e.who()
	e.logf("   %s in %s", flag, box.Shown())
	return func() { e.within(box, func(n int) { e.ledger.flag(n, who, flag, true) }) }, e.tx.EditFlags(ids, flag, "")
}

func (e *editing) moveAll() (func(), error) {
	ids, box := e.among()
	who := e.who()
	e.logf("   from %s to %s", box.Shown(), e.to().Shown())
	_, err := e.tx.MoveMessages(ids, e.to().ID)
	return func() { e.within(box, func(n int) { e.ledger.move(n, who) }) }, err
}
