package localstore

import (
	"context"
	"database/sql"
	"fmt"
)

const generationColumns = "g.id, g.mailbox, g.uidvalidity, g.opened_run, g.uidnext, g.messages, g.highestmodseq, g.mailboxid, g.listed, g.retired_run IS NOT NULL"

const mailboxColumns = `SELECT m.id, m.account, m.raw, m.name, m.delim, m.attrs, m.role, m.selectable, m.subscribed,
	m.detached_run IS NOT NULL OR m.unborn, m.unborn, ifnull(m.leaving, 0), m.wanted, ifnull(m.wanted_name, ''),
	ifnull((SELECT kind = 'subscribe' FROM intent WHERE mailbox = m.id AND kind IN ('subscribe', 'unsubscribe')), m.subscribed),
	g.id IS NOT NULL, ifnull(g.id, 0), ifnull(g.uidvalidity, 0), ifnull(g.opened_run, 0), ifnull(g.uidnext, 0), ifnull(g.messages, 0),
	ifnull(g.highestmodseq, 0), ifnull(g.mailboxid, ''), ifnull(g.listed, 0)
	FROM mailbox m LEFT JOIN generation g ON g.mailbox = m.id AND g.retired_run IS NULL AND g.local = 0 `

// Mailboxes gives every mailbox of an account, by name: those on the server,
// detached ones, those made here, and those that wait to be removed.
func (s *Store) Mailboxes(ctx context.Context, acct AccountID) ([]Mailbox, error) {
	return s.mailboxes(ctx, "WHERE m.account = ? ORDER BY ifnull(m.wanted_name, m.name), m.raw", acct)
}

// MailboxByName finds a mailbox by what a person calls it: its name, else its
// raw name; INBOX in any case (RFC 9051 5.1). It goes by the names that are
// wanted, and passes over what waits to be removed. One on the server, or made for
// it, goes before a detached one. ErrNotFound when there is none, or more than one.
func (s *Store) MailboxByName(ctx context.Context, acct AccountID, name string) (Mailbox, error) {
	all, err := s.mailboxes(ctx, `WHERE m.account = ?1 AND m.leaving IS NULL
		AND (ifnull(m.wanted_name, m.name) = ?2 OR ifnull(m.wanted, m.raw) = CAST(?2 AS BLOB)
		OR upper(?2) = 'INBOX' AND upper(m.name) = 'INBOX')
		ORDER BY ifnull(m.wanted_name, m.name) <> ?2, m.detached_run IS NOT NULL AND m.unborn = 0, m.id`, acct, name)
	if err != nil {
		return Mailbox{}, err
	}
	if len(all) == 0 {
		return Mailbox{}, fmt.Errorf("mailbox %q: %w", name, ErrNotFound)
	}
	if len(all) > 1 && all[1].Shown() == all[0].Shown() && all[1].away() == all[0].away() {
		return Mailbox{}, fmt.Errorf("mailbox %q: %w under one name: use the raw name %q or %q",
			name, ErrNotFound, all[0].Raw, all[1].Raw)
	}
	return all[0], nil
}

func (s *Store) mailboxes(ctx context.Context, where string, args ...any) ([]Mailbox, error) {
	var all []Mailbox
	err := s.eachPrepared(ctx, mailboxColumns+where, args, func(r *sql.Rows) error {
		m, err := scanMailbox(r)
		all = append(all, m)
		return err
	})
	return all, err
}

func scanMailbox(r *sql.Rows) (Mailbox, error) {
	var m Mailbox
	var g Generation
	var raw, wanted []byte
	var has bool
	err := r.Scan(&m.ID, &m.Account, &raw, &m.Name, &m.Delim, &m.Attrs, &m.Role, &m.Selectable, &m.Subscribed,
		&m.Detached, &m.Unborn, &m.Leaving, &wanted, &m.WantedName, &m.WantsSubscribed,
		&has, &g.ID, &g.UIDValidity, &g.Opened, &g.Cursor.UIDNext, &g.Cursor.Messages,
		&g.Cursor.HighestModSeq, &g.Cursor.MailboxID, &g.Cursor.Listed)
	m.Raw, m.Wanted = string(raw), string(wanted)
	if has {
		g.Mailbox = m.ID
		m.Generation = &g
	}
	return m, err
}
