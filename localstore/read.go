package localstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/zstd"
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
func (s *Store) OpenBody(ctx context.Context, id MessageID) (io.ReadCloser, int64, error) {
	var body sql.NullInt64
	err := s.reader.QueryRowContext(ctx, "SELECT body FROM message WHERE id = ?", id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, fmt.Errorf("message %d: %w", id, ErrNotFound)
	}
	if err != nil {
		return nil, 0, s.wrap(canceled(ctx, err))
	}
	if !body.Valid {
		return nil, 0, fmt.Errorf("message %d: %w", id, ErrNotHeld)
	}
	r, err := s.openBody(ctx, body.Int64, id)
	if err != nil {
		return nil, 0, err
	}
	return r, r.size, nil
}

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
	dec  *zstd.Decoder
	next int
	got  int64
	rest []byte // of the current chunk
	buf  []byte // what it sits in
	err  error
}

func (s *Store) openBody(ctx context.Context, id int64, msg MessageID) (*bodyReader, error) {
	r := &bodyReader{s: s, ctx: ctx, id: id, msg: msg, sum: sha256.New()}
	err := s.reader.QueryRowContext(ctx, "SELECT size, chunks, sha256 FROM body WHERE id = ?", id).Scan(&r.size, &r.chunks, &r.want)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, r.damaged("its row is gone", nil)
	}
	return r, s.wrap(canceled(ctx, err))
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

// Close frees the decompressor. The reader gives nothing more.
func (r *bodyReader) Close() error {
	if r.dec != nil {
		r.dec.Close()
	}
	r.dec, r.rest, r.err = nil, nil, errors.New("body is closed")
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

// chunk gives the next chunk in r.buf.
func (r *bodyReader) chunk() ([]byte, error) {
	var size int
	var packed, found bool
	var unpackErr error
	query := "SELECT size, zstd, data FROM chunk WHERE id = ?"
	err := r.s.each(r.ctx, query, []any{r.id<<chunkBits | int64(r.next)}, func(rows *sql.Rows) error {
		var data sql.RawBytes
		found = true
		if err := rows.Scan(&size, &packed, &data); err != nil {
			return err
		}
		if packed {
			r.buf, unpackErr = r.unpack(data)
		} else {
			r.buf = append(r.buf[:0], data...)
		}
		return nil
	})
	switch {
	case errors.Is(err, ErrCorrupt):
		return nil, r.damaged(fmt.Sprintf("chunk %d cannot be read", r.next), err)
	case err != nil:
		return nil, err
	case !found:
		return nil, r.damaged(fmt.Sprintf("chunk %d of %d is gone", r.next, r.chunks), nil)
	case unpackErr != nil:
		return nil, r.damaged(fmt.Sprintf("chunk %d cannot be unpacked", r.next), unpackErr)
	case len(r.buf) != size:
		return nil, r.damaged(fmt.Sprintf("chunk %d has %d bytes instead of %d", r.next, len(r.buf), size), nil)
	}
	return r.buf, nil
}

func (r *bodyReader) unpack(data []byte) ([]byte, error) {
	if r.dec == nil {
		dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(ChunkSize))
		if err != nil {
			return nil, err
		}
		r.dec = dec
	}
	return r.dec.DecodeAll(data, r.buf[:0])
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
