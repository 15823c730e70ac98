package main

import (
	"errors"
	"strings"

	"mailstow/localstore"
	"mailstow/sync/remote"
)

// box is the folder that a message goes into, made if it must be.
func (im *importing) box(tx *localstore.Tx, m packedMail) (localstore.Mailbox, error) {
	if !im.tree {
		return im.boxes[""], nil
	}
	name, err := im.boxName(m.Folder)
	if err != nil {
		return localstore.Mailbox{}, err
	}
	if box, ok := im.boxes[name]; ok {
		return box, nil
	}
	box, err := im.store.MailboxByName(im.ctx, im.owner.ID, name)
	switch {
	case errors.Is(err, localstore.ErrNotFound):
		box, err = im.make(tx, name)
	case err == nil && box.Detached && !box.Unborn:
		box, err = im.make(tx, name)
	case err == nil:
		err = placeable(box)
	}
	if err == nil {
		im.boxes[name] = box
	}
	return box, err
}

// make queues a folder for the server.
func (im *importing) make(tx *localstore.Tx, name string) (localstore.Mailbox, error) {
	f, err := im.named(im.owner, name)
	if err != nil {
		return localstore.Mailbox{}, err
	}
	id, err := tx.CreateMailbox(im.owner.ID, f.info)
	im.made = append(im.made, name)
	return localstore.Mailbox{ID: id, Account: im.owner.ID, MailboxInfo: f.info}, err
}

// boxName names the folder for mail that lay in folders of that names; mail in none
// goes into INBOX. Names in Maildirs are often those of the wire (RFC 3501 section
// 5.1.3). What separates folders on the server cannot be in the name of one.
func (im *importing) boxName(parts []string) (string, error) {
	boxes, err := im.store.Mailboxes(im.ctx, im.owner.ID)
	if err != nil {
		return "", err
	}
	delim := delimiter(boxes)
	var words []string
	if im.folder != "" {
		words = append(words, im.folder)
	}
	for _, part := range parts {
		part = strings.Map(forName, remote.DecodeName(part))
		if delim != "" {
			part = strings.ReplaceAll(part, delim, "_")
		}
		if part != "" {
			words = append(words, part)
		}
	}
	if len(words) == 0 {
		return "INBOX", nil
	}
	if delim == "" {
		delim = "-"
	}
	return strings.Join(words, delim), nil
}

// forName replaces what a folder cannot be called.
func forName(r rune) rune {
	if r < ' ' || r == 0x7f || r == '*' || r == '%' || r == '\uFFFD' {
		return '_'
	}
	return r
}
