package main

import (
	"errors"
	"fmt"

	"mailstow/cmd/mailstow/term"
	"mailstow/conflict"
	"mailstow/localstore"
	"mailstow/sync/remote"
)

// dispute is an open conflict and what is needed to let one side of it stand.
type dispute struct {
	conflictJSON
	*edit
	one    mirror
	x      localstore.Conflict
	parked bool // the edit is there and waits for this
	boxes  map[localstore.MailboxID]localstore.Mailbox
}

func (e *edit) dispute(x localstore.Conflict) (*dispute, error) {
	d := &dispute{edit: e, x: x, boxes: map[localstore.MailboxID]localstore.Mailbox{}}
	for _, one := range e.m.all {
		if one.ID == x.Account {
			d.one = one
		}
	}
	boxes, err := e.store.Mailboxes(e.ctx, x.Account)
	for _, b := range boxes {
		d.boxes[b.ID] = b
	}
	if err == nil {
		d.conflictJSON, err = readConflict(e.ctx, d.one, x)
	}
	if err == nil && x.Intent != 0 {
		_, err = e.store.Intent(e.ctx, x.Intent)
		d.parked = err == nil
		if errors.Is(err, localstore.ErrNotFound) {
			err = nil // taken back meanwhile
		}
	}
	return d, err
}

// resolve does what is left to do for a side to stand, and says what that was.
func (d *dispute) resolve(tx *localstore.Tx, take conflict.Policy) (string, error) {
	action, err := conflict.Resolve(d.x.Rule, take)
	switch {
	case err != nil:
		return "", &problem{code: exitUsage, text: fmt.Sprintf("conflict %d: %v", d.x.ID, err),
			hint: fmt.Sprintf("mailstow conflicts shows what can be taken: %s", listing(d.Take, "or")), err: err}
	case d.parked:
		return d.settle(tx, action)
	case take.String() == d.x.Decision, action == conflict.Drop && d.x.Decision != "local" && d.x.Decision != "both":
		return "stands as it is", nil
	}
	switch action {
	case conflict.Recreate:
		return d.recreate(tx)
	case conflict.Follow, conflict.Copy:
		return d.follow(tx, action)
	case conflict.Push:
		if d.Wanted.Edit == conflict.EditRemove {
			return d.remove(tx)
		}
	}
	return "", &problem{code: exitFailed, text: fmt.Sprintf("conflict %d: what it was about is done, and cannot be undone from here", d.x.ID),
		hint: "change it as you want it with move, delete or rename; --take " + d.x.Decision + " closes the conflict"}
}

// settle ends the waiting of an edit that is parked.
func (d *dispute) settle(tx *localstore.Tx, action conflict.Action) (string, error) {
	if action == conflict.Push {
		return "goes to the server with the next sync", tx.QueueIntent(d.x.Intent)
	}
	text := "given up"
	if action == conflict.Recreate {
		var err error
		if text, err = d.recreate(tx); err != nil {
			return "", err
		}
	}
	_, err := tx.DropIntent(d.x.Intent)
	return text, err
}

// recreate puts a message back from the mirror, or a folder with all its mail.
func (d *dispute) recreate(tx *localstore.Tx) (string, error) {
	if d.Wanted.Edit == conflict.EditRename {
		return d.refound(tx)
	}
	into, err := d.place(tx)
	if err != nil {
		return "", err
	}
	ids, err := tx.RestoreMessages([]localstore.MessageID{d.x.Message}, into.ID)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("put back into %s, as %d", into.Shown(), ids[0]), nil
}

// place is the folder where a message is wanted: where it was to go, where the
// server had moved it, or where it was. It is made again where it is gone.
func (d *dispute) place(tx *localstore.Tx) (localstore.Mailbox, error) {
	id := d.x.Mailbox
	if d.Wanted.TargetID != 0 {
		id = localstore.MailboxID(d.Wanted.TargetID)
	} else if d.Had.ID != 0 {
		mail, err := d.store.Message(d.ctx, localstore.MessageID(d.Had.ID))
		if err != nil {
			return localstore.Mailbox{}, err
		}
		id = mail.Mailbox
	}
	box := d.boxes[id]
	if !box.Detached || box.Unborn {
		return box, nil
	}
	_, err := tx.CreateMailbox(d.x.Account, box.MailboxInfo)
	return box, err
}

// refound makes a folder under the name that was wanted, with the mail that the
// mirror kept of it.
func (d *dispute) refound(tx *localstore.Tx) (string, error) {
	info := d.boxes[d.x.Mailbox].MailboxInfo
	raw, err := remote.EncodeName(d.Wanted.Name)
	if err != nil {
		return "", err
	}
	info.Raw, info.Name, info.Role = raw, d.Wanted.Name, ""
	id, err := tx.CreateMailbox(d.x.Account, info)
	if err != nil {
		return "", err
	}
	mail, err := d.store.LostWith(d.ctx, d.x.Mailbox)
	if err == nil {
		_, err = tx.RestoreMessages(mail, id)
	}
	return fmt.Sprintf("made again as %s, with %s", info.Name, term.Count(len(mail), "message")), err
}

// follow does to a message or a folder where it is now what was wanted.
func (d *dispute) follow(tx *localstore.Tx, action conflict.Action) (string, error) {
	switch d.Wanted.Edit {
	case conflict.EditRename:
		raw, err := remote.EncodeName(d.Wanted.Name)
		if err == nil {
			err = tx.WantName(d.x.Mailbox, raw, d.Wanted.Name)
		}
		return "renamed to " + d.Wanted.Name, err
	case conflict.EditRemove:
		return d.remove(tx)
	}
	now := []localstore.MessageID{localstore.MessageID(d.Had.ID)}
	if d.Wanted.Edit == conflict.EditDelete {
		return "deleted for good where it now is", tx.ExpungeMessages(now)
	}
	into, err := d.place(tx)
	if err != nil {
		return "", err
	}
	verb, relocate := "moved", tx.MoveMessages
	if action == conflict.Copy {
		verb, relocate = "copied", tx.CopyMessages
	}
	ids, err := relocate(now, into.ID)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s from %s to %s, as %d", verb, d.Had.Now, into.Shown(), ids[0]), nil
}

func (d *dispute) remove(tx *localstore.Tx) (string, error) {
	_, err := tx.RemoveMailbox(d.x.Mailbox)
	return "removed after all", err
}
