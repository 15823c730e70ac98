package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-imap/v2"

	"mailstow/cmd/mailstow/demo"
	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
	mailsync "mailstow/sync"
	"mailstow/sync/plan"
)

// demoNewFolder and demoTrash are where messages go in the step that works offline.
const (
	demoNewFolder = "Reisen/Porto"
	demoTrash     = "Trash"
)

// offline changes things in the copy, without a connection, and lets a sync carry
// them out.
func (s *show) offline(ctx context.Context) error {
	s.say("\n5. Offline: flag, move and delete messages of INBOX, and make a folder. The queue:")
	id, err := s.accountID(ctx)
	if err != nil {
		return err
	}
	mail, err := s.lastOfInbox(ctx, id, 3)
	if err != nil {
		return err
	}
	before := s.server.Totals()
	if err := s.editOffline(ctx, id, mail); err != nil {
		return err
	}
	if err := s.sayQueue(ctx, id); err != nil {
		return err
	}
	s.say("   The next sync does the same on the server:")
	r, err := s.pull(ctx)
	if err != nil {
		return err
	}
	want := mailsync.Pushed{Flags: 1, Moved: 2, Mailboxes: 2} // made, and subscribed to
	if r.Pushed != want || r.Pending+r.Conflicts+int(r.Bodies) != 0 {
		return fmt.Errorf("%+v was wanted on the server, the sync did %s", want, summary(r))
	}
	return errors.Join(s.proveOffline(before, mail), s.proveEqual(ctx))
}

// lastOfInbox gives the last n messages of INBOX that are not flagged.
func (s *show) lastOfInbox(ctx context.Context, id localstore.AccountID, n int) ([]localstore.Mail, error) {
	box, err := s.store.MailboxByName(ctx, id, "INBOX")
	if err != nil {
		return nil, err
	}
	var all []localstore.Mail
	err = s.store.List(ctx, localstore.ListQuery{Mailbox: box.ID}, func(m localstore.Mail) error {
		if !strings.Contains(m.Flags, string(imap.FlagFlagged)) {
			all = append(all, m)
		}
		return nil
	})
	if err == nil && len(all) < n {
		err = fmt.Errorf("only %d messages of INBOX are not flagged", len(all))
	}
	return all[max(0, len(all)-n):], err
}

// editOffline flags the first message, moves the second and deletes the third.
func (s *show) editOffline(ctx context.Context, id localstore.AccountID, mail []localstore.Mail) error {
	trash, err := s.store.MailboxByName(ctx, id, demoTrash)
	if err != nil {
		return err
	}
	return s.store.Edit(ctx, func(tx *localstore.Tx) error {
		if err := tx.EditFlags([]localstore.MessageID{mail[0].ID}, string(imap.FlagFlagged), ""); err != nil {
			return err
		}
		box, err := tx.CreateMailbox(id, localstore.MailboxInfo{Raw: demoNewFolder, Name: demoNewFolder, Delim: trash.Delim, Selectable: true, Subscribed: true})
		if err != nil {
			return err
		}
		if _, err := tx.MoveMessages([]localstore.MessageID{mail[1].ID}, box); err != nil {
			return err
		}
		_, err = tx.MoveMessages([]localstore.MessageID{mail[2].ID}, trash.ID)
		return err
	})
}

func (s *show) sayQueue(ctx context.Context, id localstore.AccountID) error {
	in, err := mailsync.Queue(ctx, s.store, id, s.acct, mailsync.Options{Now: s.now})
	if err != nil {
		return err
	}
	for line := range strings.Lines(plan.Push(in).Text()) {
		s.say("   - %s", term.Clean(strings.TrimSpace(line)))
	}
	return nil
}

// proveOffline looks for each message where it was wanted, with its flags.
func (s *show) proveOffline(before demo.Totals, mail []localstore.Mail) error {
	before.Mailboxes++
	if now := s.server.Totals(); now != before {
		return fmt.Errorf("the server holds %+v, want %+v", now, before)
	}
	for i, folder := range []string{"INBOX", demoNewFolder, demoTrash} {
		held, ok := s.server.Find(folder, mail[i].SHA256)
		if !ok {
			return fmt.Errorf("message %d is not in %s on the server", mail[i].ID, folder)
		}
		if flagged := strings.Contains(fmt.Sprint(held.Flags), string(imap.FlagFlagged)); flagged != (i == 0) {
			return fmt.Errorf("message %d has the flags %v on the server", mail[i].ID, held.Flags)
		}
	}
	return nil
}
