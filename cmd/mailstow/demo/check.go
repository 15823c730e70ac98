package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"mailstow/conflict"
	"mailstow/localstore"
)

// Totals is what the server holds.
type Totals struct {
	Mailboxes, Messages int
	Bytes               int64
}

// Totals counts what the server holds now.
func (s *Server) Totals() Totals {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := Totals{Mailboxes: len(s.ledger)}
	for _, held := range s.ledger {
		t.Messages += len(held)
		for _, m := range held {
			t.Bytes += int64(len(m.Data))
		}
	}
	return t
}

// Check proves that the account in the store equals the server: the same
// mailboxes, in each the same UIDs, flags, internal dates and, byte for byte, the
// same messages. The error lists every difference.
func (s *Server) Check(ctx context.Context, store *localstore.Store, acct localstore.AccountID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	boxes, err := store.Mailboxes(ctx, acct)
	if err != nil {
		return err
	}
	var wrong []error
	seen := map[string]bool{}
	for _, b := range boxes {
		held, ok := s.ledger[b.Name]
		if !ok || b.Detached {
			wrong = append(wrong, fmt.Errorf("%s: in the store, not on the server", b.Name))
			continue
		}
		seen[b.Name] = true
		if err := checkMailbox(ctx, store, b, held); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", b.Name, err))
		}
	}
	for name := range s.ledger {
		if !seen[name] {
			wrong = append(wrong, fmt.Errorf("%s: on the server, not in the store", name))
		}
	}
	return errors.Join(wrong...)
}

func checkMailbox(ctx context.Context, store *localstore.Store, b localstore.Mailbox, held []Held) error {
	left := map[uint32]Held{}
	for _, m := range held {
		left[uint32(m.UID)] = m
	}
	var wrong []error
	err := store.List(ctx, localstore.ListQuery{Mailbox: b.ID}, func(got localstore.Mail) error {
		want, ok := left[got.UID]
		delete(left, got.UID)
		if !ok {
			wrong = append(wrong, fmt.Errorf("UID %d is not on the server", got.UID))
			return nil
		}
		if err := checkMessage(ctx, store, got, want); err != nil {
			wrong = append(wrong, fmt.Errorf("UID %d: %w", got.UID, err))
		}
		return nil
	})
	for uid := range left {
		wrong = append(wrong, fmt.Errorf("UID %d is not in the store", uid))
	}
	return errors.Join(append(wrong, err)...)
}

func checkMessage(ctx context.Context, store *localstore.Store, got localstore.Mail, want Held) error {
	sum := sha256.Sum256(want.Data)
	flags := conflict.Canonical(want.Flags)
	switch {
	case got.SHA256 != hex.EncodeToString(sum[:]):
		return fmt.Errorf("SHA-256 is %s, want %x", got.SHA256, sum)
	case got.Size != int64(len(want.Data)):
		return fmt.Errorf("size is %d, want %d", got.Size, len(want.Data))
	case !flags.Equal(conflict.Flags(got.Flags)):
		return fmt.Errorf("flags are %q, want %q", got.Flags, flags)
	case !got.InternalDate.Equal(want.Date):
		return fmt.Errorf("internal date is %s, want %s", got.InternalDate, want.Date)
	}
	body, _, err := store.OpenBody(ctx, got.ID)
	if err != nil {
		return err
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	if err == nil && !bytes.Equal(data, want.Data) {
		err = errors.New("bytes differ")
	}
	return err
}
