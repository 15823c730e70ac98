package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mailstow/cmd/mailstow/demo"
	"mailstow/cmd/mailstow/term"
	"mailstow/localstore"
	mailsync "mailstow/sync"
)

// show is one performance.
type show struct {
	*app
	server *demo.Server
	store  *localstore.Store
	acct   mailsync.Account
	step   int
}

// perform runs the steps; each does something and then proves that it was done.
func (s *show) perform(ctx context.Context) error {
	for i, step := range []func(context.Context) error{s.mirror, s.folders, s.change, s.again, s.offline, s.verify} {
		s.step = i + 1
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// mirror copies the whole account.
func (s *show) mirror(ctx context.Context) error {
	want := s.server.Totals()
	s.say("1. A mail server runs at %s, with %s in %s (%s). Copying all of it:", s.server.URL(),
		term.Count(want.Messages, "message"), term.Count(want.Mailboxes, "mailbox"), term.Size(want.Bytes))
	r, err := s.pull(ctx)
	if err != nil {
		return err
	}
	if r.New != want.Messages || r.Mailboxes != want.Mailboxes || int(r.Bodies)+r.Linked != want.Messages {
		return fmt.Errorf("the server holds %+v, the sync copied %s", want, summary(r))
	}
	return s.proveEqual(ctx)
}

// folders shows what is now readable offline.
func (s *show) folders(ctx context.Context) error {
	s.say("\n2. The copy, readable without the server:")
	id, err := s.accountID(ctx)
	if err != nil {
		return err
	}
	folders, err := s.store.Folders(ctx, id)
	if err != nil {
		return err
	}
	list, messages := folderList(s.acct.Name, folders, backlog{}), 0
	for _, f := range list {
		messages += int(f.Messages)
	}
	want := s.server.Totals()
	if len(list) != want.Mailboxes || messages != want.Messages {
		return fmt.Errorf("%d folders with %d messages, want %+v", len(list), messages, want)
	}
	if s.ui.quiet {
		return nil
	}
	return s.printFolders(list, false)
}

// change lets things happen on the server, and the difference be seen.
func (s *show) change(ctx context.Context) error {
	s.say("\n3. Meanwhile, on the server:")
	changes, err := s.server.Change()
	if err != nil {
		return err
	}
	for _, text := range changes.Text {
		s.say("   - %s", text)
	}
	s.say("   Syncing again moves only the difference:")
	r, err := s.pull(ctx)
	if err != nil {
		return err
	}
	if r.New != changes.New || r.Flags != changes.Flagged || r.Vanished != changes.Expunged || r.BodyBytes != changes.NewBytes {
		return fmt.Errorf("the server changed by %+v, the sync found %s", changes, summary(r))
	}
	return s.proveEqual(ctx)
}

// again syncs when nothing has happened.
func (s *show) again(ctx context.Context) error {
	s.say("\n4. Nothing happens, and a third sync:")
	r, err := s.pull(ctx)
	if err != nil {
		return err
	}
	if r.New+r.Flags+r.Vanished+r.Rebound+r.Linked+int(r.Bodies) != 0 {
		return fmt.Errorf("nothing had changed, the sync found %s", summary(r))
	}
	return s.proveEqual(ctx)
}

// verify lets mailstow itself prove it, with every body downloaded once more.
func (s *show) verify(ctx context.Context) error {
	s.say("\n6. verify --remote, with every message downloaded again and compared byte for byte:")
	var findings []error
	err := s.store.Check(ctx, localstore.CheckOptions{}, func(f localstore.Finding) {
		findings = append(findings, fmt.Errorf("store: %s: %s", f.Kind, f.What))
	})
	if err := errors.Join(append(findings, err)...); err != nil {
		return err
	}
	v, err := mailsync.VerifyRemote(ctx, s.store, s.acct, mailsync.VerifyOptions{SamplePercent: 100})
	if err != nil {
		return err
	}
	want := s.server.Totals()
	if len(v.Differences) > 0 || v.Mailboxes != want.Mailboxes || v.Messages != want.Messages || v.Sampled != want.Messages {
		return fmt.Errorf("the server holds %+v, verify saw %d mailboxes, %d messages, %d bodies, differences %v",
			want, v.Mailboxes, v.Messages, v.Sampled, v.Differences)
	}
	s.say("   %s, %s: no difference", term.Count(v.Mailboxes, "mailbox"), term.Count(v.Messages, "message"))
	return nil
}

// pull syncs the way the sync command does, and shows it.
func (s *show) pull(ctx context.Context) (mailsync.Receipt, error) {
	watch := newWatcher(s.ui, s.acct.Name)
	r, err := mailsync.Pull(ctx, s.store, s.acct, mailsync.Options{Observer: watch, Now: s.now})
	watch.finish()
	if err == nil && r.Exit != exitOK {
		err = fmt.Errorf("the sync ended with code %d: %+v", r.Exit, r)
	}
	if err == nil {
		s.say("   %s", term.Clean(summary(r)))
		s.say("   %s received from the server, %s, %s", term.Size(r.BytesIn),
			term.Count(r.Commands, "command"), time.Duration(r.Seconds*float64(time.Second)).Round(time.Millisecond))
	}
	return r, err
}

// proveEqual compares the store with the server's own books.
func (s *show) proveEqual(ctx context.Context) error {
	id, err := s.accountID(ctx)
	if err != nil {
		return err
	}
	if err := s.server.Check(ctx, s.store, id); err != nil {
		return fmt.Errorf("the store differs from the server: %w", err)
	}
	s.say("   checked: every UID, flag, date and byte equals the server's")
	return nil
}

func (s *show) accountID(ctx context.Context) (localstore.AccountID, error) {
	accounts, err := s.store.Accounts(ctx)
	if err == nil && len(accounts) != 1 {
		err = fmt.Errorf("the store holds %d accounts, want 1", len(accounts))
	}
	if err != nil {
		return 0, err
	}
	return accounts[0].ID, nil
}
