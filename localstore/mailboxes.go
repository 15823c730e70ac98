package localstore

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
)

// PutMailbox gives the id of a mailbox the server lists, adds it when new and
// refreshes what is known of it. One that was detached comes back. A mailbox
// that is as it was costs no write.
func (tx *Tx) PutMailbox(acct AccountID, m MailboxInfo, run RunID) (MailboxID, error) {
	var id MailboxID
	var old MailboxInfo
	var detached bool
	ok, err := tx.get(`SELECT id, name, delim, attrs, role, selectable, subscribed, detached_run IS NOT NULL
		FROM mailbox WHERE account = ? AND raw = ?`, []any{acct, []byte(m.Raw)},
		&id, &old.Name, &old.Delim, &old.Attrs, &old.Role, &old.Selectable, &old.Subscribed, &detached)
	if err != nil {
		return 0, err
	}
	if !ok {
		return tx.addMailbox(acct, m, run)
	}
	if old.Raw = m.Raw; old == m && !detached {
		return id, nil
	}
	_, err = tx.exec(`UPDATE mailbox SET name = ?, delim = ?, attrs = ?, role = ?, selectable = ?, subscribed = ?,
		detached_run = NULL WHERE id = ?`, m.Name, m.Delim, m.Attrs, m.Role, m.Selectable, m.Subscribed, id)
	if err == nil && detached {
		err = tx.mailboxEvent(run, "back", id, nil, nil)
	}
	return id, err
}

func (tx *Tx) addMailbox(acct AccountID, m MailboxInfo, run RunID) (MailboxID, error) {
	n, err := tx.insert(`INSERT INTO mailbox(account, raw, name, delim, attrs, role, selectable, subscribed)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		acct, []byte(m.Raw), m.Name, m.Delim, m.Attrs, m.Role, m.Selectable, m.Subscribed)
	if err != nil {
		return 0, err
	}
	return MailboxID(n), tx.mailboxEvent(run, "created", MailboxID(n), nil, m.Name)
}

// RenameMailbox gives a mailbox the raw name the server has given it, with all
// it holds. Another mailbox that has this name makes room: it stays under its
// name for people, and its key becomes one no server can send, until it is
// renamed itself or detached.
func (tx *Tx) RenameMailbox(id MailboxID, raw string, run RunID) error {
	var key []byte
	ok, err := tx.get("SELECT raw FROM mailbox WHERE id = ?", []any{id}, &key)
	if err == nil && !ok {
		err = tx.fail(fmt.Errorf("mailbox %d: %w", id, ErrNotFound))
	}
	if err != nil || string(key) == raw {
		return err
	}
	_, err = tx.exec(`UPDATE mailbox SET raw = CAST(raw || x'00' || id AS BLOB) WHERE raw = ?
		AND account = (SELECT account FROM mailbox WHERE id = ?)`, []byte(raw), id)
	if err != nil {
		return err
	}
	if _, err = tx.exec("UPDATE mailbox SET raw = ? WHERE id = ?", []byte(raw), id); err != nil {
		return err
	}
	old, _, _ := bytes.Cut(key, []byte{0}) // it may have made room itself
	return tx.mailboxEvent(run, "renamed", id, string(old), raw)
}

// DetachMailbox notes that the server no longer has a mailbox. Its messages stay
// as they are.
func (tx *Tx) DetachMailbox(id MailboxID, run RunID) error {
	n, err := tx.exec("UPDATE mailbox SET detached_run = ? WHERE id = ? AND detached_run IS NULL", run, id)
	if err != nil || n == 0 {
		return err
	}
	return tx.mailboxEvent(run, "detached", id, nil, nil)
}

func (tx *Tx) mailboxEvent(run RunID, kind string, id MailboxID, old, now any) error {
	_, err := tx.exec("INSERT INTO event(at, run, kind, mailbox, old, new) VALUES (?, ?, ?, ?, ?, ?)",
		tx.at.Unix(), run, kind, id, old, now)
	return err
}

const generationColumns = "g.id, g.mailbox, g.uidvalidity, g.opened_run, g.uidnext, g.messages, g.highestmodseq, g.mailboxid, g.listed, g.retired_run IS NOT NULL"

const mailboxColumns = `SELECT m.id, m.account, m.raw, m.name, m.delim, m.attrs, m.role, m.selectable, m.subscribed,
	m.detached_run IS NOT NULL, g.id IS NOT NULL, ifnull(g.id, 0), ifnull(g.uidvalidity, 0), ifnull(g.opened_run, 0), ifnull(g.uidnext, 0), ifnull(g.messages, 0),
	ifnull(g.highestmodseq, 0), ifnull(g.mailboxid, ''), ifnull(g.listed, 0)
	FROM mailbox m LEFT JOIN generation g ON g.mailbox = m.id AND g.retired_run IS NULL `

// Mailboxes gives every mailbox of an account, detached ones too, by name.
func (s *Store) Mailboxes(ctx context.Context, acct AccountID) ([]Mailbox, error) {
	return s.mailboxes(ctx, "WHERE m.account = ? ORDER BY m.name, m.raw", acct)
}

// MailboxByName finds a mailbox by what a person calls it: its name, else its
// raw name; INBOX in any case (RFC 9051 5.1). One on the server goes before a
// detached one. ErrNotFound when there is none, or more than one.
func (s *Store) MailboxByName(ctx context.Context, acct AccountID, name string) (Mailbox, error) {
	all, err := s.mailboxes(ctx, `WHERE m.account = ?1 AND (m.name = ?2 OR m.raw = CAST(?2 AS BLOB)
		OR upper(?2) = 'INBOX' AND upper(m.name) = 'INBOX')
		ORDER BY m.name <> ?2, m.detached_run IS NOT NULL, m.id`, acct, name)
	if err != nil {
		return Mailbox{}, err
	}
	if len(all) == 0 {
		return Mailbox{}, fmt.Errorf("mailbox %q: %w", name, ErrNotFound)
	}
	if len(all) > 1 && all[1].Name == all[0].Name && all[1].Detached == all[0].Detached {
		return Mailbox{}, fmt.Errorf("mailbox %q: %w under one name: use the raw name %q or %q",
			name, ErrNotFound, all[0].Raw, all[1].Raw)
	}
	return all[0], nil
}

func (s *Store) mailboxes(ctx context.Context, where string, args ...any) ([]Mailbox, error) {
	var all []Mailbox
	err := s.each(ctx, mailboxColumns+where, args, func(r *sql.Rows) error {
		m, err := scanMailbox(r)
		all = append(all, m)
		return err
	})
	return all, err
}

func scanMailbox(r *sql.Rows) (Mailbox, error) {
	var m Mailbox
	var g Generation
	var raw []byte
	var has bool
	err := r.Scan(&m.ID, &m.Account, &raw, &m.Name, &m.Delim, &m.Attrs, &m.Role, &m.Selectable, &m.Subscribed,
		&m.Detached, &has, &g.ID, &g.UIDValidity, &g.Opened, &g.Cursor.UIDNext, &g.Cursor.Messages,
		&g.Cursor.HighestModSeq, &g.Cursor.MailboxID, &g.Cursor.Listed)
	m.Raw = string(raw)
	if has {
		g.Mailbox = m.ID
		m.Generation = &g
	}
	return m, err
}
