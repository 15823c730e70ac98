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
// at a few MiB, and nobody sees it before PutBody. What is up to a Mark that was
// kept outlasts the process, as long as the message is present and lacks its body:
// the next Partial of the message goes on from there. It is not for use inside
// Update, and by one goroutine.
type Partial struct {
	st   stager
	p    *Packer
	n    int // bytes of the chunk begun, in p.in
	tail []byte
}

// Mark is a place in a Partial.
type Mark struct{ sum [32]byte } // of all bytes before it

// Partial begins or goes on with the body of a message that lacks it. The Packer
// belongs to it until Finish, Close or Discard.
func (s *Store) Partial(ctx context.Context, p *Packer, msg MessageID) (*Partial, error) {
	x := &Partial{st: stager{s: s, ctx: ctx, msg: msg, bufs: &p.staged}, p: p}
	if len(p.in) < ChunkSize {
		p.in = make([]byte, ChunkSize)
	}
	p.begin()
	err := s.eachPrepared(ctx, "SELECT body, sha256 FROM staging WHERE message = ?", []any{msg}, func(r *sql.Rows) error {
		return r.Scan(&x.st.id, &x.st.kept)
	})
	if err == nil && x.st.id != 0 {
		err = x.reload()
	}
	if err == nil && x.st.id == 0 {
		x.st.id = s.nextBody.Add(1)
	}
	return x, err
}

// Begun gives the messages of whose bodies a part is here.
func (s *Store) Begun(ctx context.Context) (map[MessageID]bool, error) {
	all := map[MessageID]bool{}
	err := s.each(ctx, "SELECT message FROM staging WHERE message IS NOT NULL", nil, func(r *sql.Rows) error {
		var id MessageID
		err := r.Scan(&id)
		all[id] = true
		return err
	})
	return all, err
}

// reload reads what is there up to what was kept, and removes the rest: all of it
// when that is not what was written.
func (x *Partial) reload() error {
	kept, err := x.readKept()
	if err == nil && kept {
		return x.cut()
	}
	if err != nil && !errors.Is(err, ErrDamaged) {
		return err
	}
	if err := x.Discard(); err != nil {
		return err
	}
	x.st.id, x.st.next, x.st.kept, x.tail = 0, 0, nil, nil
	x.p.begin()
	return nil
}

// readKept reads chunks until they come to the sum that was kept.
func (x *Partial) readKept() (bool, error) {
	r := &bodyReader{s: x.st.s, ctx: x.st.ctx, id: x.st.id, msg: x.st.msg, chunks: 1 << chunkBits}
	defer r.Close()
	for string(x.p.sum.Sum(nil)) != string(x.st.kept) {
		b, err := r.chunk()
		if err != nil {
			return false, err
		}
		x.p.take(b)
		x.tail = append(x.tail[:0], b[max(0, len(b)-maxTail):]...)
		r.next++
	}
	x.st.next = r.next
	return r.next > 0, nil
}

// cut removes the chunks behind those read.
func (x *Partial) cut() error {
	return x.st.s.Update(x.st.ctx, func(tx *Tx) error {
		_, err := tx.exec("DELETE FROM chunk WHERE id >= ?1 << 20 | ?2 AND id < (?1 + 1) << 20", x.st.id, x.st.next)
		return err
	})
}

// Size is how many bytes it has.
func (x *Partial) Size() int64 { return x.p.body.Size + int64(x.n) }

// Tail is the last bytes that were found in the store, so that it can be seen
// whether what follows is a continuation; nil when nothing was.
func (x *Partial) Tail() []byte { return x.tail }

// Write adds bytes.
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
	return x.st.add(x.p.add(b))
}

// Mark gives the place behind what was written so far.
func (x *Partial) Mark() (m Mark, err error) {
	err = x.seal()
	x.p.sum.Sum(m.sum[:0])
	return m, err
}

// Keep begins to keep what is before a mark. Its error may be that of what an
// earlier one began.
func (x *Partial) Keep(m Mark) error {
	x.st.kept = m.sum[:]
	return x.st.flush()
}

// Finish gives the body, for PutBody; Store.Discard removes it.
func (x *Partial) Finish() (*Packed, error) {
	mark, err := x.Mark()
	if err == nil {
		err = x.Keep(mark)
	}
	if err == nil {
		err = x.Close()
	}
	if err != nil {
		return nil, err
	}
	packed := x.p.end()
	packed.staged = x.st.id
	return packed, nil
}

// Close waits for what Keep began. What was kept stays for another Partial of the
// message.
func (x *Partial) Close() error { return x.st.wait() }

// Discard removes what there is.
func (x *Partial) Discard() error {
	err := x.st.wait()
	return errors.Join(err, x.st.s.unstage(context.WithoutCancel(x.st.ctx), x.st.id))
}

var _ io.Writer = (*Partial)(nil)
