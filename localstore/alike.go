package localstore

import (
	"context"
	"database/sql"
)

// LargeSize is from which announced size on a message is worth its header being
// asked for, to find out whether its body is held already: headers have some two
// to eight KiB. It stands in the index message_alike, too.
const LargeSize = 32 << 10

// alike are held bodies of messages h, vanished ones among them, that agree
// with m in account, size and date. The body has the announced size: a server
// that announces wrong sizes proves nothing by them. The condition in parentheses
// lets SQLite use the index.
const alike = ` message h JOIN body b ON b.id = h.body JOIN generation hg ON hg.id = h.generation
	JOIN mailbox hx ON hx.id = hg.mailbox
	WHERE h.date = m.date AND h.size = m.size AND h.body IS NOT NULL AND (h.identity <> '' OR h.size >= 32768)
	AND b.size = m.size AND b.damaged = 0
	AND hx.account = (SELECT x.account FROM generation g JOIN mailbox x ON x.id = g.mailbox WHERE g.id = m.generation)`

// sameBody is the body that the server says m has (RFC 8474 section 5: messages of
// one EMAILID have the same content). Size and date are compared all the same:
// identities of a server that was set up anew may start over.
const sameBody = "CASE WHEN m.identity <> '' THEN (SELECT b.sha256 FROM" + alike + " AND h.identity = m.identity LIMIT 1) END"

// hasMessageID leaves out mail without a Message-ID: where programs write it in
// numbers, nothing but the content may tell one from the next.
const hasMessageID = " AND EXISTS (SELECT 1 FROM envelope e WHERE e.body = b.id AND e.message_id IS NOT NULL)"

const alikeBody = "m.size >= 32768 AND EXISTS (SELECT 1 FROM" + alike + hasMessageID + ")"

const alikeQuery = "SELECT m.size, m.date, b.header_sha256, b.sha256 FROM message m CROSS JOIN" + alike + hasMessageID + " AND m.id = ?"

// Alike gives the bodies that are held of messages in the account of this one, of
// the same size and date, and with a Message-ID; and those that were found for the
// account, of the same size: what another program keeps has no date to rely on, and
// headers that only agree with that of another message do not do so by chance.
// Size, date and hashes of each are set, nothing else.
func (s *Store) Alike(ctx context.Context, id MessageID) ([]Fingerprint, error) {
	var all []Fingerprint
	err := s.eachPrepared(ctx, alikeQuery+" UNION "+foundQuery, []any{id, id}, func(r *sql.Rows) error {
		var f Fingerprint
		var date sql.NullInt64
		var header, sum []byte
		if err := r.Scan(&f.Size, &date, &header, &sum); err != nil {
			return err
		}
		f.Date, f.BodySize, f.HasBody = fromUnix(date), f.Size, true
		copy(f.HeaderSHA256[:], header)
		copy(f.SHA256[:], sum)
		all = append(all, f)
		return nil
	})
	return all, err
}

func scanMissing(r *sql.Rows) (MissingRow, error) {
	var m MissingRow
	var date sql.NullInt64
	var same []byte
	err := r.Scan(&m.ID, &m.UID, &m.Size, &date, &m.Identity, &m.Begun, &same, &m.Alike)
	m.Date = fromUnix(date)
	if len(same) == 32 {
		m.Same = (*[32]byte)(same)
	}
	return m, err
}
