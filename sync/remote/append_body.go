package remote

import (
	"bytes"
	"io"
	"sync"
	"time"

	"mailstow/sync/wire"
)

// room is memory for the short messages of a command, and again for those of the next
// one: it is most of what a migration would else allocate.
type room struct{ all, free []byte }

// rooms are those that no Append needs now: a migration makes hundreds.
var rooms = sync.Pool{New: func() any { return new(room) }}

// leastRoom is what it begins with: most often one draft is all there is.
const leastRoom = 64 << 10

// take gives n octets of it.
func (r *room) take(n int64) []byte {
	if int64(len(r.free)) < n {
		r.all = make([]byte, max(n, min(2*int64(len(r.all)), maxBatch), leastRoom))
		r.free = r.all
	}
	b := r.free[:n:n]
	r.free = r.free[n:]
	return b
}

// leave gives it to others.
func (r *room) leave() {
	r.clear()
	rooms.Put(r)
}

// clear: nothing taken is needed any more.
func (r *room) clear() { r.free = r.all }

// load opens a message. A short one is read as a whole, so that whatever is wrong
// with it is known before its command begins.
func (r *room) load(m Outgoing) (src io.Reader, done func(), err error) {
	body, err := m.Open()
	if err != nil {
		return nil, nil, err
	}
	done = func() {
		if c, ok := body.(io.Closer); ok {
			_ = c.Close()
		}
	}
	if m.Size > maxUnasked {
		return body, done, nil
	}
	defer done()
	b := r.take(m.Size)
	if _, err := io.ReadFull(body, b); err != nil {
		return nil, nil, &wire.SourceError{Err: short(err)}
	}
	if err := wire.Ended(body); err != nil {
		return nil, nil, &wire.SourceError{Err: err}
	}
	return bytes.NewReader(b), func() {}, nil
}

// short tells a message that ends early from one that is there.
func short(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// dateTime is an internal date as APPEND wants it (RFC 9051 section 9, date-time),
// "" for one that has no such form.
func dateTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	if _, offset := t.Zone(); offset%60 != 0 {
		t = t.UTC()
	}
	if t.Year() < 1 || t.Year() > 9999 {
		return ""
	}
	return `"` + t.Format(dateLayout) + `"`
}
