package localstore

// PutMailbox gives the id of a mailbox the server lists, adds it when new and
// refreshes what is known of it. One that was detached comes back; one made here
// is on the server now. A mailbox that is as it was costs no write.
func (tx *Tx) PutMailbox(acct AccountID, m MailboxInfo, run RunID) (MailboxID, error) {
	var id MailboxID
	var old MailboxInfo
	var detached, unborn bool
	ok, err := tx.get(`SELECT id, name, delim, attrs, role, selectable, subscribed, detached_run IS NOT NULL, unborn
		FROM mailbox WHERE account = ? AND raw = ?`, []any{acct, []byte(m.Raw)},
		&id, &old.Name, &old.Delim, &old.Attrs, &old.Role, &old.Selectable, &old.Subscribed, &detached, &unborn)
	if err != nil {
		return 0, err
	}
	if !ok {
		return tx.addMailbox(acct, m, run)
	}
	old.Raw = m.Raw
	switch {
	case unborn && !m.Selectable: // a name without mail is not what was wanted
		return id, nil
	case unborn:
		if err := tx.born(id, run); err != nil {
			return 0, err
		}
		detached = false
	case old == m && !detached:
		return id, nil
	}
	_, err = tx.exec(`UPDATE mailbox SET name = ?, delim = ?, attrs = ?, role = ?, selectable = ?, subscribed = ?,
		detached_run = NULL WHERE id = ?`, m.Name, m.Delim, m.Attrs, m.Role, m.Selectable, m.Subscribed, id)
	if err == nil {
		err = tx.subscribedAs(id, m.Subscribed)
	}
	if err == nil && detached {
		err = tx.mailboxEvent(run, "back", id, nil, nil)
	}
	if detached || old.Name != m.Name {
		tx.namesChanged(acct, false)
	}
	return id, err
}

// subscribedAs ends the wish that the server has fulfilled.
func (tx *Tx) subscribedAs(id MailboxID, on bool) error {
	_, err := tx.exec("DELETE FROM intent WHERE mailbox = ? AND kind = ?", id, subscription(on))
	return err
}

func (tx *Tx) addMailbox(acct AccountID, m MailboxInfo, run RunID) (MailboxID, error) {
	id, err := tx.insertMailbox(acct, m, false)
	if err == nil {
		err = tx.mailboxEvent(run, "created", id, nil, m.Name)
	}
	tx.namesChanged(acct, false)
	return id, err
}

func (tx *Tx) insertMailbox(acct AccountID, m MailboxInfo, unborn bool) (MailboxID, error) {
	n, err := tx.insert(`INSERT INTO mailbox(account, raw, name, delim, attrs, role, selectable, subscribed, unborn)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		acct, []byte(m.Raw), m.Name, m.Delim, m.Attrs, m.Role, m.Selectable, m.Subscribed && !unborn, unborn)
	return MailboxID(n), err
}

// DetachMailbox notes that the server no longer has a mailbox. Its messages stay
// as they are, and so does what the owner wants of it and them.
func (tx *Tx) DetachMailbox(id MailboxID, run RunID) error {
	n, err := tx.exec("UPDATE mailbox SET detached_run = ? WHERE id = ? AND detached_run IS NULL", run, id)
	if err != nil || n == 0 {
		return err
	}
	if err := tx.mailboxEvent(run, "detached", id, nil, nil); err != nil {
		return err
	}
	var acct AccountID
	if _, err := tx.get("SELECT account FROM mailbox WHERE id = ?", []any{id}, &acct); err != nil {
		return err
	}
	tx.namesChanged(acct, false)
	return nil
}

func (tx *Tx) mailboxEvent(run any, kind string, id MailboxID, old, now any) error {
	_, err := tx.exec("INSERT INTO event(at, run, kind, mailbox, old, new) VALUES (?, ?, ?, ?, ?, ?)",
		tx.at.Unix(), run, kind, id, old, now)
	return err
}
