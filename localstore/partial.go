package localstore

import (
	"context"
	"database/sql"
	"errors"
	"io"
)

// maxTail is how many of the last bytes of a Partial are known after it was found
// in the store.
const maxTail = 4 << 10

// Partial is a body that arrives in pieces, staged like that of Stage: memory stays
// at a few MiB, and nobody sees it before PutBody. What Commit has kept outlasts
// the process, as long as the message is present and lacks its body: the next
// Partial of the message goes on from there. It is not for use inside Update, and
// by one goroutine.
type Partial struct {
	st   stager
	p    *Packer
	n    int // bytes of the chunk begun, in p.in
	tail []byte
}

// Partial begins or goes on with the body of a message that lacks it. The Packer
// belongs to it until Finish, Close or Discard.
func (s *Store) Partial(ctx context.Context, p *Packer, msg MessageID) (*Partial, error) {
	x := &Partial{st: stager{s: s, ctx: ctx, msg: msg, sum: p.sum.Sum}, p: p}
	if len(p.in) < ChunkSize {
		p.in = make([]byte, ChunkSize)
	}
	p.begin()
	var want []byte
	err := s.each(ctx, "SELECT body, sha256 FROM staging WHERE message = ?", []any{msg}, func(r *sql.Rows) error {
		return r.Scan(&x.st.id, &want)
	})
	if err == nil && x.st.id != 0 {
		err = x.reload(want)
	}
	if err == nil && x.st.id == 0 {
		x.st.id = s.nextBody.Add(1)
	}
	return x, err
}

// reload reads what is there. What is not what was written is removed.
func (x *Partial) reload(want []byte) error {
	r := &bodyReader{s: x.st.s, ctx: x.st.ctx, id: x.st.id, msg: x.st.msg}
	defer r.Close()
	err := x.st.s.reader.QueryRowContext(x.st.ctx, "SELECT count(*) FROM chunk WHERE id >= ?1 << 20 AND id < (?1 + 1) << 20", r.id).Scan(&r.chunks)
	for ; err == nil && r.next < r.chunks; r.next++ {
		var b []byte
		if b, err = r.chunk(); err == nil {
			x.p.take(b)
			x.tail = append(x.tail[:0], b[max(0, len(b)-maxTail):]...)
		}
	}
	x.st.next = r.chunks
	if err == nil && string(x.p.sum.Sum(nil)) == string(want) {
		return nil
	}
	if err != nil && !errors.Is(err, ErrDamaged) {
		return x.st.s.wrap(canceled(x.st.ctx, err))
	}
	if err := x.Discard(); err != nil {
		return err
	}
	x.st.id, x.st.next, x.tail = 0, 0, nil
	x.p.begin()
	return nil
}

// Size is how many bytes it has.
func (x *Partial) Size() int64 { return x.p.body.Size + int64(x.n) }

// Tail is the last bytes that were found in the store, so that it can be seen
// whether what follows is a continuation; nil when nothing was.
func (x *Partial) Tail() []byte { return x.tail }

// Write adds bytes. Up to 4 MiB wait for Commit; of more, the first are kept
// before.
func (x *Partial) Write(b []byte) (int, error) {
	done := 0
	for done < len(b) {
		n := copy(x.p.in[x.n:ChunkSize], b[done:])
		done += n
		if x.n += n; x.n < ChunkSize {
			break
		}
		if err := x.seal(); err != nil {
			return done, err
		}
	}
	return done, nil
}

// seal ends the chunk begun.
func (x *Partial) seal() error {
	if x.n == 0 {
		return nil
	}
	b := x.p.in[:x.n]
	x.n = 0
	x.p.take(b)
	return x.st.add(x.p.pack(b))
}

// Commit begins to keep what was written so far. Its error may be that of what an
// earlier one began.
func (x *Partial) Commit() error {
	if err := x.seal(); err != nil {
		return err
	}
	return x.st.flush()
}

// Finish keeps the rest and gives the body, for PutBody; Store.Discard removes it.
func (x *Partial) Finish() (*Packed, error) {
	if err := x.Commit(); err != nil {
		return nil, err
	}
	if err := x.Close(); err != nil {
		return nil, err
	}
	packed := x.p.end()
	packed.staged = x.st.id
	return packed, nil
}

// Close waits for what Commit began. What was committed stays for another Partial
// of the message.
func (x *Partial) Close() error { return x.st.wait() }

// Discard removes what there is.
func (x *Partial) Discard() error {
	err := x.st.wait()
	return errors.Join(err, x.st.s.unstage(context.WithoutCancel(x.st.ctx), x.st.id))
}

var _ io.Writer = (*Partial)(nil)
