package localstore

// IntentAppended is IntentDone for an append of which the server told the UID. Of many
// thousand in a row nearly all are as simple as can be: nobody changed the flags of the
// message meanwhile, and no listing had it before.
func (tx *Tx) IntentAppended(run RunID, id IntentID, result MessageID, o Outcome) error {
	if o.UID == 0 || o.UIDValidity == 0 {
		return tx.IntentDone(run, id, o)
	}
	n, err := tx.exec(`UPDATE message SET uid = ?1, unlisted = 1 WHERE id = ?2 AND base = ?3 AND local = ?3
		AND uid IS NULL AND vanished_run IS NULL AND leaving IS NULL
		AND EXISTS (SELECT 1 FROM generation g WHERE g.id = generation AND g.uidvalidity = ?4 AND g.retired_run IS NULL AND g.local = 0)
		AND EXISTS (SELECT 1 FROM intent i WHERE i.id = ?5 AND i.kind = 'append' AND i.result = ?2)
		AND NOT EXISTS (SELECT 1 FROM message o WHERE o.generation = message.generation AND o.uid = ?1 AND o.vanished_run IS NULL)`,
		o.UID, result, o.Flags, o.UIDValidity, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return tx.IntentDone(run, id, o)
	}
	_, err = tx.exec(`INSERT INTO event(at, run, kind, generation, message, uid, old, new)
		SELECT ?1, ?2, 'rebound', generation, id, uid, local, local FROM message WHERE id = ?3`, tx.at.Unix(), run, result)
	if err != nil {
		return err
	}
	return tx.deleteIntent(id)
}
