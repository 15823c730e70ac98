package sync

import (
	"cmp"
	"slices"

	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/remote"
)

// act carries a decision out in the mirror; what is left to send is planned then.
func (p *pushing) act(tx *localstore.Tx, in localstore.Intent, d conflict.Decision, to place) error {
	switch d.Action {
	case conflict.Push, conflict.Wait, conflict.Keep:
		return nil
	case conflict.Park:
		return tx.ParkIntent(in.ID, d.Why)
	case conflict.Done:
		return tx.IntentDone(p.run.id, in.ID, localstore.Outcome{UID: to.uid, Flags: to.flags})
	case conflict.Create:
		return p.recreate(tx, in.Target)
	}
	if d.Create {
		if err := p.recreate(tx, in.Target); err != nil {
			return err
		}
	}
	if d.Action == conflict.Follow && in.Kind == localstore.IntentFlags {
		return nil // they went along when the move was recognised
	}
	if _, err := tx.DropIntent(in.ID); err != nil || d.Action == conflict.Drop {
		return err
	}
	if in.Message.ID == 0 {
		return p.insteadMailbox(tx, in, d.Action, to)
	}
	return p.insteadMessage(tx, in, d.Action, to)
}

// insteadMessage puts in the place of an intent what it became.
func (p *pushing) insteadMessage(tx *localstore.Tx, in localstore.Intent, a conflict.Action, to place) (err error) {
	target := cmp.Or(in.Target, in.Mailbox)
	now := []localstore.MessageID{to.id}
	switch {
	case a == conflict.Recreate:
		if err := p.recreate(tx, target); err != nil {
			return err
		}
		return p.restore(tx, in, target)
	case a == conflict.Follow && in.Kind == localstore.IntentMove:
		_, err = tx.MoveMessages(now, target)
	case a == conflict.Follow && in.Kind == localstore.IntentExpunge:
		err = tx.ExpungeMessages(now)
	default:
		_, err = tx.CopyMessages(now, target)
	}
	return err
}

// restore appends from the mirror what the server has no more, with the flags that
// its owner saw on it.
func (p *pushing) restore(tx *localstore.Tx, in localstore.Intent, target localstore.MailboxID) error {
	ids, err := tx.RestoreMessages([]localstore.MessageID{in.Message.ID}, target)
	if err != nil || in.Result.ID == 0 {
		return err
	}
	was, wanted := conflict.Flags(in.Message.Local), conflict.Flags(in.Result.Local)
	return tx.EditFlags(ids, string(conflict.Canonical(conflict.Added(was, wanted))), string(conflict.Canonical(conflict.Added(wanted, was))))
}

func (p *pushing) insteadMailbox(tx *localstore.Tx, in localstore.Intent, a conflict.Action, to place) (err error) {
	b := p.boxes[in.Mailbox]
	switch {
	case in.Kind == localstore.IntentRename && a == conflict.Recreate:
		err = p.rebuild(tx, b, in.Name, to.with)
	case in.Kind == localstore.IntentRename:
		err = tx.WantName(in.Mailbox, in.Name, remote.DecodeName(in.Name))
	case in.Kind == localstore.IntentRemove:
		_, err = tx.RemoveMailbox(in.Mailbox)
	default:
		err = errImpossible
	}
	return err
}

// rebuild makes a mailbox that the server has no more again, under another name, with
// the mail that went with it and what was to come into it.
func (p *pushing) rebuild(tx *localstore.Tx, b localstore.Mailbox, raw string, mail []localstore.MessageID) error {
	m := b.MailboxInfo
	m.Raw, m.Name = raw, remote.DecodeName(raw)
	id, err := tx.CreateMailbox(p.account, m)
	if err != nil {
		return err
	}
	if _, err = tx.RestoreMessages(mail, id); err != nil {
		return err
	}
	var coming []localstore.MessageID
	for _, in := range p.intents {
		if in.Target == b.ID && in.State == localstore.Queued {
			coming = append(coming, in.Result.ID)
		}
	}
	slices.Sort(coming)
	_, err = tx.MoveMessages(coming, id)
	return err
}

// recreate takes a mailbox up again that the server has no more.
func (p *pushing) recreate(tx *localstore.Tx, id localstore.MailboxID) error {
	b := p.boxes[id]
	if !b.Detached || b.Unborn {
		return nil
	}
	_, err := tx.CreateMailbox(p.account, b.MailboxInfo)
	b.Unborn = true
	p.boxes[id] = b
	return err
}
