package localstore

import "context"

// Found is a body that was brought here from elsewhere. Folder, UIDValidity and UID
// say where the program that downloaded it found it, with / between the parts of the
// folder; without all three they say nothing.
type Found struct {
	Body        *Packed
	Folder      string
	UIDValidity uint32
	UID         uint32
}

// PutFound keeps bodies that messages of an account may turn out to have, so that they
// are not downloaded. It tells how many of them were not there yet. They may be nowhere
// else: only inside Edit.
func (tx *Tx) PutFound(acct AccountID, all []Found) (fresh int, err error) {
	if err := tx.owner(); err != nil {
		return 0, err
	}
	for _, f := range all {
		before := tx.s.nextBody.Load()
		id, err := tx.putBody(f.Body)
		if err != nil {
			return fresh, err
		}
		if id > before || f.Body.staged == id {
			fresh++
		}
		var folder, validity, uid any
		if f.Folder != "" && f.UIDValidity != 0 && f.UID != 0 {
			folder, validity, uid = f.Folder, f.UIDValidity, f.UID
		}
		_, err = tx.exec("INSERT INTO found(account, body, size, folder, uidvalidity, uid) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
			acct, id, f.Body.Size, folder, validity, uid)
		if err != nil {
			return fresh, err
		}
	}
	return fresh, nil
}

// FoundLeft tells how many bodies were found for an account that no message has, and
// their bytes.
func (s *Store) FoundLeft(ctx context.Context, acct AccountID) (bodies, bytes int64, err error) {
	err = s.reader.QueryRowContext(ctx, `SELECT count(*), ifnull(sum(size), 0) FROM body b
		WHERE id IN (SELECT body FROM found WHERE account = ?) AND NOT EXISTS (SELECT 1 FROM message m WHERE m.body = b.id)`, acct).Scan(&bodies, &bytes)
	return bodies, bytes, s.wrap(canceled(ctx, err))
}

// ForgetFound drops what was found for an account, and the bodies of it that nothing
// else has.
func (tx *Tx) ForgetFound(acct AccountID) (bodies int, err error) {
	var ids []int64
	for {
		var id int64
		ok, err := tx.get("SELECT body FROM found WHERE account = ? LIMIT 1", []any{acct}, &id)
		if err != nil {
			return 0, err
		}
		if !ok {
			break
		}
		ids = append(ids, id)
		if _, err := tx.exec("DELETE FROM found WHERE account = ? AND body = ?", acct, id); err != nil {
			return 0, err
		}
	}
	for _, id := range ids {
		shared, err := tx.get("SELECT body FROM found WHERE body = ? LIMIT 1", []any{id}, new(int64))
		if err != nil {
			return bodies, err
		}
		if shared {
			continue
		}
		_, gone, err := tx.purgeBody(id)
		if err != nil {
			return bodies, err
		}
		if gone {
			bodies++
		}
	}
	return bodies, nil
}

// foundAny is asked once, and spares all who took nothing over the rest.
const foundAny = "EXISTS (SELECT 1 FROM found)"

// foundOf joins what was found for the account of m.
const foundOf = ` found f JOIN body fb ON fb.id = f.body
	WHERE f.account = (SELECT x.account FROM generation g JOIN mailbox x ON x.id = g.mailbox WHERE g.id = m.generation)
	AND f.size = m.size AND fb.damaged = 0`

// foundHere: f was found in the mailbox x, under the UIDVALIDITY of g. INBOX has no case;
// imap-backup keeps the delimiter of the server.
const foundHere = ` f.account = x.account AND f.uidvalidity = g.uidvalidity
	AND (f.folder IN (x.name, replace(x.name, x.delim, '/'), replace(CAST(x.raw AS TEXT), x.delim, '/')) OR upper(f.folder) = 'INBOX' AND x.raw = CAST('INBOX' AS BLOB))`

// foundByUID is the body that another program downloaded from where m is: from a
// mailbox of that name, UIDVALIDITY and UID, and of that size. Its parameter says
// whether what was noted is believed.
const foundByUID = "CASE WHEN ? THEN (SELECT min(fb.sha256) FROM" + foundOf + ` AND f.uid = m.uid
	AND EXISTS (SELECT 1 FROM generation g JOIN mailbox x ON x.id = g.mailbox WHERE g.id = m.generation AND` + foundHere + `)
	HAVING min(f.body) = max(f.body)) END`

// A message that was found in two forms counts once.
const believedQuery = `SELECT count(*), ifnull(sum(same), 0) FROM (SELECT max(f.size = m.size) AS same FROM generation g JOIN mailbox x ON x.id = g.mailbox
	CROSS JOIN found f CROSS JOIN message m ON m.generation = g.id AND m.uid = f.uid AND m.vanished_run IS NULL
	WHERE g.id = ? AND f.uid IS NOT NULL AND` + foundHere + " GROUP BY f.uid)"

// believed tells whether the UIDs that another program noted are those of a
// generation: of the messages under them nine of ten have the size of what was found.
// Mail of another account may have the same numbers, and here and there the same size.
func (s *Store) believed(ctx context.Context, gen GenerationID) (bool, error) {
	if known, ok := s.trusted.Load(gen); ok {
		return known.(bool), nil
	}
	var all, same int64
	if err := s.askPrepared(ctx, believedQuery, []any{gen}, &all, &same); err != nil {
		return false, err
	}
	if all > 0 {
		s.trusted.Store(gen, same >= all-all/10)
	}
	return all > 0 && same >= all-all/10, nil
}

const foundAlike = foundAny + " AND EXISTS (SELECT 1 FROM" + foundOf + ")"

const foundQuery = "SELECT m.size, m.date, fb.header_sha256, fb.sha256 FROM message m CROSS JOIN" + foundOf + " AND m.id = ?"
