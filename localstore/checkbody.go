package localstore

import (
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
)

// heldBody is a body with all that the store says of it.
type heldBody struct {
	id     int64
	size   int64
	chunks int
	sha256 []byte
	headed
}

const heldBodiesQuery = `SELECT b.id, b.size, b.chunks, b.sha256, b.header_size, b.header_sha256,
	ifnull(e.message_id, ''), ifnull(e.subject, ''), ifnull(e.sender, ''), ifnull(e.recipients, ''), e.date
	FROM body b LEFT JOIN envelope e ON e.body = b.id WHERE b.damaged = 0 ORDER BY b.id`

func scanHeldBody(r *sql.Rows) (b heldBody, err error) {
	var sum []byte
	var date sql.NullInt64
	e := &b.Envelope
	err = r.Scan(&b.id, &b.size, &b.chunks, &b.sha256, &b.headerSize, &sum, &e.MessageID, &e.Subject, &e.Sender, &e.Recipients, &date)
	copy(b.headerSHA256[:], sum)
	e.Date = fromUnix(date)
	return b, err
}

// bodies reads every body, or a sample, and compares its hash, and what its header
// says with what the store says of it.
func (c *checker) bodies() error {
	var done, total int64
	err := c.s.reader.QueryRowContext(c.ctx, "SELECT ifnull(sum(size), 0) FROM body WHERE damaged = 0").Scan(&total)
	if err != nil {
		return c.s.wrap(canceled(c.ctx, err))
	}
	return c.s.each(c.ctx, heldBodiesQuery, nil, func(r *sql.Rows) error {
		b, err := scanHeldBody(r)
		if err != nil {
			return err
		}
		if !c.bad[b.id] && (!c.sampled() || rand.Float64() < c.opt.Sample) {
			if err := c.body(b); err != nil {
				return err
			}
		}
		done += b.size
		if c.opt.Progress != nil {
			c.opt.Progress(done, total)
		}
		return nil
	})
}

func (c *checker) body(b heldBody) error {
	r := &bodyReader{s: c.s, ctx: c.ctx, id: b.id, size: b.size, chunks: b.chunks, want: b.sha256, sum: sha256.New()}
	defer r.Close()
	now, err := readHead(r, &c.head, c.buf)
	if damage := (*DamagedError)(nil); errors.As(err, &damage) {
		return c.foundBody(FoundBody, b.id, damage.Error())
	}
	if err != nil {
		return err
	}
	if what := b.headed.unlike(now); what != "" {
		return c.foundBody(FoundTexts, b.id, fmt.Sprintf("body %d: what the store says of its header is not what that says: %s", b.id, what))
	}
	return nil
}

// parts reads what has arrived of large messages: nothing of it is mail yet, and what
// is damaged is not continued.
func (c *checker) parts() error {
	return c.s.each(c.ctx, `SELECT s.body, ifnull(sum(k.size), 0), count(k.id), s.sha256 FROM staging s
		LEFT JOIN chunk k ON k.id >= s.body << 20 AND k.id < (s.body + 1) << 20 WHERE s.sha256 IS NOT NULL GROUP BY s.body`, nil,
		func(r *sql.Rows) error {
			part := bodyReader{s: c.s, ctx: c.ctx, sum: sha256.New()}
			if err := r.Scan(&part.id, &part.size, &part.chunks, &part.want); err != nil {
				return err
			}
			defer part.Close()
			_, err := readHead(&part, &c.head, c.buf)
			if errors.Is(err, ErrDamaged) {
				return c.found(FoundWaste, 0, fmt.Sprintf("what has arrived of body %d is damaged, and will be fetched anew", part.id))
			}
			return err
		})
}

// foundBody reports a body once for every message that has it, and all the same when
// none has.
func (c *checker) foundBody(kind string, id int64, what string) error {
	none := true
	err := c.s.each(c.ctx, "SELECT id FROM message WHERE body = ?", []any{id}, func(r *sql.Rows) error {
		var msg MessageID
		none = false
		if err := r.Scan(&msg); err != nil {
			return err
		}
		return c.found(kind, msg, what)
	})
	if err == nil && none {
		err = c.found(kind, 0, what)
	}
	return err
}
