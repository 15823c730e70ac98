package localstore

// DropIntent undoes what an intent did here, with the intents that need it, and
// the renames to a name that is not free then. It
// gives the ids of all of them, id first. ErrUnsettled: the server may have it
// already. The edit of a message that vanished meanwhile stays in its row.
func (tx *Tx) DropIntent(id IntentID) ([]IntentID, error) {
	if err := tx.owner(); err != nil {
		return nil, err
	}
	p, err := tx.intentByID(id)
	if err != nil {
		return nil, err
	}
	return tx.drop(p)
}

func (tx *Tx) drop(p pending) ([]IntentID, error) {
	switch p.kind {
	case IntentFlags, IntentSubscribe, IntentUnsubscribe: // may be done twice, so may be left in doubt
	default:
		if err := p.unsettled(); err != nil {
			return nil, tx.fail(err)
		}
	}
	dropped := []IntentID{p.id}
	var before outlook
	if p.kind == IntentRename {
		var err error
		if before, err = tx.outlook(p.account); err != nil {
			return nil, err
		}
	}
	for p.kind == IntentCreate {
		in, ok, err := tx.pending("target = ?1 UNION ALL "+pendingColumns+"mailbox = ?1 AND kind <> 'create' LIMIT 1", p.mailbox)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		also, err := tx.drop(in)
		if err != nil {
			return nil, err
		}
		dropped = append(dropped, also...)
	}
	if err := tx.undo(p); err != nil || p.kind != IntentRename {
		return dropped, err
	}
	also, err := tx.dropBlocked(p.account, before.blocked)
	return append(dropped, also...), err
}

// undo takes an intent and its effect back.
func (tx *Tx) undo(p pending) error {
	if err := tx.deleteIntent(p.id); err != nil {
		return err
	}
	switch p.kind {
	case IntentFlags:
		return tx.undoFlags(p.message)
	case IntentMove:
		if err := tx.setLeaving(p.message, 0); err != nil {
			return err
		}
		return tx.removeLocal(p.result, p.account)
	case IntentCopy, IntentAppend:
		return tx.removeLocal(p.result, p.account)
	case IntentExpunge:
		return tx.setLeaving(p.message, 0)
	case IntentCreate:
		return tx.giveUp(p.mailbox)
	case IntentRename:
		return tx.deriveNames(p.account)
	case IntentRemove:
		_, err := tx.exec("UPDATE mailbox SET leaving = NULL WHERE id = ?", p.mailbox)
		return err
	}
	return nil // subscribe, unsubscribe: the intent was all there was
}

func (tx *Tx) undoFlags(id MessageID) error {
	m, err := tx.mailRow(id)
	if err != nil || m.vanished {
		return err
	}
	return tx.setFlags(nil, id, m.base, m.base)
}

// removeLocal ends a row that never came to the server. The only one with its
// body stays in history.
func (tx *Tx) removeLocal(id MessageID, acct AccountID) error {
	if err := tx.clearMessageProblems(id); err != nil {
		return err
	}
	_, err := tx.exec(`INSERT INTO event(at, kind, generation, message, old)
		SELECT ?, 'vanished', generation, id, local FROM message WHERE id = ?`, tx.at.Unix(), id)
	if err != nil {
		return err
	}
	var only bool
	_, err = tx.get(`SELECT m.body IS NOT NULL AND NOT EXISTS (SELECT 1 FROM message o WHERE o.body = m.body AND o.id <> m.id)
		FROM message m WHERE m.id = ?`, []any{id}, &only)
	if err != nil {
		return err
	}
	if !only {
		return tx.one("DELETE FROM message WHERE id = ?", id, id)
	}
	run, err := tx.newestRun(acct)
	if err != nil {
		return err
	}
	return tx.one("UPDATE message SET vanished_run = ? WHERE id = ?", id, run, id)
}

// QueueIntent makes an intent due that waits for a person or for its time.
func (tx *Tx) QueueIntent(id IntentID) error {
	if err := tx.owner(); err != nil {
		return err
	}
	p, err := tx.intentByID(id)
	if err != nil {
		return err
	}
	if err := p.unsettled(); err != nil {
		return tx.fail(err)
	}
	if p.kind == IntentMove { // parked after it had left, it is to be sent all the same
		if err := tx.setLeaving(p.message, id); err != nil {
			return err
		}
	}
	_, err = tx.exec(`UPDATE intent SET state = 'queued', retry_at = NULL, sent_uidvalidity = NULL, sent_uidnext = NULL WHERE id = ?`, id)
	return err
}
