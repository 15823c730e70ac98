package localstore

import (
	"context"
	"database/sql"
	"errors"
)

// Pass is what is remembered of a pass from one account to another that left nothing
// to be done.
type Pass struct {
	Source, Target AccountID
	Asked          []byte // equal when the same was asked for
	Report         []byte
}

// Nothing waits for either account, and nothing happened since.
const passQuery = `SELECT report FROM pass WHERE source = ?1 AND target = ?2 AND asked = ?3
	AND event = (SELECT ifnull(max(id), 0) FROM event) AND ` + idle

const idle = "NOT EXISTS (SELECT 1 FROM intent WHERE account IN (?1, ?2))"

// Pass gives the report of the last pass that was asked for the same, when nothing has
// happened to any mail since and nothing waits for either account.
func (s *Store) Pass(ctx context.Context, source, target AccountID, asked []byte) (report []byte, ok bool, err error) {
	err = s.ask(ctx, passQuery, []any{source, target, asked}, &report)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return report, err == nil, err
}

// SetPass remembers a pass, unless something waits for one of the accounts.
func (tx *Tx) SetPass(p Pass) error {
	_, err := tx.exec(`INSERT OR REPLACE INTO pass(source, target, asked, event, report)
		SELECT ?1, ?2, ?3, (SELECT ifnull(max(id), 0) FROM event), ?4 WHERE `+idle, p.Source, p.Target, p.Asked, p.Report)
	return err
}
