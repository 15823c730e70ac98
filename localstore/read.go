package localstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"hash"
	"io"
)

// DamagedError is a body that is not what was stored. It is ErrDamaged.
type DamagedError struct {
	Message MessageID // 0 when read by Check
	Body    int64
	What    string
	Err     error // the cause; may be nil
}

func (e *DamagedError) Error() string {
	s := fmt.Sprintf("body %d", e.Body)
	if e.Message != 0 {
		s = fmt.Sprintf("message %d", e.Message)
	}
	s += ": body is damaged: " + e.What
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives ErrDamaged and the cause.
func (e *DamagedError) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrDamaged}
	}
	return []error{ErrDamaged, e.Err}
}

// OpenBody gives the exact bytes of a message and their number. They come in
// pieces of at most ChunkSize, each decompressed when it is needed; the last is
// handed out only after the SHA-256 of all has been found right, so a damaged
// body ends with a DamagedError and never with a clean io.EOF.
// ErrNotFound: no such message. ErrNotHeld: its body is missing.
// ErrDropped: it was let go.
func (s *Store) OpenBody(ctx context.Context, id MessageID) (io.ReadCloser, int64, error) {
	r := &bodyReader{s: s, ctx: ctx, msg: id, sum: sha256.New()}
	var found bool
	var body, size, chunks sql.NullInt64
	var dropped sql.NullBool
	var agreed bool
	head := []any{&body, &size, &chunks, &dropped, &r.want, &agreed}
	err := s.eachPrepared(ctx, openBodyAndChunk, []any{id}, func(rows *sql.Rows) error {
		found = true
		return r.takeFirst(rows, head)
	})
	if errors.Is(err, ErrCorrupt) { // perhaps no more than the chunk is
		err = s.eachPrepared(ctx, openBodyQuery, []any{id}, func(rows *sql.Rows) error {
			found, r.held = true, nil
			return rows.Scan(head...)
		})
	}
	switch r.id, r.size, r.chunks = body.Int64, size.Int64, int(chunks.Int64); {
	case err != nil:
		return nil, 0, err
	case !found:
		return nil, 0, fmt.Errorf("message %d: %w", id, ErrNotFound)
	case !body.Valid:
		return nil, 0, fmt.Errorf("message %d: %w", id, ErrNotHeld)
	case !size.Valid:
		return nil, 0, r.damaged("its row is gone", nil)
	case !agreed:
		return nil, 0, r.damaged("table and index do not agree which it is", nil)
	case dropped.Bool:
		return nil, 0, fmt.Errorf("message %d: %w", id, ErrDropped)
	}
	return r, r.size, nil
}

// openBodyQuery asks the index too whether the message has the body: one wrong bit in a
// row would give it the sound body of another message.
const openBodyQuery = "SELECT " + openBodyColumns + " FROM message m LEFT JOIN body b ON b.id = m.body WHERE m.id = ?"

const openBodyColumns = `m.body, b.size, b.chunks, b.dropped, b.sha256,
	EXISTS (SELECT 1 FROM message o INDEXED BY message_body WHERE o.body = m.body AND o.id = m.id)`

// openBodyAndChunk gives the first chunk as well, which nearly always is the only one:
// to ask for it would cost as much as to read it.
const openBodyAndChunk = "SELECT " + openBodyColumns + `, c.size, c.zstd, c.data FROM message m LEFT JOIN body b ON b.id = m.body
	LEFT JOIN chunk c ON c.id = m.body << 20 WHERE m.id = ?`

const chunkQuery = "SELECT size, zstd, data FROM chunk WHERE id = ?"

// bodyReader streams the chunks of a body. Bodies never change, so each chunk is
// a read of its own and no transaction stays open while the caller takes his time.
type bodyReader struct {
	s      *Store
	ctx    context.Context
	id     int64
	msg    MessageID
	size   int64
	chunks int
	want   []byte

	sum  hash.Hash
	tool *unpacker // nil before the first chunk, and after Close
	held *piece    // the next one, if it was read already
	next int
	got  int64
	rest []byte // of the current chunk, in tool.buf
	err  error
}

func (r *bodyReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 && r.err == nil {
		if r.rest, r.err = r.load(); r.err != nil {
			r.rest = nil
		}
	}
	if len(r.rest) == 0 {
		return 0, r.err
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Close ends the reading. The reader gives nothing more.
func (r *bodyReader) Close() error {
	if r.tool != nil {
		unpackers.Put(r.tool)
	}
	r.tool, r.held, r.rest, r.err = nil, nil, nil, errors.New("body is closed")
	return nil
}

// load reads the next chunk. The last one is checked before it is given.
func (r *bodyReader) load() ([]byte, error) {
	if r.next == r.chunks {
		if r.got == 0 { // an empty body has no last chunk
			if err := r.check(); err != nil {
				return nil, err
			}
		}
		return nil, io.EOF
	}
	b, err := r.chunk()
	if err != nil {
		return nil, err
	}
	r.next++
	r.got += int64(len(b))
	r.sum.Write(b)
	if r.next == r.chunks {
		err = r.check()
	}
	return b, err
}

// piece is a chunk that was read: its bytes are in tool.buf.
type piece struct {
	size int
	err  error // it cannot be unpacked
}

func (r *bodyReader) unpack(size int, packed bool, data []byte) *piece {
	if r.tool == nil {
		r.tool = unpackers.Get().(*unpacker)
	}
	return &piece{size, r.tool.take(data, packed)}
}

// takeFirst reads the first chunk along with what is known of the body.
func (r *bodyReader) takeFirst(rows *sql.Rows, head []any) error {
	var size sql.NullInt64
	var packed sql.NullBool
	var data sql.RawBytes
	err := rows.Scan(append(head, &size, &packed, &data)...)
	if err == nil && size.Valid {
		r.held = r.unpack(int(size.Int64), packed.Bool, data)
	}
	return err
}

// chunk gives the next chunk.
func (r *bodyReader) chunk() ([]byte, error) {
	p := r.held
	var err error
	if r.held = nil; p == nil {
		err = r.s.eachPrepared(r.ctx, chunkQuery, []any{r.id<<chunkBits | int64(r.next)}, func(rows *sql.Rows) error {
			var size int
			var packed bool
			var data sql.RawBytes
			if err := rows.Scan(&size, &packed, &data); err != nil {
				return err
			}
			p = r.unpack(size, packed, data)
			return nil
		})
	}
	switch {
	case errors.Is(err, ErrCorrupt):
		return nil, r.damaged(fmt.Sprintf("chunk %d cannot be read", r.next), err)
	case err != nil:
		return nil, err
	case p == nil:
		return nil, r.damaged(fmt.Sprintf("chunk %d of %d is gone", r.next, r.chunks), nil)
	case p.err != nil:
		return nil, r.damaged(fmt.Sprintf("chunk %d cannot be unpacked", r.next), p.err)
	case len(r.tool.buf) != p.size:
		return nil, r.damaged(fmt.Sprintf("chunk %d has %d bytes instead of %d", r.next, len(r.tool.buf), p.size), nil)
	}
	return r.tool.buf, nil
}

// check compares all that was read with what was stored.
func (r *bodyReader) check() error {
	if r.got != r.size {
		return r.damaged(fmt.Sprintf("%d bytes instead of %d", r.got, r.size), nil)
	}
	if got := r.sum.Sum(nil); string(got) != string(r.want) {
		return r.damaged(fmt.Sprintf("its SHA-256 is %x instead of %x", got, r.want), nil)
	}
	return nil
}

func (r *bodyReader) damaged(what string, cause error) error {
	return &DamagedError{Message: r.msg, Body: r.id, What: what, Err: cause}
}
