package remote

import (
	"bytes"
	"io"
	"time"

	"mailstow/sync/wire"
)

// load opens a message. A short one is read as a whole, so that whatever is wrong
// with it is known before its command begins.
func load(m Outgoing) (src io.Reader, done func(), err error) {
	r, err := m.Open()
	if err != nil {
		return nil, nil, err
	}
	done = func() {
		if c, ok := r.(io.Closer); ok {
			_ = c.Close()
		}
	}
	if m.Size > maxUnasked {
		return r, done, nil
	}
	defer done()
	b := make([]byte, m.Size)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, nil, &wire.SourceError{Err: short(err)}
	}
	if err := wire.Ended(r); err != nil {
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
